-- The window's part of the balance, per side in rows and fen.
-- Parameters:
--   window       working days within which an item is in transit
--   differs      expression over pairs (l_, r_ columns): whether the pair deviates
-- Columns: side, then count and fen of carried_in, matched, different, one_sided, in_transit, duplicate.
{% for i, p in ((0, "l"), (1, "r")) %}
{% macro cell(name, relation, where, amount) %}
       (SELECT count(*) FROM {{ relation }} WHERE {{ where }}) AS {{ name }},
       (SELECT CAST(coalesce(sum({{ amount }}), 0) AS BIGINT) FROM {{ relation }} WHERE {{ where }}) AS {{ name }}_fen
{%- endmacro %}
SELECT {{ i }} AS side,
{{ cell("carried_in", "carried", "side = %d" % i, "total") }},
{{ cell("matched", "pairs", "NOT (%s)" % differs, p ~ "_total") }},
{{ cell("different", "pairs", differs, p ~ "_total") }},
{{ cell("one_sided", "open_now JOIN ages ON ages.origin = open_now.origin", "side = %d AND age > %d" % (i, window), "total") }},
{{ cell("in_transit", "open_now JOIN ages ON ages.origin = open_now.origin", "side = %d AND age <= %d" % (i, window), "total") }},
{{ cell("duplicate", "again", "side = %d" % i, "total") }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
