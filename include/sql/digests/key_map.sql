-- A side's key map as its digested rows show it.
-- Parameters:
--   relation    the digested rows
--   from_field  the side's own field
--   to_field    the field that the map fills
--   mapped      column of the map's value
-- Columns: from_field, to_field.
SELECT DISTINCT {{ from_field | ident }}, {{ mapped | ident }} AS {{ to_field | ident }}
FROM {{ relation }} AS digested
WHERE {{ mapped | ident }} IS NOT NULL;
