"""The plan in the frozen folder: ``plan.json`` without its long lists, which stand in files of one line each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from hedui.corrections.bundle.values import change_line, decoded, encoded, line_change
from hedui.corrections.model import BundlePlan, Change, Column, Decision, Reason, Table, Target

PLAN: Final = "04_data/plan.json"
CHANGES: Final = "04_data/changes.jsonl"
REASONS: Final = "04_data/reasons.jsonl"
CASES: Final = "04_data/cases.txt"


def write_plan(folder: Path, plan: BundlePlan) -> None:
    """Writes the plan's files."""
    (folder / PLAN).write_text(json.dumps(_head(plan), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    _write_lines(folder / CHANGES, (change_line(change) for change in plan.changes))
    _write_lines(folder / REASONS, (json.dumps(asdict(reason), ensure_ascii=False) for reason in plan.reasons))
    _write_lines(folder / CASES, plan.cases)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line)
            file.write("\n")


def _head(plan: BundlePlan) -> dict[str, Any]:
    return {
        **{"id": plan.id, "parent": plan.parent, "round": plan.round},
        "target": plan.target.model_dump(mode="json"),
        "business_date": plan.business_date.isoformat(),
        "tables": [
            {
                **{"name": table.name, "key": table.key, "columns": [asdict(column) for column in table.columns]},
                **{"batch_column": table.batch_column, "live": [[name, encoded(value)] for name, value in table.live]},
                "label": table.label,
            }
            for table in plan.tables
        ],
        **{
            "decision": str(plan.decision),
            "key_field": plan.key_field,
            "selection": dict(plan.selection),
            "proposer": plan.proposer,
        },
    }


def read_head(content: bytes) -> dict[str, Any]:
    """The arguments of :class:`BundlePlan` that ``plan.json`` holds."""
    head: dict[str, Any] = json.loads(content)
    head["target"] = Target.model_validate(head["target"])
    head["business_date"] = dt.date.fromisoformat(head["business_date"])
    head["decision"] = Decision(head["decision"])
    head["tables"] = tuple(
        Table(
            name=table["name"],
            key=tuple(table["key"]),
            columns=tuple(_column(column) for column in table["columns"]),
            batch_column=table["batch_column"],
            live=tuple((name, decoded(value)) for name, value in table["live"]),
            label=table["label"],
        )
        for table in head["tables"]
    )
    return head


def _column(record: dict[str, Any]) -> Column:
    return Column(**{**record, "codes": tuple((code, label) for code, label in record.get("codes", ()))})


def read_changes(lines: Iterable[bytes]) -> Iterator[Change]:
    """The changes of the lines."""
    return (line_change(line) for line in lines)


def read_reasons(lines: Iterable[bytes]) -> Iterator[Reason]:
    """The reasons of the lines."""
    for line in lines:
        record = json.loads(line)
        yield Reason(**{**record, "decision": Decision(record["decision"])})
