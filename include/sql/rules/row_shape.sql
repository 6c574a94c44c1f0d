-- The breaking rows of one rule in the shape that `failing_subjects.sql` takes.
-- Parameters: rows (relation), flag (BOOLEAN column), key (fields of the subject key), region, insurance, period (fields or None),
--   value, amount (SQL expressions).
SELECT
{% for name in key %}
  {{ "|| '/' || " if not loop.first }}coalesce(CAST({{ name | ident }} AS VARCHAR), '')
{% endfor %}
    AS subject_key,
  {{ region | ident if region else "NULL" }} AS region,
  {{ insurance | ident if insurance else "NULL" }} AS insurance,
  {{ period | ident if period else "NULL" }} AS period,
  NULL AS part,
  {{ value }} AS value,
  {{ amount }} AS amount_diff_fen,
  source_row,
  1 AS row_count
FROM {{ rows }}
WHERE {{ flag | ident }};
