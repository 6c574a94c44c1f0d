{#- Macros for the conditions that suites and rules share; they take the name of a column and give an SQL condition or value.
    A file of macros only: rendered by itself it is empty. Suites see it as `sql`, rule files import it.
    Regular expressions keep to what RE2 (DuckDB) and Java (Spark) read alike; the engines' differences end there. -#}

{#- 18 characters, the last may be X. -#}
{% macro well_formed_18(column) -%}
regexp_matches({{ column }}, '^[0-9]{17}[0-9X]$')
{%- endmacro %}

{#- The numbers issued before 1999. -#}
{% macro well_formed_15(column) -%}
regexp_matches({{ column }}, '^[0-9]{15}$')
{%- endmacro %}

{#- What clerks type where there is no number: zeros, 000000 + eight digits + 0000, one digit eighteen times. Identifies nobody. -#}
{% macro placeholder(column) -%}
regexp_matches({{ column }}, '^(0+|000000[0-9]{8}0000|1{18}|2{18}|3{18}|4{18}|5{18}|6{18}|7{18}|8{18}|9{18})$')
{%- endmacro %}

{#- The check character that GB 11643 asks for after the first 17 digits; NULL where these are not digits. -#}
{% macro id_check_character(column) -%}
substr('10X98765432', CAST((
{%- for weight in [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] -%}
{{ " + " if not loop.first }}(TRY_CAST(substr({{ column }}, 1, 17) AS BIGINT) // {{ 10 ** (17 - loop.index) }}) % 10 * {{ weight }}
{%- endfor -%}
) % 11 AS BIGINT) + 1, 1)
{%- endmacro %}

{#- A 统一社会信用代码 that GB 32100 does not allow: length, alphabet (no I O S V Z), check character. -#}
{% macro bad_credit_code(column) -%}
{%- set alphabet = "'0123456789ABCDEFGHJKLMNPQRTUWXY'" -%}
(NOT regexp_matches({{ column }}, '^[0-9A-HJ-NPQRTUWXY]{18}$') OR substr({{ column }}, 18, 1) <> substr({{ alphabet }}, (31 - (
{%- for weight in [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28] -%}
{{ " + " if not loop.first }}(strpos({{ alphabet }}, substr({{ column }}, {{ loop.index }}, 1)) - 1) * {{ weight }}
{%- endfor -%}
) % 31) % 31 + 1, 1))
{%- endmacro %}

{#- The check character that GB 11714 asks for in the organisation code inside a credit code (characters 9 to 17); letters count from A = 10. -#}
{% macro organisation_check_character(column) -%}
substr('0X987654321', CAST((
{%- for weight in [3, 7, 9, 10, 5, 8, 4, 2] -%}
{{ " + " if not loop.first }}(strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', substr({{ column }}, {{ loop.index + 8 }}, 1)) - 1) * {{ weight }}
{%- endfor -%}
) % 11 AS BIGINT) + 1, 1)
{%- endmacro %}

{#- One of several regular expressions of the site matches. -#}
{% macro matches_any(column, patterns) -%}
(FALSE{% for pattern in patterns %} OR regexp_matches({{ column }}, {{ pattern | literal }}){% endfor %})
{%- endmacro %}

{#- Whether a text has the form that the rule's parameter `<prefix><code>` gives for the row's code; NULL where it gives none. -#}
{% macro form_of_code(text, code, parameters, prefix) -%}
CASE {{ code }}
{%- for name, patterns in parameters | dictsort if name.startswith(prefix) %}
 WHEN {{ name.removeprefix(prefix) | literal }} THEN {{ matches_any(text, patterns) }}
{%- endfor %} WHEN '' THEN NULL ELSE NULL END
{%- endmacro %}

{#- The site's table of regions has the code, on the day where one is given (NULL holds any day). -#}
{% macro region_known(code, day, regions) -%}
({{ is_in(code, regions | rejectattr("dated") | map(attribute="code") | unique | list) }}
{%- for first, since in regions | selectattr("dated") | groupby("valid_from") %}{% for last, until in since | groupby("valid_to") %}
 OR ({{ is_in(code, until | map(attribute="code") | unique | list) }} AND coalesce({{ day }} BETWEEN {{ first | literal }} AND {{ last | literal }}, TRUE))
{%- endfor %}{% endfor %})
{%- endmacro %}

{#- The site's table of regions lists the prefecture (first four digits) of the code, so that it can say which of its counties exist. -#}
{% macro prefecture_listed(code, regions) -%}
{{ is_in("substr(" ~ code ~ ", 1, 4)", regions | map(attribute="prefecture") | unique | list) }}
{%- endmacro %}

{#- Column in a list of the site; an empty list holds nothing. -#}
{% macro is_in(column, values) -%}
{% if values %}{{ column }} IN {{ values | literal }}{% else %}FALSE{% endif %}
{%- endmacro %}

{#- A code that the site's table translates. -#}
{% macro known_code(column) -%}
{{ column }} IS NOT NULL AND {{ column }} NOT LIKE '?%'
{%- endmacro %}

{#- Whether `value` is in the list that the rule's parameter `<prefix><insurance>` gives for the row's scheme;
    schemes without one take `otherwise`. -#}
{% macro in_list_of_scheme(value, insurance, parameters, prefix, otherwise) -%}
CASE {{ insurance }}
{%- for name, values in parameters | dictsort if name.startswith(prefix) and name != prefix ~ "default" %}
 WHEN {{ name.removeprefix(prefix) | literal }} THEN {{ is_in(value, values) }}
{%- endfor %} WHEN '' THEN NULL ELSE {{ otherwise }} END
{%- endmacro %}

{#- Outside the dated limits; the limits come with those of a region first. NULL where no limit applies. -#}
{% macro outside_limits(value, region, insurance, limits) -%}
CASE
{%- for limit in limits %}
 WHEN {% if limit.region %}{{ region }} = {{ limit.region | literal }}{% else %}TRUE{% endif %}
{%- if limit.insurance %} AND {{ insurance }} = {{ limit.insurance | literal }}{% endif %} THEN {{ value }} NOT BETWEEN {{ limit.minimum | literal }} AND {{ limit.maximum | literal }}
{%- endfor %} WHEN FALSE THEN NULL ELSE NULL END
{%- endmacro %}

{#- The figure is one of those that the table lists for the row's region and scheme (rows with equal minimum and maximum, or ranges);
    NULL where it lists none. -#}
{% macro listed_figure(value, region, insurance, limits) -%}
CASE WHEN FALSE
{%- for limit in limits %}
 OR ({% if limit.region %}{{ region }} = {{ limit.region | literal }}{% else %}TRUE{% endif %}{% if limit.insurance %} AND {{ insurance }} = {{ limit.insurance | literal }}{% endif %} AND {{ value }} BETWEEN {{ limit.minimum | literal }} AND {{ limit.maximum | literal }})
{%- endfor %} THEN TRUE WHEN FALSE
{%- for limit in limits %}
 OR ({% if limit.region %}{{ region }} = {{ limit.region | literal }}{% else %}TRUE{% endif %}{% if limit.insurance %} AND {{ insurance }} = {{ limit.insurance | literal }}{% endif %})
{%- endfor %} THEN FALSE ELSE NULL END
{%- endmacro %}

{#- The due amount is further than `tolerance` fen from base × rate (parts per million); NULL where one of them is missing.
    Doubles hold these products exactly and cannot overflow. -#}
{% macro deviates_from_rate(due, base, rate, tolerance) -%}
abs({{ due }} - round(CAST({{ base }} AS DOUBLE) * {{ rate }} / 1000000)) > {{ tolerance | literal }}
{%- endmacro %}

{#- The select list of a rule whose findings are not single rows; see `found.sql` for what each column becomes. -#}
{% macro subject(key, region="NULL", insurance="NULL", period="NULL", part="NULL", value="count(*)", amount="NULL") -%}
{{ key }} AS subject_key, {{ region }} AS region, {{ insurance }} AS insurance, {{ period }} AS period, {{ part }} AS part, {{ value }} AS value, {{ amount }} AS amount_diff_fen, min(source_row) AS source_row, count(*) AS row_count
{%- endmacro %}
