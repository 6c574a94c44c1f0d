-- How the rows that were not settled by the first key on one date were settled: table links, one row per row.
-- Parameters:
--   date    business date
--   own     relation of the rows that undo each other within the date (residual partition, group nets)
--   differs expression over pairs (l_, r_ columns): whether the pair deviates
-- Columns: code (MATCHED, MATCHED_TOL, DIFFERENT, REVERSED), match_rule, link (what belongs together), side, origin, source_row.
CREATE OR REPLACE TEMP TABLE links AS
WITH named AS (
  SELECT CASE WHEN {{ differs }} THEN 'DIFFERENT' WHEN l_total <> r_total THEN 'MATCHED_TOL' ELSE 'MATCHED' END AS code, match_rule,
         concat_ws('/', CAST(l_origin AS VARCHAR), CAST(l_source_row AS VARCHAR), CAST(r_origin AS VARCHAR), CAST(r_source_row AS VARCHAR)) AS link,
         l_origin, l_source_row, r_origin, r_source_row
  FROM pairs
),
undone AS (
  SELECT side, origin, source_row, undone_origin, undone_row FROM nets
  UNION ALL
  SELECT side, origin, source_row, undone_origin, undone_row FROM {{ own }} AS o
)
SELECT code, match_rule, link, 0 AS side, l_origin AS origin, l_source_row AS source_row FROM named
UNION ALL
SELECT code, match_rule, link, 1, r_origin, r_source_row FROM named
UNION ALL
SELECT 'MATCHED', 'bundle', bundle, side, origin, source_row FROM bundled
UNION ALL
SELECT 'REVERSED', 'reversal', concat_ws('/', CAST(side AS VARCHAR), CAST(origin AS VARCHAR), CAST(source_row AS VARCHAR)), side, origin, source_row FROM undone
UNION ALL
SELECT 'REVERSED', 'reversal', concat_ws('/', CAST(side AS VARCHAR), CAST(origin AS VARCHAR), CAST(source_row AS VARCHAR)), side, undone_origin, undone_row FROM undone;
