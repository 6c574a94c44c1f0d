-- The flagged rows of one side as its canonical partition has them: view picked_<i>.
-- Parameters:
--   i         index of the side
--   relation  canonical partition of the side
CREATE OR REPLACE TEMP VIEW picked_{{ i }} AS
SELECT * FROM {{ relation }} AS r WHERE source_row IN (SELECT n{{ i }} FROM flagged WHERE n{{ i }} IS NOT NULL);
