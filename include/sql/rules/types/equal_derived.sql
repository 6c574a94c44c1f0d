-- A value equals the one that another field implies.
-- type: equal_derived
-- label: 与推导值一致
-- grain: row
-- arguments: given, derived (SQL expressions of one type)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({{ derived }} <> {{ given }});
