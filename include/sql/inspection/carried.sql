-- Findings of the inspection before about what could not be measured this time: they are still open, nobody knows better.
-- Parameters: date (of this inspection), columns (of findings, in order), before (relation: the findings before),
-- parts (beginnings of the subject keys that were not measured). Grain of the result: finding.
SELECT
    {{ date | literal }} AS business_date,
    {{ columns[1:] | join(', ') }}
FROM {{ before }}
WHERE {% for part in parts %}{{ 'OR ' if not loop.first }}substr(subject_key, 1, {{ part | length }}) = {{ part | literal }} {% endfor %}

ORDER BY subject_key
