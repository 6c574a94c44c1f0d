-- Where a key has one value, it has those that go with it.
-- type: companion_of
-- label: 应成对出现
-- grain: group
-- arguments: key (fields), missing (SQL condition on the group: the one is there and a companion is not), subject (select list of the findings)
SELECT {{ subject }} FROM {{ batch }} WHERE {{ denominator }} GROUP BY {{ key | join(", ") }} HAVING {{ missing }};
