-- Deviating pairs of one date with both sides' values beside each other (l_ and r_ columns): table pairs.
-- Parameters:
--   columns  names of all columns: k<j>, subject, insurance, period, region, g_<group>, total, a_<amount>, f_<field>
--   raws     per side: fields and amounts of which the value as received is known
--   known    all fields and amounts with a w_ column
--   date     business date of both
--   rule     the name of the key that matched them
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT j.n0 AS l_source_row, j.n1 AS r_source_row, {{ date | literal }} AS l_origin, {{ date | literal }} AS r_origin, {{ rule | literal }} AS match_rule
{% for side, i in (("l", 0), ("r", 1)) %}
{% for name in columns %}
       , x{{ i }}.{{ name }} AS {{ side }}_{{ name }}
{% endfor %}
{% for name in known %}
       , {{ "w%d.w_%s" % (i, name) if name in raws[i] else "CAST(NULL AS VARCHAR)" }} AS {{ side }}_w_{{ name }}
{% endfor %}
{% endfor %}
FROM joined AS j
JOIN rows_0 AS x0 ON x0.source_row = j.n0
JOIN rows_1 AS x1 ON x1.source_row = j.n1
LEFT JOIN raw_0 AS w0 ON w0.source_row = j.n0
LEFT JOIN raw_1 AS w1 ON w1.source_row = j.n1
WHERE NOT j.same;
