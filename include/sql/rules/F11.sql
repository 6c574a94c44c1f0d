-- rule: F11
-- datasets: birth
-- about: birth
-- subject: person
-- needs: birth.certificate_no, birth.birth_date, birth.mother_id_number, birth.birth_order, birth.gestation_weeks
-- parameters: {}
-- denominator: deliveries of more than one live child: births of one mother on one day, or before and after midnight
-- note: Multiples have different orders without a gap, and one length of gestation. The finding names the first certificate.
-- zh: 多胞胎孩次互不相同且连续，孕周一致；以编号最小的出生医学证明列示。
-- Rendered with: birth (relation), date, parameters, limits, result ("count" or "rows").
WITH live AS (
  SELECT
    mother_id_number, certificate_no, birth_date, min(birth_order) AS birth_order, min(gestation_weeks) AS gestation_weeks,
    min(region) AS region, min(source_row) AS source_row
  FROM {{ birth }} AS birth
  WHERE coalesce(record_state, '1') = '1' AND mother_id_number IS NOT NULL AND birth_date IS NOT NULL AND certificate_no IS NOT NULL
  GROUP BY mother_id_number, certificate_no, birth_date
), stepped AS (
  SELECT
    live.*,
    CASE
      WHEN date_diff('day', lag(birth_date) OVER (PARTITION BY mother_id_number ORDER BY birth_date, certificate_no), birth_date) <= 1 THEN 0
      ELSE 1
    END AS begins
  FROM live
), numbered AS (
  SELECT stepped.*, sum(begins) OVER (PARTITION BY mother_id_number ORDER BY birth_date, certificate_no) AS delivery FROM stepped
), examined AS (
  SELECT
    min(certificate_no) AS certificate_no, min(region) AS region, min(source_row) AS source_row, count(*) AS children,
    concat_ws('/', count(*), count(DISTINCT birth_order), count(DISTINCT gestation_weeks)) AS figures,
    count(DISTINCT birth_order) < count(birth_order)
      OR max(birth_order) - min(birth_order) + 1 > count(*)
      OR min(gestation_weeks) < max(gestation_weeks) AS violated
  FROM numbered
  GROUP BY mother_id_number, delivery
  HAVING count(*) > 1
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  certificate_no AS subject_key, region, NULL AS insurance, NULL AS period, NULL AS part,
  figures AS value, NULL AS amount_diff_fen, source_row, children AS row_count
FROM examined
WHERE violated;
{% endif %}
