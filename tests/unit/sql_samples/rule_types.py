"""Samples of the rule types: row types over a batch, group types with a key, types across datasets for both results."""

from __future__ import annotations

from typing import Any

from unit.sql_samples import Samples

BATCH: dict[str, Any] = {"batch": "rows", "denominator": "TRUE"}
GROUP = BATCH | {"key": ["a", "b"], "subject": "a AS subject_key"}
SUBJECT = dict.fromkeys(("insurance", "period", "value", "amount"), "") | {"key": "one.detail_no", "region": "one.pool_region"}
CROSS: dict[str, Any] = {"one": "totals", "other": "details", "on": ["a", "b"], "subject": SUBJECT, "where": "TRUE"}

ROWS: dict[str, list[dict[str, Any]]] = {
    "not_null": [{"column": "a"}],
    "must_be_null": [{"column": "a"}],
    "pattern": [
        {"column": "a", "patterns": ["^[0-9]{3}$", "^x$"], "matches": ""},
        {"column": "a", "patterns": [], "matches": "a = 'x'"},
    ],
    "forbidden_pattern": [{"column": "a", "patterns": ["^[0-9]$", "·{2}"], "required": required} for required in (True, False)],
    "pattern_by_code": [{"matches": "a = 'x'"}],
    "checksum": [
        {"column": "a", "algorithm": algorithm, "exempt": exempt}
        for algorithm, exempt in (("citizen", ""), ("credit", "a IN ('x')"), ("organisation", ""))
    ],
    "code_in": [{"columns": ["a", "b"]}],
    "code_of_scheme": [{"allowed": "a IN ('x')"}],
    "state_pair": [{"allowed": "a IN ('1/1')"}],
    "in_dated_table": [{"valid": "a IN ('x')"}],
    "date_order": [{"earlier": "a", "later": "b", "or_equal": or_equal} for or_equal in (True, False)],
    "date_range": [{"column": "a", "minimum": low, "maximum": high} for low, high in (("b", "c"), ("b", ""), ("", "c"))],
    "equal_derived": [{"given": "a", "derived": "substr(b, 1, 2)"}],
    "flag_agrees": [{"flag": "a", "cases": {"1": "b < 0", "0": "b > 0"}}],
    "implies": [{"consequence": "a IS NOT NULL"}],
    "at_most": [{"pairs": [["a", "b"], ["c", "d"]]}],
    "at_least": [{"columns": ["a", "b"], "minimum": 0, "strict": strict} for strict in (True, False)],
    "between": [{"items": [["a", 0, "b"], ["c", 0, None], ["d", None, 9]]}],
    "rate_product": [{"base": "a", "pairs": [["b", "c"]], "tolerance": "1"}],
    "sum_equals": [{"parts": ["a", "b"], "total": "c"}],
    "range_by_table": [{"outside": "a NOT BETWEEN 1 AND 2"}],
    "listed_in_table": [{"listed": "a IN (1, 2)"}],
    "sql": [{"violated": "a > b"}],
}
GROUPS: dict[str, list[dict[str, Any]]] = {
    "unique_on": [{"value": "c"}],
    "single_on": [{}],
    "exclusive_on": [{"exclusion": "count(*) > 1"}],
    "companion_of": [{"missing": "count(*) > 1"}],
}
CROSSES: dict[str, list[dict[str, Any]]] = {
    "joined": [{"violated": "one.a > other.b"}],
    "none_where": [{"forbidden": "other.a = '1'"}],
    "count_equals": [{"count": "head_count", "member": "person_no"}],
    "details_sum": [
        {"on": [["a", "a"], ["day", "paid_date"]], "amounts": ["x", "y"], "count": count} for count in ("row_count", None)
    ],
}

SAMPLES: Samples = {
    **{f"rules/types/{name}.sql": [BATCH | sample for sample in samples] for name, samples in ROWS.items()},
    **{f"rules/types/{name}.sql": [GROUP | sample for sample in samples] for name, samples in GROUPS.items()},
    **{
        f"rules/types/{name}.sql": [CROSS | sample | {"result": result} for sample in samples for result in ("count", "rows")]
        for name, samples in CROSSES.items()
    },
}
