-- The rows that one date left unmatched, both sides in one table: arrived.
-- Parameters:
--   date        their business date
--   left, right relations of the residual partition
--   columns     names of all columns (see flow_residual.sql), the w_ columns included
CREATE OR REPLACE TEMP TABLE arrived AS
{% for side, relation in ((0, left), (1, right)) %}
SELECT {{ side }} AS side, {{ date | literal }} AS origin, source_row{% for name in columns %}, {{ name }}{% endfor %}

FROM {{ relation }} AS r{{ side }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
