-- rule: F21
-- datasets: fertility_registration
-- elsewhere: birth
-- about: fertility_registration
-- subject: person
-- needs: fertility_registration.registration_no, fertility_registration.existing_children, fertility_registration.birth_order
-- parameters: {}
-- denominator: registrations that tell the children there are and the order, and are not void
-- note: The order is the number of children there are and one; a birth that the registration names may be a later one of multiples.
-- zh: 登记孩次等于现有子女数加一；所附出生医学证明的孩次与之相符（多胞胎可依次顺延）。
-- Rendered with: fertility_registration, birth (relations; birth of all sources), date, parameters, limits, result ("count" or "rows").
WITH live AS (
  SELECT source, certificate_no, mother_id_number, birth_date, birth_order
  FROM {{ birth }}
  WHERE birth_order IS NOT NULL AND certificate_no IS NOT NULL AND coalesce(record_state, '1') = '1'
), delivered AS (
  SELECT one.certificate_no, one.source, one.birth_order, count(DISTINCT other.certificate_no) AS children
  FROM live AS one
  LEFT JOIN live AS other
    ON other.source = one.source AND other.mother_id_number = one.mother_id_number
    AND other.birth_date BETWEEN one.birth_date - INTERVAL '1' DAY AND one.birth_date + INTERVAL '1' DAY
  GROUP BY one.certificate_no, one.source, one.birth_order
), born AS (
  SELECT certificate_no, min(birth_order) AS first_order, max(birth_order) AS last_order, max(children) AS children
  FROM delivered
  GROUP BY certificate_no
), examined AS (
  SELECT
    registrations.registration_no, registrations.wife_living_region, registrations.source_row, registrations.existing_children,
    registrations.birth_order, born.last_order,
    registrations.birth_order <> registrations.existing_children + 1
      OR coalesce(born.first_order <= registrations.existing_children, FALSE)
      OR coalesce(born.last_order > registrations.existing_children + greatest(born.children, 1), FALSE) AS violated
  FROM {{ fertility_registration }} AS registrations
  LEFT JOIN born ON born.certificate_no = registrations.birth_certificate_no
  WHERE registrations.void_reason IS NULL AND registrations.existing_children IS NOT NULL AND registrations.birth_order IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  registration_no AS subject_key, wife_living_region AS region, NULL AS insurance, NULL AS period, NULL AS part,
  concat('现有 ', existing_children, '，登记孩次 ', birth_order, coalesce(concat('，出生孩次 ', last_order), '')) AS value,
  NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
