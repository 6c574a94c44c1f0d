-- A flag agrees with the figures beside it.
-- type: flag_agrees
-- label: 标志与数值一致
-- grain: row
-- arguments: flag (code field), cases (flag value: SQL condition that contradicts it)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({% for value, contradiction in cases | dictsort %}{{ " OR " if not loop.first }}({{ flag }} = {{ value | literal }} AND {{ contradiction }}){% endfor %});
