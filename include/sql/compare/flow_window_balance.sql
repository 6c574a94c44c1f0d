-- The window's part of the balance, per side in rows and fen.
-- Parameters:
--   differs      expression over pairs (l_, r_ columns): whether the pair deviates
-- Reads judged (flow_window_hits.sql). Columns: side, then count and fen of carried_in, matched, different, one_sided, in_transit,
-- duplicate, reversed; bundled and tolerated: parts of matched.
--   window       working days within which an item is in transit
{% for i, p in ((0, "l"), (1, "r")) %}
{% macro cell(name, relation, where, amount) %}
       (SELECT count(*) FROM {{ relation }} WHERE {{ where }}) AS {{ name }},
       (SELECT CAST(coalesce(sum({{ amount }}), 0) AS BIGINT) FROM {{ relation }} WHERE {{ where }}) AS {{ name }}_fen
{%- endmacro %}
SELECT {{ i }} AS side,
{{ cell("carried_in", "carried", "side = %d" % i, "total") }},
       (SELECT count(*) FROM pairs WHERE NOT ({{ differs }})) + (SELECT count(*) FROM bundled WHERE side = {{ i }}) AS matched,
       (SELECT CAST(coalesce(sum({{ p }}_total), 0) AS BIGINT) FROM pairs WHERE NOT ({{ differs }}))
         + (SELECT CAST(coalesce(sum(total), 0) AS BIGINT) FROM bundled WHERE side = {{ i }}) AS matched_fen,
{{ cell("different", "pairs", differs, p ~ "_total") }},
{{ cell("one_sided", "judged", "side = %d AND (age > %d OR orphan)" % (i, window), "total") }},
{{ cell("in_transit", "judged", "side = %d AND age <= %d AND NOT orphan" % (i, window), "total") }},
{{ cell("duplicate", "again", "side = %d" % i, "total") }},
{{ cell("reversed", "pool AS p JOIN netted AS n ON n.side = p.side AND n.origin = p.origin AND n.source_row = p.source_row", "p.side = %d" % i, "p.total") }},
       (SELECT count(*) FROM bundled WHERE side = {{ i }}) AS bundled,
       (SELECT count(*) FROM pairs WHERE NOT ({{ differs }}) AND l_total <> r_total) AS tolerated
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
