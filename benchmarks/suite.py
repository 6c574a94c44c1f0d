"""Twenty expectations over persons, for Great Expectations on a pandas frame and for Hedui's check step.

Great Expectations has no pattern rules for DuckDB, so that these two are SQL on Hedui's side, as in ``include/expectations``.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

NOT_NULL = "expect_column_values_to_not_be_null"
IN_SET = "expect_column_values_to_be_in_set"
NOT_IN_SET = "expect_column_values_to_not_be_in_set"
LENGTH = "expect_column_value_lengths_to_be_between"
BETWEEN = "expect_column_values_to_be_between"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
PATTERN = "expect_column_values_to_match_regex"

PAIR = {"or_equal": False, "ignore_row_if": "either_value_is_missing"}
SUITE: list[tuple[str, str, dict[str, Any]]] = [
    ("P01", NOT_NULL, {"column": "name"}),
    ("P03", NOT_NULL, {"column": "id_number"}),
    ("P02", NOT_NULL, {"column": "unit_no"}),
    ("P06", NOT_NULL, {"column": "birth_date"}),
    ("P04", IN_SET, {"column": "id_type", "value_set": ["01", "02", "03", "04", "05", "06", "07", "08"]}),
    ("P08", IN_SET, {"column": "sex", "value_set": ["1", "2"]}),
    ("P09", IN_SET, {"column": "region", "value_set": [f"99010{number}" for number in range(1, 7)]}),
    ("P11", IN_SET, {"column": "ethnicity", "value_set": [f"{number:02d}" for number in range(1, 57)]}),
    ("P10", NOT_IN_SET, {"column": "name", "value_set": ["测试", "无名", "不详"]}),
    ("P05", LENGTH, {"column": "id_number", "min_value": 18, "max_value": 18}),
    ("P14", LENGTH, {"column": "name", "min_value": 2, "max_value": 10}),
    ("P15", LENGTH, {"column": "unit_no", "min_value": 8, "max_value": 8}),
    ("P07", BETWEEN, {"column": "birth_date", "min_value": "1900-01-01", "max_value": "2026-06-03"}),
    ("P16", BETWEEN, {"column": "first_work_date", "min_value": "1950-01-01", "max_value": "2026-06-03"}),
    ("P17", BETWEEN, {"column": "retirement_date", "min_value": "1960-01-01", "max_value": "2026-06-03"}),
    ("P18", GREATER, {"column_A": "retirement_date", "column_B": "first_work_date", **PAIR}),
    ("P19", GREATER, {"column_A": "first_work_date", "column_B": "birth_date", **PAIR}),
    ("P20", GREATER, {"column_A": "death_date", "column_B": "birth_date", **PAIR}),
    ("P12", PATTERN, {"column": "id_number", "regex": "^[0-9]{17}[0-9X]$"}),
    ("P13", PATTERN, {"column": "phone", "regex": "^1[0-9]{10}$"}),
]
"""Rule id (any id of the catalogue: Hedui wants one per expectation), type, arguments."""


def for_frame() -> list[dict[str, Any]]:
    """The expectations as Great Expectations takes them for a frame: bounds of dates must be dates."""
    return [{"type": kind, "kwargs": _dated(kind, kwargs), "meta": {"rule": rule}} for rule, kind, kwargs in SUITE]


def _dated(kind: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    if kind != BETWEEN:
        return kwargs
    return kwargs | {name: dt.datetime.fromisoformat(kwargs[name]) for name in ("min_value", "max_value")}


def for_hedui(folder: Path, columns: list[str]) -> None:
    """Writes the suite ``person`` as a site of Hedui would have it; ``columns`` are those of the dataset."""
    structure = {
        "type": "expect_table_columns_to_match_set",
        "kwargs": {"column_set": [*columns, "source_row"], "exact_match": True},
        "description": "structure",
        "meta": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    suite = {"name": "person", "meta": {}, "expectations": [structure, *(_spec(*item) for item in SUITE)]}
    (folder / "person.json").write_text(json.dumps(suite, ensure_ascii=False, indent=1), "utf-8")


def _spec(rule: str, kind: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    columns = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    examined = " AND ".join(f"{name} IS NOT NULL" for name in columns) if kind != NOT_NULL else "TRUE"
    if kind == PATTERN:
        condition = f"{examined} AND NOT regexp_matches({columns[0]}, '{kwargs['regex']}')"
        kind, kwargs = (
            "unexpected_rows_expectation",
            {"unexpected_rows_query": f"SELECT source_row FROM {{batch}} WHERE {condition}"},
        )
    return {
        "type": kind,
        "kwargs": kwargs,
        "description": rule,
        "meta": {"rule": rule, "name": rule, "grain": "row", "columns": columns, "field": columns[0], "denominator": examined},
    }
