-- The flagged rows of one side whose key is unusable, with what names them instead: table unusable_<i>.
-- Parameters:
--   i  index of the side
CREATE OR REPLACE TEMP TABLE unusable_{{ i }} AS
SELECT source_row, own_key, own_insurance, own_period, key_text, region
FROM named_{{ i }}
WHERE status = 'unusable' AND source_row IN (SELECT source_row FROM rows_{{ i }} WHERE status = 'unusable');
