-- The rejects of records that are no rows: wrong number of columns, undecodable bytes, quotes left open.
-- Parameters:
--   relation  relation of the unreadable records: source_row, line, reason, text
-- Columns: as those of rejects.sql; field, raw column and raw value are NULL, for it is the whole record.
SELECT
    CAST(source_row AS BIGINT) AS source_row,
    CAST(NULL AS VARCHAR) AS field,
    CAST(NULL AS VARCHAR) AS raw_column,
    CAST(NULL AS VARCHAR) AS raw_value,
    '第 ' || CAST(line AS VARCHAR) || ' 行：' || reason AS reason,
    CAST(to_json({'line': line, 'text': text}) AS VARCHAR) AS raw
FROM {{ relation }}
