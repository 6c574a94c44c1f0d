-- The totals stage of a flow comparison: per group the rows, fen and an order-independent digest of both sides.
-- Reads live_<i> (flow_live.sql); rows that are undone on their own date count nowhere. A group is looked at in detail (closer) when its live rows are not certainly
-- the same on both sides, or when it falls into the audit sample (by a hash of the group's values, so that every run picks the same).
-- Parameters:
--   keys           number of key columns
--   amounts        names of the amount components
--   groups         names of the groups' fields
--   fields         names of the compared fields that both sides deliver
--   hash_function  64-bit hash over several columns: hash in DuckDB, xxhash64 in Spark
--   audit          eight hex digits: balanced groups whose hash is below are audited ("g": all of them, "": none)
-- Columns of groups: g_<group>, group_key, left_count, right_count, left_<c>, right_<c>, live_<side>_count, live_<side>_fen, closer.
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE groups AS
WITH sums AS (
{% for i in (0, 1) %}
  SELECT {{ i }} AS side, {{ each("g_#", groups) }}, count(*) AS row_count, {{ each("sum(a_#) AS a_#", amounts) }},
         count(*) FILTER (WHERE live) AS live_count,
         coalesce(sum(total) FILTER (WHERE live), 0) AS live_fen,
         coalesce(sum(CAST({{ hash_function }}({{ each("k#", range(keys)) }}, {{ each("a_#", amounts) }}{{ ", " if fields }}{{ each("f_#", fields) }}) AS DECIMAL(38, 0))) FILTER (WHERE live), 0) AS digest
  FROM live_{{ i }}
  WHERE NOT netted
  GROUP BY {{ each("g_#", groups) }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
),
folded AS (
  SELECT {{ each("g_#", groups) }}, md5(concat_ws('|', {{ each("coalesce(CAST(g_# AS VARCHAR), '')", groups) }})) AS group_key,
{% for i, name in ((0, "left"), (1, "right")) %}
         CAST(coalesce(sum(row_count) FILTER (WHERE side = {{ i }}), 0) AS BIGINT) AS {{ name }}_count,
{% for amount in amounts %}
         CAST(coalesce(sum(a_{{ amount }}) FILTER (WHERE side = {{ i }}), 0) AS BIGINT) AS {{ name }}_{{ amount }},
{% endfor %}
         CAST(coalesce(sum(live_count) FILTER (WHERE side = {{ i }}), 0) AS BIGINT) AS live_{{ i }}_count,
         CAST(coalesce(sum(live_fen) FILTER (WHERE side = {{ i }}), 0) AS BIGINT) AS live_{{ i }}_fen,
         coalesce(sum(digest) FILTER (WHERE side = {{ i }}), 0) AS digest_{{ i }}{{ "," if loop.first }}
{% endfor %}
  FROM sums
  GROUP BY {{ each("g_#", groups) }}
)
SELECT *, digest_0 <> digest_1 OR live_0_count <> live_1_count OR live_0_fen <> live_1_fen
          OR substr(group_key, 1, 8) < {{ audit | literal }} AS closer
FROM folded;
