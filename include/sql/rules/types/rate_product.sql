-- A figure is base times rate (parts per million), rounded, within a tolerance.
-- type: rate_product
-- label: 等于基数乘比例
-- grain: row
-- arguments: base (field), pairs (each of figure and rate), tolerance (SQL number)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({% for figure, rate in pairs %}{{ " OR " if not loop.first }}abs({{ figure }} - round(CAST({{ base }} AS DOUBLE) * {{ rate }} / 1000000)) > {{ tolerance }}{% endfor %});
