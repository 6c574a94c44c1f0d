-- Figures per group that later nights need: totals of the date's own rows and how many pairs deviate: table totals_own.
-- Parameters:
--   amounts, groups  names
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE totals_own AS
WITH deviating AS (
  SELECT {{ each("l_g_# AS g_#", groups) }} FROM pairs
  UNION ALL
  SELECT {{ each("r_g_# AS g_#", groups) }} FROM pairs
),
counted AS (
  SELECT {{ each("g_#", groups) }}, count(*) AS deviations FROM deviating GROUP BY {{ each("g_#", groups) }}
)
SELECT {{ each("g.g_#", groups) }}, g.left_count, g.right_count, {{ each("g.left_#, g.right_#", amounts) }}, g.closer,
       coalesce(c.deviations, 0) AS deviations
FROM groups AS g
LEFT JOIN counted AS c ON TRUE
{% for group in groups %}
  AND c.g_{{ group }} IS NOT DISTINCT FROM g.g_{{ group }}
{% endfor %}
;
