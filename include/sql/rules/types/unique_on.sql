-- One value per key: rows with one key agree in a field.
-- type: unique_on
-- label: 一键一值
-- grain: group
-- arguments: key (fields), value (field of which a key has one), subject (select list of the findings, see rules/conditions.sql)
SELECT {{ subject }} FROM {{ batch }} WHERE {{ denominator }} GROUP BY {{ key | join(", ") }} HAVING min({{ value }}) <> max({{ value }});
