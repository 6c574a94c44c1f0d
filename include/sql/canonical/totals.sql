-- The control totals of a canonical partition: the sum of each amount, in fen.
-- Parameters:
--   relation  relation of the canonical rows
--   amounts   the dataset's fields in fen; at least one
SELECT
{% for amount in amounts %}
    coalesce(sum({{ amount | ident }}), 0) AS {{ amount | ident }}{{ "," if not loop.last }}
{% endfor %}
FROM {{ relation }}
