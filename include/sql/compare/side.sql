-- One side of a comparison as a view: its rows within the comparison's restriction, with status, keys and the columns that are asked for.
-- Parameters:
--   view      name of the view
--   relation  canonical partition of the side
--   where     restrictions, field -> allowed values
--   keys      expressions of the key fields (row alias r, map alias m); key columns are named k0, k1 ...
--   refused   positions of the keys in which placeholders are refused
--   zeros, equal_digits  pattern and list of placeholders (hedui.compare.keys); the list is compared one by one, for DuckDB makes IN
--             of a longer list a join, which the view then pays for even where nobody asks for the status
--   columns   further columns, name -> expression
--   key_map   the side's key map (relation, from_field, to_field) or none
--   maps_key  whether the map fills a key field: then a row without a map has no key either
--   translations  fields with codes of another version -> relation (from_value, to_value, group_value), joined as t_<field>
--   map_optional  a row without a map keeps its key where the map fills none (flows: a later rung may need the map)
-- Columns: source_row, status (ok | unusable | keymap), own_number (the mapped field's own value), k<j> (keys, NULL unless ok),
-- q<j> (keys of rows that only lack the map), the columns.
CREATE OR REPLACE TEMP VIEW {{ view | ident }} AS
{% if key_map %}
WITH map AS (
  SELECT {{ key_map.from_field | ident }} AS from_value,
         CASE WHEN count(DISTINCT {{ key_map.to_field | ident }}) = 1 THEN min({{ key_map.to_field | ident }}) END AS to_value
  FROM {{ key_map.relation }} AS pairs
  WHERE {{ key_map.from_field | ident }} IS NOT NULL AND {{ key_map.to_field | ident }} IS NOT NULL
  GROUP BY {{ key_map.from_field | ident }}
)
{% endif %}
SELECT source_row, status, own_number,
{% for _ in keys %}
       CASE WHEN status = 'ok' THEN key{{ loop.index0 }} END AS k{{ loop.index0 }},
{% if key_map and not maps_key and not map_optional %}
       CASE WHEN status = 'keymap' THEN key{{ loop.index0 }} END AS q{{ loop.index0 }},
{% endif %}
{% endfor %}
{% for name in columns %}
       {{ name | ident }}{{ "," if not loop.last }}
{% endfor %}
FROM (
  SELECT r.source_row,
         {{ "r." ~ (key_map.from_field | ident) if key_map else "CAST(NULL AS VARCHAR)" }} AS own_number,
         CASE
{% if key_map and maps_key %}
           WHEN r.{{ key_map.from_field | ident }} <> '' AND m.to_value IS NULL THEN 'keymap'
{% endif %}
{% for key in keys %}
           WHEN {{ key }} IS NULL OR {{ key }} = '' THEN 'unusable'
{% if loop.index0 in refused %}
           WHEN {% for digits in equal_digits %}{{ key }} = {{ digits | literal }}{{ " OR " if not loop.last }}{% endfor %} THEN 'unusable'
           WHEN {{ key }} LIKE '0%' AND regexp_matches({{ key }}, {{ zeros | literal }}) THEN 'unusable'
{% endif %}
{% endfor %}
{% if key_map and not maps_key and not map_optional %}
           WHEN r.{{ key_map.from_field | ident }} <> '' AND m.to_value IS NULL THEN 'keymap'
{% endif %}
           ELSE 'ok'
         END AS status,
{% for key in keys %}
         {{ key }} AS key{{ loop.index0 }},
{% endfor %}
{% for name, expression in columns.items() %}
         {{ expression }} AS {{ name | ident }}{{ "," if not loop.last }}
{% endfor %}
  FROM {{ relation }} AS r
{% if key_map %}
  LEFT JOIN map AS m ON m.from_value = r.{{ key_map.from_field | ident }}
{% endif %}
{% for field, table in translations.items() %}
  LEFT JOIN {{ table.relation }} AS t_{{ field }} ON t_{{ field }}.from_value = r.{{ field | ident }}
{% endfor %}
{% for field, values in where.items() %}
  {{ "WHERE" if loop.first else "AND" }} r.{{ field | ident }} IN {{ values | literal }}
{% endfor %}
) AS classified;
