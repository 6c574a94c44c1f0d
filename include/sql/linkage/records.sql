-- Rows of one side as linkage compares them: table record_<i>, or another name.
-- Parameters:
--   table      name of the table
--   view       the side's rows (compare/side.sql): source_row, k<j>, and name, birth_date, sex, unit_no, id_number, region (NULL where the
--              side does not deliver it)
--   wanted     condition on the view's rows
--   key        positions of the key fields that make the subject key
--   insurance, period  position of the key field that is the insurance (fee period), or none
--   weights    weights of the 17 digits of GB 11643
-- Columns: unique_id (source_row), subject_key, insurance, period, rest (persons are linked within the same insurance and period only),
-- region, name, birth (YYYYMMDD; where it is empty, as the id number has it), sex (likewise), unit_no, id_number, id_long (in 18 digits),
-- id_head, id_tail, id_area, id_end (parts of id_long, of 18 characters only), sound (its check digit fits).
{% from "compare/macros.sql" import each %}
{% from "canonical/normalise.jinja" import upgraded %}
CREATE OR REPLACE TEMP TABLE {{ table | ident }} AS
WITH long AS (
  SELECT *, {{ upgraded("id_number") }} AS id_long FROM {{ view | ident }} AS rows_of_side WHERE status = 'ok' AND {{ wanted }}
),
known AS (
  SELECT *, regexp_matches(id_long, '^[0-9]{17}[0-9X]$') AS citizen,
         {{ "k%d" % insurance if insurance is not none else "CAST(NULL AS VARCHAR)" }} AS insurance,
         {{ "k%d" % period if period is not none else "CAST(NULL AS VARCHAR)" }} AS period
  FROM long
)
SELECT source_row AS unique_id, concat_ws('/', {{ each("k#", key) }}) AS subject_key, insurance, period,
       concat(coalesce(insurance, ''), '|', coalesce(period, '')) AS rest, region, name,
       coalesce(strftime(birth_date, '%Y%m%d'), CASE WHEN citizen THEN substr(id_long, 7, 8) END) AS birth,
       coalesce(sex, CASE WHEN citizen THEN CASE WHEN substr(id_long, 17, 1) IN ('1', '3', '5', '7', '9') THEN '1' ELSE '2' END END) AS sex,
       unit_no, id_number, id_long,
       CASE WHEN length(id_long) = 18 THEN substr(id_long, 1, 10) END AS id_head,
       CASE WHEN length(id_long) = 18 THEN substr(id_long, 11, 8) END AS id_tail,
       CASE WHEN length(id_long) = 18 THEN substr(id_long, 1, 6) END AS id_area,
       CASE WHEN length(id_long) = 18 THEN substr(id_long, 15, 4) END AS id_end,
       coalesce(CASE WHEN citizen THEN substr('10X98765432', 1 + (
         {%- for weight in weights -%}
         {{ " + " if not loop.first }}{{ weight }} * CAST(substr(id_long, {{ loop.index }}, 1) AS INTEGER)
         {%- endfor -%}
       ) % 11, 1) = substr(id_long, 18, 1) END, FALSE) AS sound
FROM known;
