"""Writing what the five feeds deliver each day: XML packets, text in a ZIP with a count line, text, a workbook.

A feed's columns are named by the identifiers or the labels of the canonical fields; the birth platform knows the time of the birth alone.
"""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hedui.canonical.schemas import Field, dataset
from hedui.demo.births.families import Births
from hedui.demo.packet_files import package
from hedui.demo.planting import DATES
from hedui.demo.writers import csv_text, write_xlsx

FOLDERS: Final = ("chusheng", "shengyu", "gongan", "jiankang", "liudong")
CHILDREN: Final = ("certificate_no", "child_name", "sex", "birth_date", "mother_name", "mother_id_number", "birth_order")
"""What the registrations' list of children has of a birth."""

SEX: Final = {"1": "男", "2": "女"}


def write_births(out: Path, births: Births) -> dict[str, int]:
    """Writes all files below ``out``.

    Returns:
        Rows by feed and table, over all dates.
    """
    rows: dict[str, int] = {}
    for day, date in enumerate(DATES):
        stamp = f"{date:%Y%m%d}"
        police = {
            table: _text(_lines(births, day, "gongan", name, plain=True), out / f"gongan/GA_{table}_{stamp}.txt", "gb18030", "|")
            for table, name in (("CSLH", "household"), ("SWZX", "death"))
        }
        tables = {("gongan", table): count for table, count in police.items()} | {
            ("chusheng", "CSYXZM"): _certificates(births, day, out / f"chusheng/CS_CSYXZM_{stamp}.xml"),
            ("shengyu", "SYDJ"): _zipped(
                _lines(births, day, "shengyu", "fertility_registration"), out / "shengyu", f"SYDJ_{stamp}"
            ),
            ("shengyu", "ZNXX"): _zipped(_lines(births, day, "shengyu", "birth", CHILDREN), out / "shengyu", f"ZNXX_{stamp}"),
            ("jiankang", "JKDA"): _text(_records(births, day), out / f"jiankang/JKDA_{stamp}.csv", "utf-8-sig", ","),
            ("liudong", "流动人口"): _workbook(
                _lines(births, day, "liudong", "floating_person"), out / f"liudong/流动人口_{stamp}.xlsx"
            ),
        }
        for (source, table), count in tables.items():
            rows[f"{source}.{table}"] = rows.get(f"{source}.{table}", 0) + count
    return rows


def _rows(births: Births, day: int, source: str, name: str) -> list[dict[str, Any]]:
    found = [record.at(day) for record in births.records if (record.source, record.dataset) == (source, name)]
    return [values for values in found if values is not None]


def _cell(value: Any, *, plain: bool = False) -> str | None:
    """A value as feeds write it; ``plain``: days without hyphens."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.strftime("%Y%m%d%H%M%S")
    if isinstance(value, dt.date):
        return value.strftime("%Y%m%d" if plain else "%Y-%m-%d")
    return str(value)


def _certificates(births: Births, day: int, path: Path) -> int:
    fields = [field for field in dataset("birth").fields.values() if field.name != "birth_date"]
    rows = _rows(births, day, "chusheng", "birth")
    records = [{field.identifier: _cell(row[field.name], plain=True) or "" for field in fields} for row in rows]
    head = {"SJBBH": f"CS{DATES[day]:%Y%m%d}0001", "SJBLX": "CSYXZM", "SFCF": "0", "DWMC": "和对市妇幼保健院", "JGBS": "990100"}
    head |= {"JLS": str(len(records)), "SCRQ": f"{DATES[day]:%Y%m%d}"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(package(head, records, encoding="UTF-8"))
    return len(records)


def _lines(
    births: Births, day: int, source: str, name: str, names: Sequence[str] = (), *, plain: bool = False
) -> list[list[str | None]]:
    """Header and rows; the header has labels, in ``plain`` files identifiers."""
    rows = _rows(births, day, source, name)
    known = dataset(name).fields
    fields: list[Field] = [known[field] for field in names or [field for field in known if any(field in row for row in rows)]]
    header: list[str | None] = [field.identifier if plain else field.label for field in fields]
    return [header, *([_cell(row.get(field.name), plain=plain) for field in fields] for row in rows)]


def _records(births: Births, day: int) -> list[list[str | None]]:
    """Health records, which write men and women out."""
    header, *rows = _lines(births, day, "jiankang", "health_record")
    place = header.index("性别")
    return [header, *([*row[:place], SEX[str(row[place])], *row[place + 1 :]] for row in rows)]


def _text(lines: list[list[str | None]], path: Path, encoding: str, separator: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(lines, separator=separator).encode(encoding))
    return len(lines) - 1


def _zipped(lines: list[list[str | None]], folder: Path, name: str) -> int:
    """A ZIP with a text file: the number of records, the header, the records."""
    entry = zipfile.ZipInfo(f"{name}.txt", date_time=(2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.zip.partial"
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, f"{len(lines) - 1}\n" + csv_text(lines))
    os.replace(partial, folder / f"{name}.zip")
    return len(lines) - 1


def _workbook(lines: list[list[str | None]], path: Path) -> int:
    write_xlsx(path, sheet="流动人口", rows=lines)
    return len(lines) - 1
