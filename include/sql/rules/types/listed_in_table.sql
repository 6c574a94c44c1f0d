-- A figure is one of those that a dated table lists for its region and scheme.
-- type: listed_in_table
-- label: 在政策档次表内
-- grain: row
-- arguments: listed (SQL condition; NULL where the table says nothing for the row)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT ({{ listed }}));
