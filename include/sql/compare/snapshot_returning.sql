-- The flagged keys with what is on its way back (回流): view flowing, all columns of pairs and more.
-- A side is ahead where its row was changed after the local one. A field's deviation is explained where every couple of sides that
-- deviates is the local side and a side ahead.
-- Parameters:
--   flow    local: index of the local side; upper: indexes of the sides that say when a row was changed; since: first day whose changes
--           may still be on their way
--   sides   indexes of the sides
--   fields  compared fields: {name, couples: pairs of sides that deliver it, tolerance: in fen}
-- Columns: x_<field> (the field deviates and is explained), changed (day of the oldest change that has not come back, or NULL), ahead
-- (index of the side whose change that is), arriving (the local side lacks the key, and all others got it within the window).
{% from "compare/macros.sql" import each, different %}
{% set local = flow.local %}
CREATE OR REPLACE TEMP VIEW flowing AS
WITH ahead AS (
  SELECT *,
{% for u in flow.upper %}
         n{{ local }} IS NOT NULL AND n{{ u }} IS NOT NULL AND v{{ u }}_changed IS NOT NULL
           AND (v{{ local }}_changed IS NULL OR v{{ u }}_changed > v{{ local }}_changed) AS a{{ u }},
{% endfor %}
{% for field in fields %}
{% for a, b in field.couples %}
         coalesce(n{{ a }} IS NOT NULL AND n{{ b }} IS NOT NULL
           AND {{ different("v%d_f_%s" % (a, field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }}, FALSE) AS d_{{ field.name }}_{{ a }}_{{ b }},
{% endfor %}
{% endfor %}
         n{{ local }} IS NULL AND NOT dup{{ local }} AND NOT unmapped{{ local }} AS absent
  FROM pairs
),
explained AS (
  SELECT *,
{% for field in fields %}
         (FALSE{% for a, b in field.couples %} OR d_{{ field.name }}_{{ a }}_{{ b }}{% endfor %})
{% for a, b in field.couples %}
{% set other = b if a == local else a %}
           AND (NOT d_{{ field.name }}_{{ a }}_{{ b }}{{ " OR a%d" % other if local in (a, b) and other in flow.upper }})
{% endfor %}
           AS x_{{ field.name }}{{ "," if not loop.last }}
{% endfor %}
  FROM ahead
),
awaited AS (
  SELECT *,
{% for u in flow.upper %}
         CASE WHEN FALSE
{% for field in fields %}
{% for a, b in field.couples if local in (a, b) and u in (a, b) %}
           OR (x_{{ field.name }} AND d_{{ field.name }}_{{ a }}_{{ b }})
{% endfor %}
{% endfor %}
         THEN v{{ u }}_changed END AS c{{ u }}{{ "," if not loop.last }}
{% endfor %}
  FROM explained
),
oldest AS (
  SELECT *, least({{ each("coalesce(c#, DATE '9999-12-31')", flow.upper) }}, DATE '9999-12-31') AS first_change FROM awaited
)
SELECT *,
       CASE WHEN first_change < DATE '9999-12-31' THEN first_change END AS changed,
       CASE {{ each("WHEN c# = first_change THEN #", flow.upper, " ") }} END AS ahead,
       absent AND ({{ each("n# IS NOT NULL", flow.upper, " OR ") }})
{% for i in sides if i != local %}
         AND (n{{ i }} IS NULL{{ " OR coalesce(v%d_changed >= " % i ~ (flow.since | literal) ~ ", FALSE)" if i in flow.upper }})
{% endfor %}
         AS arriving
FROM oldest;
