-- 欠费明细: notices of units that are not paid in full at the end of the period, per notice, person and insurance; persons are masked.
-- Parameters: masks (hedui.security.masking_sql.SqlMasks), residents; relations: arrears (kept), unit.
-- Result: position counts from 1, the greatest arrears first; money is fen.
WITH units AS (SELECT unit_no, min(name) AS name FROM unit GROUP BY unit_no)
SELECT row_number() OVER (ORDER BY o.open_fen DESC, o.region, o.unit_no, o.insurance, o.person_no, o.levy_no) AS position,
    o.region, o.unit_no, u.name AS unit_name, {{ masks.key('o.person_no') }} AS person, o.insurance, o.period, o.levy_no,
    o.due_fen, o.paid_fen, o.open_fen
FROM arrears AS o LEFT JOIN units AS u ON u.unit_no = o.unit_no
WHERE o.unit_no IS NOT NULL AND coalesce(o.insurance, '') NOT IN {{ residents | literal }};
