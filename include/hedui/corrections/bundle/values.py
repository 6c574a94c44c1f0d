"""Values in the frozen data files: exact there and back, whatever their type."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hedui.corrections.model import Cell, Change, Operation, Value


def encoded(value: Value) -> Any:
    """The value as JSON: text, integers and NULL as such, others by the name of their type."""
    if isinstance(value, dt.datetime):
        return {"timestamp": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return value


def decoded(value: Any) -> Value:
    """The value that :func:`encoded` wrote."""
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    ((kind, text),) = value.items()
    if kind == "decimal":
        return Decimal(text)
    return dt.date.fromisoformat(text) if kind == "date" else dt.datetime.fromisoformat(text)


def change_line(change: Change) -> str:
    """A change as one line of JSON."""
    cells = [[cell.column, encoded(cell.old), encoded(cell.new), cell.amount_fen] for cell in change.cells]
    record = {
        "number": change.number,
        "operation": change.operation,
        "table": change.table,
        "key": [encoded(value) for value in change.key],
        "cells": cells,
        "cases": change.cases,
        "rule": change.rule,
        "field": change.field,
        "region": change.region,
        "person": change.person,
        "evidence": change.evidence,
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def line_change(line: str | bytes) -> Change:
    """The change that :func:`change_line` wrote."""
    record: Mapping[str, Any] = json.loads(line)
    return Change(
        number=record["number"],
        operation=Operation(record["operation"]),
        table=record["table"],
        key=tuple(decoded(value) for value in record["key"]),
        cells=tuple(
            Cell(column=column, old=decoded(old), new=decoded(new), amount_fen=tuple(fen) if fen else None)
            for column, old, new, fen in record["cells"]
        ),
        cases=tuple(record["cases"]),
        rule=record["rule"],
        field=record["field"],
        region=record["region"],
        person=record["person"],
        evidence=record["evidence"],
    )
