-- Rows that found no counterpart by their first key on their own date, with everything that later nights need (values as received included).
-- Parameters:
--   i        index of the side
--   columns  names of all columns: k<j>, subject, insurance, period, region, g_<group>, x_<field>, reversal, total, a_<amount>, f_<field>
--   raws     fields and amounts of which the value as received is known
--   known    all fields and amounts with a w_ column
{% set other = 1 - i %}
CREATE OR REPLACE TEMP TABLE residual_{{ i }} AS
WITH waiting AS (
  SELECT r.source_row, {{ columns | join(", ") }} FROM rows_{{ i }} AS r JOIN joined AS j ON j.n{{ i }} = r.source_row WHERE j.n{{ other }} IS NULL
  UNION ALL
  SELECT source_row, {{ columns | join(", ") }} FROM aside_{{ i }} WHERE place = 'residual'
)
SELECT r.source_row
{% for name in columns %}
       , r.{{ name }}
{% endfor %}
{% for name in known %}
       , {{ "w.w_" ~ name if name in raws else "CAST(NULL AS VARCHAR)" }} AS w_{{ name }}
{% endfor %}
FROM waiting AS r
LEFT JOIN raw_{{ i }} AS w ON w.source_row = r.source_row;
