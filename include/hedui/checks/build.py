"""Suites from the registry: ``hedui rules build`` writes them, a test says whether they are current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hedui.canonical.schemas import Dataset, datasets
from hedui.checks.entries import Entry, entries_of, registry
from hedui.checks.suites import EXPECTATIONS_ROOT, GX_SEVERITIES
from hedui.rules import rule

LATER = "{{ denominator }}"
"""What is filled in when a check runs; Great Expectations wants to see ``{batch}`` in a query."""


def suite(dataset: Dataset) -> dict[str, Any]:
    """The Great Expectations suite of a dataset: its structure, then one expectation per rule."""
    return {
        "name": dataset.name,
        "meta": {"dataset": dataset.name, "label": dataset.label},
        "expectations": [_structure(dataset), *(_expectation(entry) for entry in entries_of(dataset.name))],
    }


def _structure(dataset: Dataset) -> dict[str, Any]:
    return {
        "type": "expect_table_columns_to_match_set",
        "kwargs": {"column_set": [*dataset.fields, "source_row"], "exact_match": True},
        "severity": "critical",
        "description": f"结构 {dataset.label}",
        "meta": {
            "rule": None,
            "name": "数据集结构",
            "note": "The partition has the canonical dataset's columns, no more and no less.",
        },
    }


def _expectation(entry: Entry) -> dict[str, Any]:
    spec = rule(entry.rule)
    optional = {"kind": entry.kind, "value": entry.value, "amount": entry.amount, "limits": entry.limits}
    return {
        **_call(entry),
        "severity": GX_SEVERITIES[spec.severity],
        "description": f"{spec.id} {spec.name}",
        "meta": {
            "rule": spec.id,
            "name": spec.name,
            "severity": spec.severity,
            "category": entry.category,
            "type": entry.type,
            "note": entry.note,
            "zh": entry.zh,
            "columns": list(entry.columns),
            "field": entry.field,
            "grain": entry.rule_type.grain,
            "denominator": entry.denominator,
            **{name: value for name, value in optional.items() if value is not None},
            **({"parameters": entry.parameters} if entry.parameters else {}),
        },
    }


def _call(entry: Entry) -> dict[str, Any]:
    """The expectation's type and arguments: Great Expectations' own where the type has one, else the type's SQL."""
    kind = entry.rule_type
    if kind.gx and entry.denominator == kind.gx["denominator"].format(**entry.arguments):
        kwargs = {name: mine[1:] if mine.startswith("=") else entry.arguments[mine] for name, mine in kind.gx["kwargs"].items()}
        return {"type": kind.gx["type"], "kwargs": kwargs}
    query = kind.text(batch="{batch}", denominator=LATER, **entry.arguments)
    return {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}


def suite_text(dataset: Dataset) -> str:
    """The suite as its file holds it."""
    return json.dumps(suite(dataset), ensure_ascii=False, indent=2) + "\n"


def suite_texts() -> dict[Path, str]:
    """Every file that is made from the registry, with what it must hold."""
    return {EXPECTATIONS_ROOT / f"{name}.json": suite_text(datasets()[name]) for name in registry().suites}


def stale_suites() -> list[Path]:
    """The files that are not what the registry makes of them."""
    return [path for path, text in suite_texts().items() if not path.exists() or path.read_text("utf-8") != text]


def build_suites() -> list[Path]:
    """Writes the suites that are not current.

    Returns:
        The files that changed.
    """
    changed = stale_suites()
    for path in changed:
        path.write_text(suite_texts()[path], encoding="utf-8")
    return changed
