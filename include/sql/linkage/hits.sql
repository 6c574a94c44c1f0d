-- Suggested pairs, one row per pair however many couples of sides show it, before severities and agencies are added
-- (compare/findings.sql): table hits. The key that the first side of the comparison has (of those that have one) comes first; the side
-- that should act is the one whose number has a wrong check digit, else the first.
-- Parameters:
--   sources      sources of the sides, in order
--   rule, within_rule  rules of pairs between sides and inside one source
--   comparisons  {name, levels: [{number, label, weight}]}
--   model        version of the model
-- Columns: as compare/findings.sql takes them, and left_key, right_key, probability.
CREATE OR REPLACE TEMP TABLE hits AS
WITH ranked AS (
  SELECT *, row_number() OVER (
           PARTITION BY a = b, CASE WHEN a = b THEN a END, least(left_key, right_key), greatest(left_key, right_key), insurance, period
           ORDER BY a, b
         ) AS turn
  FROM linked
),
pairs AS (
  SELECT *, concat(left_key, '/', right_key) AS pair_key FROM ranked WHERE turn = 1
),
holders AS (
  SELECT subject_key, coalesce(insurance, '') AS insurance, coalesce(period, '') AS period, min(fingerprint) AS finding
{% for source in sources %}
         , min(n{{ loop.index0 }}) AS n{{ loop.index0 }}
{% endfor %}
  FROM lacking
  GROUP BY subject_key, coalesce(insurance, ''), coalesce(period, '')
)
SELECT CASE WHEN p.a = p.b THEN {{ within_rule | literal }} ELSE {{ rule | literal }} END AS rule, 'LINK' AS kind,
       CAST(NULL AS VARCHAR) AS severity,
       CASE
{% for source in sources %}
{% set i = loop.index0 %}
         WHEN CASE WHEN p.left_sound AND NOT p.right_sound THEN p.b ELSE p.a END = {{ i }} THEN {{ source | literal }}
{% endfor %}
       END AS source,
       p.pair_key AS subject_key, p.region, p.insurance, p.period, 'id_number' AS field, 'link' AS mark,
       CASE
{% for source in sources %}
{% set i = loop.index0 %}
         WHEN p.a = p.b AND p.a = {{ i }} THEN to_json({ {{- source | literal }}: concat(p.left_id, '/', p.right_id)})
{% endfor %}
         ELSE to_json({
{%- for source in sources %}{% set i = loop.index0 %}{{ source | literal }}: CASE
           WHEN l.n{{ i }} IS NOT NULL AND r.n{{ i }} IS NOT NULL THEN concat(p.left_id, '/', p.right_id)
           WHEN l.n{{ i }} IS NOT NULL THEN p.left_id WHEN r.n{{ i }} IS NOT NULL THEN p.right_id END
{{- ", " if not loop.last }}{% endfor -%}
         })
       END AS side_values,
       CAST(NULL AS VARCHAR) AS raw_values, CAST(NULL AS VARCHAR) AS right_source, CAST(NULL AS BIGINT) AS amount_diff_fen,
       to_json({
         'probability': p.probability, 'weight': round(p.weight, 1), 'model': {{ model | literal }},
         'levels': concat_ws('，'
{%- for comparison in comparisons %}, CASE p.level_{{ comparison.name }}
{%- for level in comparison.levels %} WHEN {{ level.number }} THEN {{ ("%s %+.1f" | format(level.label, level.weight)) | literal }}{% endfor %} END
{%- endfor %}),
         'source_row': { 'left': p.left_row, 'right': p.right_row},
         'findings': { 'left': l.finding, 'right': r.finding}
       }) AS evidence,
       p.left_key, p.right_key, p.probability
FROM pairs AS p
LEFT JOIN holders AS l
  ON l.subject_key = p.left_key AND l.insurance = coalesce(p.insurance, '') AND l.period = coalesce(p.period, '')
LEFT JOIN holders AS r
  ON r.subject_key = p.right_key AND r.insurance = coalesce(p.insurance, '') AND r.period = coalesce(p.period, '');
