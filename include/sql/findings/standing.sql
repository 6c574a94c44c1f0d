-- Findings on flows that stand: what earlier dates found stays found until those dates themselves are corrected. Table findings (the
-- date's own ones) is made anew with them; table standing becomes what the next date inherits.
-- Parameters:
--   columns  names of the findings' columns
--   date     business date of the night
--   moving   kinds that are evaluated anew each night and therefore never inherited
CREATE OR REPLACE TEMP TABLE findings AS
SELECT {{ columns | join(", ") }} FROM findings
UNION ALL
SELECT {% for name in columns %}{% if name == "business_date" %}CAST({{ date | literal }} AS DATE) AS business_date{% else %}s.{{ name }}{% endif %}{{ ", " if not loop.last }}{% endfor %}

FROM standing AS s LEFT JOIN (SELECT fingerprint AS own FROM findings) AS f ON f.own = s.fingerprint
WHERE f.own IS NULL;
CREATE OR REPLACE TEMP TABLE standing AS
SELECT {{ columns | join(", ") }} FROM findings WHERE kind NOT IN {{ moving | literal }};
