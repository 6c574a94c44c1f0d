"""The records of a packet that the harness sends."""

from __future__ import annotations

import csv
from pathlib import Path

from hedui.errors import HeduiError
from hedui.harness.scenario import Rows

Row = dict[str, str]


def make_rows(rows: Rows, *, folder: Path) -> list[Row]:
    """The records, in order.

    Args:
        rows: Where they come from.
        folder: The scenario's folder, which files are named from.

    Raises:
        HeduiError: A file is missing, a pattern is malformed, or a change names a record that is not there.
    """
    made = _read(folder / rows.file) if rows.file is not None else _patterned(rows)
    for number, values in rows.change.items():
        if not 1 <= number <= len(made):
            raise HeduiError(f"rows.change names the record {number}; there are {len(made)}.")
        made[number - 1] |= values
    return made


def _read(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            return [{name: value or "" for name, value in row.items()} for row in csv.DictReader(handle)]
    except FileNotFoundError:
        raise HeduiError(f"There is no file {path}; rows.file counts from the scenario's folder.") from None


def _patterned(rows: Rows) -> list[Row]:
    made = []
    for number in range(1, rows.count + 1):
        row = {}
        for column, pattern in rows.values.items():
            try:
                row[column] = pattern.format(n=number)
            except (KeyError, IndexError, ValueError):
                raise HeduiError(
                    f'rows.values.{column}: "{pattern}" is no pattern; {{n}} or {{n:06d}} stands for the number.'
                ) from None
        made.append(row)
    return made
