-- rule: F15
-- datasets: fertility_registration
-- about: fertility_registration
-- subject: person
-- needs: fertility_registration.registration_no, fertility_registration.service_certificate_no
-- parameters: {}
-- denominator: numbers of registrations and of service certificates that are not void
-- note: A registration's number and a service certificate's number are given once.
-- zh: 登记表号、生育服务证号各只使用一次；作废登记不计。
-- Rendered with: fertility_registration (relation), date, parameters, limits, result ("count" or "rows").
WITH numbers AS (
  SELECT registration_no AS number, '登记表号' AS what, wife_living_region AS region, source_row
  FROM {{ fertility_registration }} AS registrations
  WHERE void_reason IS NULL AND registration_no IS NOT NULL
  UNION ALL
  SELECT service_certificate_no AS number, '生育服务证号' AS what, wife_living_region AS region, source_row
  FROM {{ fertility_registration }} AS registrations
  WHERE void_reason IS NULL AND service_certificate_no IS NOT NULL
), examined AS (
  SELECT number, what, min(region) AS region, min(source_row) AS source_row, count(*) AS times FROM numbers GROUP BY number, what
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE times > 1) AS violations FROM examined;
{% else %}
SELECT
  number AS subject_key, region, NULL AS insurance, NULL AS period, what AS part,
  concat(what, ' ', times, ' 次') AS value, NULL AS amount_diff_fen, source_row, times AS row_count
FROM examined
WHERE times > 1;
{% endif %}
