-- What the records of each packet say: the sums that packets declare, and pool regions that the sender must not send.
-- Parameters:
--   packets   list of packets, each with number, first_row, last_row
--   amounts   canonical money fields that packets declare totals of
--   regions   codes, or beginnings of codes, that a record's pool region may have; empty: any, and the field is not read
-- Reads the view typed (canonical/typed.sql) with v_<amount> and v_pool_region.
-- Columns: number, t_<amount> in fen, foreign_region (one of them), foreign_rows. One row per packet.
SELECT
    packet.number,
{% for amount in amounts %}
    CAST(coalesce(sum({{ ("v_" ~ amount) | ident }}), 0) AS BIGINT) AS {{ ("t_" ~ amount) | ident }},
{% endfor %}
{% if regions %}
    min(CASE WHEN NOT ({% for region in regions %}v_pool_region LIKE {{ (region ~ "%") | literal }}{{ " OR " if not loop.last }}{% endfor %}) THEN v_pool_region END) AS foreign_region,
    count(CASE WHEN NOT ({% for region in regions %}v_pool_region LIKE {{ (region ~ "%") | literal }}{{ " OR " if not loop.last }}{% endfor %}) THEN 1 END) AS foreign_rows
{% else %}
    CAST(NULL AS VARCHAR) AS foreign_region,
    0 AS foreign_rows
{% endif %}
FROM (
{% for packet in packets %}
    SELECT {{ packet.number | literal }} AS number, {{ packet.first_row | literal }} AS first_row, {{ packet.last_row | literal }} AS last_row{{ " UNION ALL" if not loop.last }}
{% endfor %}
) AS packet
LEFT JOIN typed ON typed.source_row >= packet.first_row AND typed.source_row <= packet.last_row
GROUP BY packet.number
ORDER BY packet.number
