"""Packs half-yearly code tables into one history file, and writes gzip without a clock, so that equal content has equal bytes."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hedui.regions.files import HISTORY_COLUMNS
from hedui.regions.model import Region, Table


def history(tables: Sequence[Table]) -> list[dict[str, str]]:
    """Rows (code, name, level, parent, first, last): each run of neighbouring tables that show the same row is one line."""
    ordered = sorted(tables, key=lambda item: item.date)
    open_rows: dict[str, tuple[Region, str]] = {}
    done: list[dict[str, str]] = []
    for number, item in enumerate(ordered):
        day, before = item.date.isoformat(), ordered[number - 1].date.isoformat() if number else ""
        for code, (region, first) in list(open_rows.items()):
            if item.rows.get(code) != region:
                done.append(_line(region, first, before))
                del open_rows[code]
        for code, region in item.rows.items():
            open_rows.setdefault(code, (region, day))
    done += [_line(region, first, ordered[-1].date.isoformat()) for region, first in open_rows.values()]
    return sorted(done, key=lambda row: (row["code"], row["first"]))


def _line(region: Region, first: str, last: str) -> dict[str, str]:
    values = (region.code, region.name, region.level, region.parent, first, last)
    return dict(zip(HISTORY_COLUMNS, values, strict=True))


def csv_bytes(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> bytes:
    """Rows as UTF-8 CSV with line feeds."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def write(path: Path, content: bytes) -> None:
    """Writes a file; a name that ends in ``.gz`` is packed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)
