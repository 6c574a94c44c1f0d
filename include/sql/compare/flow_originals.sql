-- Refunds of a date against the payments that they give back: table hits_originals.
-- Parameters:
--   own, refunds, payments  relations: the date's refunds, all refunds up to it, all payments up to it; none where there are none
--   by        refund field -> payment field; the first whose refund field is filled decides
--   where     restrictions of the refunds, field -> allowed values
--   refunded, paid  sums of amounts (row alias r)
--   paid_on   the refund's field with the day of the payment, or none; stated: its field with what was paid, or none
--   since     the first date whose payments are known; older payments are not looked for
--   subject   expression of the refund's own key; region: its region field or none
--   source    the refunds' source
--   missing, exceeds  rule ids
--   date      business date
-- An excess is reported on the date whose refunds make it, once per refund of that date.
{% macro restriction() %}{% for field, values in where.items() %}{{ "WHERE" if loop.first else "AND" }} r.{{ field | ident }} IN {{ values | literal }} {% endfor %}{% endmacro %}
{% macro named() %}CASE {% for field in by %}WHEN r.{{ field | ident }} <> '' THEN concat('{{ loop.index0 }}:', r.{{ field | ident }}) {% endfor %}END{% endmacro %}
CREATE OR REPLACE TEMP TABLE hits_originals AS
{% if not own %}
SELECT * FROM hits_pairs WHERE FALSE;
{% else %}
WITH today AS (
  SELECT r.source_row, {{ subject }} AS subject, {{ "CAST(r.%s AS VARCHAR)" % (region | ident) if region else "CAST(NULL AS VARCHAR)" }} AS region,
         r.insurance, r.period, {{ named() }} AS original, {{ refunded }} AS fen,
         {{ "r.%s" % (paid_on | ident) if paid_on else "CAST(NULL AS DATE)" }} AS paid_on,
         {{ "r.%s" % (stated | ident) if stated else "CAST(NULL AS BIGINT)" }} AS stated
  FROM {{ own }} AS r
  {{ restriction() }}
),
given AS (
  SELECT {{ named() }} AS original, sum({{ refunded }}) AS fen
  FROM {{ refunds or own }} AS r
  {{ restriction() }}
  GROUP BY {{ named() }}
),
bought AS (
{% if payments %}
{% for field, paid_field in by.items() %}
  SELECT concat('{{ loop.index0 }}:', r.{{ paid_field | ident }}) AS original, sum({{ paid }}) AS fen
  FROM {{ payments }} AS r
  WHERE {{ paid }} > 0 AND concat('{{ loop.index0 }}:', r.{{ paid_field | ident }}) IN (SELECT original FROM today)
  GROUP BY r.{{ paid_field | ident }}
{{ "  UNION ALL" if not loop.last }}
{% endfor %}
{% else %}
  SELECT CAST(NULL AS VARCHAR) AS original, CAST(NULL AS BIGINT) AS fen WHERE FALSE
{% endif %}
),
facing AS (
  SELECT t.*, g.fen AS given, b.original IS NOT NULL AS found, coalesce(b.fen, t.stated) AS paid,
         t.paid_on IS NULL OR t.paid_on >= {{ since | literal }} AS known
  FROM today AS t
  LEFT JOIN given AS g ON g.original = t.original
  LEFT JOIN bought AS b ON b.original = t.original
)
{% for rule, flag, amount in ((missing, "NOT found AND (original IS NULL OR known)", "fen"), (exceeds, "(found OR NOT known) AND given > paid", "given - paid")) %}
SELECT {{ rule | literal }} AS rule, 'RULE' AS kind, CAST(NULL AS VARCHAR) AS severity, {{ source | literal }} AS source,
       subject AS subject_key, region, insurance, period, CAST(NULL AS VARCHAR) AS field, {{ loop.index | string | literal }} AS mark,
       to_json({ {{- source | literal }}: CAST(fen AS VARCHAR)}) AS side_values, CAST(NULL AS VARCHAR) AS raw_values,
       CAST(NULL AS VARCHAR) AS right_source, CAST({{ amount }} AS BIGINT) AS amount_diff_fen, {{ date | literal }} AS origin,
       to_json({'source_row': { {{- source | literal }}: source_row}, 'given': CAST(given AS BIGINT), 'paid': CAST(paid AS BIGINT)}) AS evidence
FROM facing
WHERE {{ flag }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
{% endif %}
