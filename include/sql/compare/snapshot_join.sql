-- The one pass over all sides: which row of each side has a key, and whether everything that is compared is the same.
-- Rows without a usable key take part with a NULL key, so that each row of each side appears and can be counted.
-- Parameters:
--   sides          indexes of the sides
--   keys           number of key columns
--   digests        groups of compared fields: {id, members: sides that deliver them, fields: their columns}
--   hash_function  64-bit hash over several columns: hash in DuckDB, xxhash64 in Spark
--   key_hash       the same for the keys: numbers join faster than texts; rows of different keys that meet by it are never the same, as
--                  their digests have the keys in them, so that they are flagged and seen (snapshot_collisions.sql). None: join the keys
--   without        true: keys in the tables dup_<i> are left out (a second pass after duplicates blew up the first)
--   row_limit      rows after which the pass stops: only many-to-many duplicates reach it
-- Columns: n0, n1 ... (source_row per side or NULL), same.
{% from "compare/macros.sql" import each, same_key %}
CREATE OR REPLACE TEMP TABLE joined AS
SELECT {{ each("s#.n AS n#", sides) }},
       coalesce({{ each("s#.n IS NOT NULL", sides, " AND ") }}
{% for digest in digests %}
{% for i in digest.members[1:] %}
                AND s{{ i }}.h{{ digest.id }} = s{{ digest.members[0] }}.h{{ digest.id }}
{% endfor %}
{% endfor %}
                , FALSE) AS same
FROM
{% for i in sides %}
  {{ "FULL JOIN " if not loop.first }}(
    SELECT source_row AS n,
{% if key_hash %}
           CASE WHEN {{ each("k# IS NOT NULL", range(keys), " AND ") }} THEN {{ key_hash }}({{ each("k#", range(keys)) }}) END AS k0
{% else %}
           {{ each("k#", range(keys)) }}
{% endif %}
{% for digest in digests if i in digest.members %}
           , {{ hash_function }}({{ each("k#", range(keys)) ~ ", " if key_hash }}{{ each("#", digest.fields) }}) AS h{{ digest.id }}
{% endfor %}
    FROM side_{{ i }} AS side
{% if without %}
    WHERE NOT EXISTS (SELECT 1 FROM dup_{{ i }} AS dup WHERE {{ same_key("dup", "side", keys) }})
{% endif %}
  ) AS s{{ i }}
{% if not loop.first %}
{% set before = sides[:loop.index0] %}
{% for k in range(1 if key_hash else keys) %}
    {{ "ON" if loop.first else "AND" }} {{ "coalesce(" ~ each("s#.k%d" % k, before) ~ ")" if before | length > 1 else "s0.k%d" % k }} = s{{ i }}.k{{ k }}
{% endfor %}
{% endif %}
{% endfor %}
LIMIT {{ row_limit }};
