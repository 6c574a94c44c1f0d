-- rule: F10
-- datasets: birth
-- about: birth
-- subject: person
-- needs: birth.certificate_no, birth.birth_date, birth.mother_id_number
-- parameters: {"days": 180}
-- denominator: live births of mothers with a number
-- note: Two births of one mother are at least days apart, unless they are of multiples: on one day, or before and after midnight.
-- zh: 同一母亲两次生育间隔不少于参数 days 日；同日或跨零点出生的多胞胎除外。
-- Rendered with: birth (relation), date, parameters, limits, result ("count" or "rows").
WITH live AS (
  SELECT mother_id_number, certificate_no, birth_date, min(region) AS region, min(source_row) AS source_row
  FROM {{ birth }} AS birth
  WHERE coalesce(record_state, '1') = '1' AND mother_id_number IS NOT NULL AND birth_date IS NOT NULL AND certificate_no IS NOT NULL
  GROUP BY mother_id_number, certificate_no, birth_date
), examined AS (
  SELECT
    certificate_no, region, source_row,
    date_diff('day', lag(birth_date) OVER (PARTITION BY mother_id_number ORDER BY birth_date, certificate_no), birth_date) AS apart
  FROM live
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE apart > 1 AND apart < {{ parameters.days | literal }}) AS violations FROM examined;
{% else %}
SELECT
  certificate_no AS subject_key, region, NULL AS insurance, NULL AS period, NULL AS part,
  CAST(apart AS VARCHAR) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE apart > 1 AND apart < {{ parameters.days | literal }};
{% endif %}
