-- A code is in the site's dated table: what no table translates arrives as ? and the source's code.
-- type: code_in
-- label: 代码在码表内
-- grain: row
-- arguments: columns (code fields, each of which must be known or empty)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({% for column in columns %}{{ " OR " if not loop.first }}{{ column }} LIKE '?%'{% endfor %});
