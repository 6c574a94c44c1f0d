-- Values that exclude each other under one key.
-- type: exclusive_on
-- label: 互斥
-- grain: group
-- arguments: key (fields), exclusion (SQL condition on the group that finds two excluding values), subject (select list of the findings)
SELECT {{ subject }} FROM {{ batch }} WHERE {{ denominator }} GROUP BY {{ key | join(", ") }} HAVING {{ exclusion }};
