-- Rows that found no counterpart on their own date, with everything that later nights need (values as received included).
-- Parameters:
--   i        index of the side
--   keys     number of key columns
--   amounts, groups, fields  names
--   columns  names of all columns: k<j>, insurance, period, region, g_<group>, total, a_<amount>, f_<field>
--   raws     fields and amounts of which the value as received is known
--   known    all fields and amounts with a w_ column
{% set other = 1 - i %}
CREATE OR REPLACE TEMP TABLE residual_{{ i }} AS
SELECT r.source_row
{% for name in columns %}
       , r.{{ name }}
{% endfor %}
{% for name in known %}
       , {{ "w.w_" ~ name if name in raws else "CAST(NULL AS VARCHAR)" }} AS w_{{ name }}
{% endfor %}
FROM joined AS j
JOIN rows_{{ i }} AS r ON r.source_row = j.n{{ i }}
LEFT JOIN raw_{{ i }} AS w ON w.source_row = r.source_row
WHERE j.n{{ other }} IS NULL;
