-- The balance of a date's own rows, per side in rows and fen. Live rows of groups that were not looked at in detail are matched: their
-- digests are equal.
-- Columns: side, then count and fen of matched, different, residual, duplicate, unusable, keymap, reversed; tolerated: matched rows whose
-- amounts are not quite equal.
{% for i in (0, 1) %}
{% set n = "n%d IS NOT NULL" % i %}
{% set t = "sum(t%d)" % i %}
SELECT {{ i }} AS side,
       count(*) FILTER (WHERE same) + (SELECT coalesce(sum(live_{{ i }}_count), 0) FROM groups WHERE NOT closer) AS matched,
       coalesce({{ t }} FILTER (WHERE same), 0) + (SELECT coalesce(sum(live_{{ i }}_fen), 0) FROM groups WHERE NOT closer) AS matched_fen,
       count(*) FILTER (WHERE NOT same AND n0 IS NOT NULL AND n1 IS NOT NULL) AS different,
       coalesce({{ t }} FILTER (WHERE NOT same AND n0 IS NOT NULL AND n1 IS NOT NULL), 0) AS different_fen,
       count(*) FILTER (WHERE n0 IS NULL OR n1 IS NULL) + (SELECT count(*) FROM aside_{{ i }} WHERE place = 'residual') AS residual,
       coalesce({{ t }} FILTER (WHERE n0 IS NULL OR n1 IS NULL), 0) + (SELECT coalesce(sum(total), 0) FROM aside_{{ i }} WHERE place = 'residual') AS residual_fen,
       count(*) FILTER (WHERE same AND t0 <> t1) AS tolerated,
{% for place in ("duplicate", "unusable", "keymap", "reversed") %}
       (SELECT count(*) FROM aside_{{ i }} WHERE place = {{ place | literal }}) AS {{ place }},
       (SELECT coalesce(sum(total), 0) FROM aside_{{ i }} WHERE place = {{ place | literal }}) AS {{ place }}_fen{{ "," if not loop.last }}
{% endfor %}
FROM joined
WHERE {{ n }}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
