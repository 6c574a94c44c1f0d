-- F13 漏报: numbers that the canonical rows have and the upload's ledger does not.
-- Parameters:
--   rows                           relation of canonical rows
--   known                          relation with the ledger's numbers (column business_key)
--   key, event, region, withdrawn  columns of the number, the event's date or time, the region, and why it is void
-- Void rows do not count: what was never reported need not be withdrawn.
-- Columns: business_key, region, event_date. Grain: number.
SELECT
    r.{{ key | ident }} AS business_key,
    min(r.{{ region | ident }}) AS region,
    min(CAST(r.{{ event | ident }} AS DATE)) AS event_date
FROM {{ rows }} AS r
LEFT JOIN {{ known }} AS k ON r.{{ key | ident }} = k.business_key
WHERE
    k.business_key IS NULL
    AND coalesce(r.{{ key | ident }}, '') <> ''
    AND coalesce(r.{{ withdrawn | ident }}, '') = ''
GROUP BY 1
ORDER BY 1
