"""Truth that no night knows by itself: of steps that follow it, each in a file of its own in the shape of ``truth.csv``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from hedui.demo.planting import Expectation
from hedui.demo.writers import csv_text


def write_later_truth(path: Path, truth: Iterable[Expectation]) -> None:
    """Writes lines of the truth, sorted."""
    lines = sorted((asdict(line) for line in truth), key=lambda line: [str(value) for value in line.values()])
    names = list(Expectation.__dataclass_fields__)
    rows = [[_text(line[name]) for name in names] for line in lines]
    path.write_bytes(csv_text([names, *rows]).encode())


def _text(value: object) -> str | None:
    return value.isoformat() if isinstance(value, dt.date) else None if value is None else str(value)
