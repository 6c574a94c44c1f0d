-- One date of the window: what was open at the end of the date before (carried) meets what the date left unmatched (arrived).
-- Of a key at most one row is open. A row of the same side that arrives while it is open is a duplicate (again); one of the other side
-- clears it (pairs); everything else stays or becomes open (open_now).
-- Parameters:
--   keys     number of key columns
--   columns  names of all columns, the w_ columns included
{% from "compare/macros.sql" import same_key %}
CREATE OR REPLACE TEMP TABLE again AS
SELECT a.*, c.origin AS first_origin
FROM arrived AS a
JOIN carried AS c ON c.side = a.side AND {{ same_key("c", "a", keys) }};
CREATE OR REPLACE TEMP TABLE pairs AS
{% for side in (0, 1) %}
{% set l, r = ("c", "a") if side else ("a", "c") %}
SELECT a.side AS later_side, {{ l }}.source_row AS l_source_row, {{ r }}.source_row AS r_source_row, {{ l }}.origin AS l_origin, {{ r }}.origin AS r_origin
{% for name in columns %}
       , {{ l }}.{{ name }} AS l_{{ name }}, {{ r }}.{{ name }} AS r_{{ name }}
{% endfor %}
FROM arrived AS a
JOIN carried AS c ON c.side <> a.side AND {{ same_key("c", "a", keys) }}
WHERE a.side = {{ side }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
CREATE OR REPLACE TEMP TABLE open_now AS
SELECT c.*
FROM carried AS c
WHERE NOT EXISTS (SELECT 1 FROM arrived AS a WHERE a.side <> c.side AND {{ same_key("a", "c", keys) }})
UNION ALL
SELECT a.*
FROM arrived AS a
WHERE NOT EXISTS (SELECT 1 FROM carried AS c WHERE {{ same_key("c", "a", keys) }});
