-- What may meet on a date: the items open at the end of the date before (carried) and those that the date left unmatched (arrived).
-- Parameters:
--   columns  names of all columns, the w_ columns included
CREATE OR REPLACE TEMP TABLE pool AS
{% for relation, fresh in (("carried", false), ("arrived", true)) %}
SELECT side, origin, source_row, {{ fresh | literal }} AS fresh{% for name in columns %}, {{ name }}{% endfor %}

FROM {{ relation }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
