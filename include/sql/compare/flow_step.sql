-- One date of the window, first rung: a row of the same side that arrives while its key is open is a duplicate (again); one of the other
-- side clears it (met). rest: what is neither undone nor a duplicate.
-- Parameters:
--   keys     number of key columns
--   columns  names of all columns, the w_ columns included
--   rule     the name of the first key
-- Of a key at most one row is open on a side.
{% from "compare/macros.sql" import same_key %}
CREATE OR REPLACE TEMP TABLE kept AS
SELECT p.*
FROM pool AS p
WHERE NOT EXISTS (SELECT 1 FROM netted AS n WHERE n.side = p.side AND n.origin = p.origin AND n.source_row = p.source_row);
CREATE OR REPLACE TEMP TABLE again AS
SELECT a.side, a.origin, a.source_row{% for name in columns %}, a.{{ name }}{% endfor %}, c.origin AS first_origin
FROM kept AS a
JOIN kept AS c ON c.side = a.side AND {{ same_key("c", "a", keys) }}
WHERE a.fresh AND NOT c.fresh;
CREATE OR REPLACE TEMP TABLE rest AS
SELECT k.*
FROM kept AS k
WHERE NOT EXISTS (SELECT 1 FROM again AS a WHERE a.side = k.side AND a.origin = k.origin AND a.source_row = k.source_row);
CREATE OR REPLACE TEMP TABLE met AS
SELECT {{ rule | literal }} AS match_rule, l.origin AS l_origin, l.source_row AS l_source_row, r.origin AS r_origin, r.source_row AS r_source_row
FROM rest AS l
JOIN rest AS r ON {{ same_key("l", "r", keys) }}
WHERE l.side = 0 AND r.side = 1;
