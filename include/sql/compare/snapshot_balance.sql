-- The balance of a snapshot comparison in rows: each row of each side is in exactly one class.
-- Parameters:
--   sides  indexes of the sides
-- Columns: side, unusable, keymap, duplicate, one_sided, different, matched. matched counts the keys of the pass that were alike on all
-- sides and those that turned out alike on a closer look. Rows whose key is duplicated (unmapped) on every other
-- side count as duplicate (keymap).
{% from "compare/macros.sql" import each %}
{% for i in sides %}
SELECT {{ i }} AS side,
       (SELECT count(*) FROM rows_{{ i }} WHERE status = 'unusable') AS unusable,
       (SELECT count(*) FROM rows_{{ i }} WHERE status = 'keymap')
         + count(*) FILTER (WHERE NOT missing AND present < 2 AND unmapped) AS keymap,
       (SELECT coalesce(sum(duplicates), 0) FROM dup_{{ i }})
         + count(*) FILTER (WHERE NOT missing AND present < 2 AND NOT unmapped) AS duplicate,
       count(*) FILTER (WHERE missing) AS one_sided,
       count(*) FILTER (WHERE NOT missing AND present >= 2 AND differs) AS different,
       count(*) FILTER (WHERE NOT missing AND present >= 2 AND NOT differs)
         + (SELECT count(*) FROM joined) - (SELECT count(*) FROM flagged) AS matched
FROM (SELECT *, {{ each("unmapped#", sides, " OR ") }} AS unmapped FROM pairs) AS pairs
WHERE n{{ i }} IS NOT NULL
{{ "UNION ALL" if not loop.last }}
{% endfor %}
;
