-- One row per key.
-- type: single_on
-- label: 一键一行
-- grain: group
-- arguments: key (fields), subject (select list of the findings)
SELECT {{ subject }} FROM {{ batch }} WHERE {{ denominator }} GROUP BY {{ key | join(", ") }} HAVING count(*) >= 2;
