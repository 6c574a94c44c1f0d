-- Raw rows with each column that fills a canonical field cleaned: blank becomes NULL, the field's normaliser applied.
-- Needs the function nfkc (Unicode normal form KC), which SQL does not have; hedui.canonical.functions registers it.
-- Parameters:
--   relation  relation of the raw rows (columns of text and source_row)
--   fields    canonical fields, each with name, column (raw column or none) and normalise
--   columns   all raw columns
--   blanks    characters that count as blank at a value's ends
-- Columns: source_row, t_<field> cleaned text, r_<position> the raw columns as received.
{% from "canonical/normalise.jinja" import clean %}
CREATE OR REPLACE TEMP VIEW cleaned AS
SELECT
    source_row,
{% for field in fields if field.column is not none %}
    {{ clean(field.column | ident, field.normalise, blanks) }} AS {{ ("t_" ~ field.name) | ident }},
{% endfor %}
{% for column in columns %}
    {{ column | ident }} AS {{ ("r_" ~ loop.index0) | ident }}{{ "," if not loop.last }}
{% endfor %}
FROM {{ relation }};
