-- Two states fit together: the pair is one of those that the scheme allows.
-- type: state_pair
-- label: 状态组合
-- grain: row
-- arguments: allowed (SQL condition: the pair is in the scheme's list)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT ({{ allowed }}));
