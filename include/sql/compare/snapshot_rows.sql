-- The flagged rows of one side with all columns (late materialisation): table rows_<i>.
-- Parameters:
--   i  index of the side
CREATE OR REPLACE TEMP TABLE rows_{{ i }} AS
SELECT * FROM found_{{ i }};
