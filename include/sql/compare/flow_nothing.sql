-- The tables of what a comparison does not declare, empty: nets, netted (reversals), bundled, undecided (bundles).
-- Parameters:
--   nets, bundles  whether they are wanted
{% if nets %}
CREATE OR REPLACE TEMP TABLE nets AS
SELECT 0 AS side, CAST(NULL AS DATE) AS origin, CAST(NULL AS BIGINT) AS source_row, CAST(NULL AS DATE) AS undone_origin, CAST(NULL AS BIGINT) AS undone_row WHERE FALSE;
CREATE OR REPLACE TEMP TABLE netted AS
SELECT 0 AS side, CAST(NULL AS DATE) AS origin, CAST(NULL AS BIGINT) AS source_row WHERE FALSE;
{% endif %}
{% if bundles %}
CREATE OR REPLACE TEMP TABLE bundled AS
SELECT CAST(NULL AS VARCHAR) AS bundle, 0 AS side, CAST(NULL AS DATE) AS origin, CAST(NULL AS BIGINT) AS source_row, CAST(NULL AS BIGINT) AS total WHERE FALSE;
CREATE OR REPLACE TEMP TABLE undecided AS
SELECT CAST(NULL AS VARCHAR) AS bundle_key, CAST(NULL AS VARCHAR) AS region, CAST(NULL AS BIGINT) AS l_count, CAST(NULL AS BIGINT) AS r_count,
       CAST(NULL AS BIGINT) AS l_fen, CAST(NULL AS BIGINT) AS r_fen, FALSE AS exceeds WHERE FALSE;
{% endif %}
