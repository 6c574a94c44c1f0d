"""One list of made-up persons, sent by every carrier: what the sources of ``include/sites/carriers`` read."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import openpyxl

from hedui.batches.receipts import package
from hedui.demo.world import build_world
from hedui.engine import connect
from hedui.engine import literal as quoted

DATE: Final = dt.date(2026, 6, 3)
AGENCY: Final = "990100"
CODES: Final = ("AAC001", "AAC147", "AAC003", "AAC004", "AAC006", "AAB301")
LABELS: Final = ("人员编号", "证件号码", "姓名", "性别", "出生日期", "行政区划")
WIDTHS: Final = (12, 18, 30, 1, 8, 6)
SEXES: Final = {"1": "男", "2": "女"}
ORACLE_TABLE: Final = """CREATE TABLE ry_ac01 (
    aac001 VARCHAR2(12), aac147 VARCHAR2(18), aac003 VARCHAR2(90), aac004 CHAR(1), aac006 NUMBER(8), aab301 VARCHAR2(6),
    ksrq DATE, jsrq DATE)"""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person of the list, as the canonical row says it."""

    person_no: str
    id_number: str
    name: str
    sex: str
    birth_date: dt.date
    region: str

    def cells(self, *, dates: str = "%Y%m%d", words: bool = False) -> tuple[str, ...]:
        """The person's values as a sender writes them: dates in a form, the sex as a code or a word."""
        sex = SEXES[self.sex] if words else self.sex
        return (self.person_no, self.id_number, self.name, sex, self.birth_date.strftime(dates), self.region)


def people(*, persons: int, seed: int) -> list[Person]:
    """Persons of the demo's population, without any anomaly."""
    with connect() as connection:
        build_world(connection, persons=persons, seed=seed)
        rows = connection.execute("SELECT i, id_number, name, sex, birth_date, district FROM base_person ORDER BY i").fetchall()
    return [
        Person(person_no=f"R{i:07d}", id_number=number, name=name, sex=sex, birth_date=born, region=f"9901{district:02d}")
        for i, number, name, sex, born, district in rows
    ]


def deliver(persons: Sequence[Person], out: Path, *, date: dt.date = DATE) -> list[str]:
    """Writes the list by every carrier: files below ``out``, ``exchange/`` for servers, and ``oracle.sql``.

    Returns:
        The paths below ``out``, a marker always behind what it completes.
    """
    day = f"{date:%Y%m%d}"
    files = {
        f"gz/ry_{day}.csv.gz": _gz(persons),
        f"zip/RY_{day}.zip": _zip(persons),
        **{f"xml/{day}/SBF_RYXX101_{AGENCY}{name[:6]}{day}{at:06d}.xml": body for at, (name, body) in _packets(persons, date)},
        f"fixed/RY_{day}.dat": _fixed(persons, date),
        f"xlsx/人员_{day}.xlsx": _xlsx(persons),
        f"txt/110_{AGENCY}_{day}_013000.txt": _lines(persons, header=LABELS, counted=True, words=True),
        f"exchange/sftp/{day}/RY_001.txt": _lines(persons, header=CODES),
        f"exchange/sftp/{day}/RY_001.txt.ok": b"",
        **{f"exchange/s3/{day}/RY_{at:03d}.xml": body for at, (_, body) in _packets(persons, date)},
        f"exchange/s3/{day}/_SUCCESS": b"",
        "oracle.sql": ";\n".join([*oracle_statements(persons), ""]).encode(),
    }
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    return list(files)


def oracle_statements(persons: Sequence[Person]) -> list[str]:
    """The table and its rows; one of them ended before the date, so that reading as of it leaves it out."""
    ended = "'R0', '99', '已终止', '1', 19600101, '990101', DATE '2000-01-01', DATE '2026-06-03'"
    rows = [
        ", ".join([*map(quoted, cells[:4]), cells[4], quoted(cells[5]), "DATE '2000-01-01'", "NULL"])
        for cells in (person.cells() for person in persons)
    ]
    return [ORACLE_TABLE, *(f"INSERT INTO ry_ac01 VALUES ({row})" for row in [ended, *rows])]


def _lines(persons: Sequence[Person], *, header: Sequence[str], counted: bool = False, words: bool = False) -> bytes:
    lines = [str(len(persons))] if counted else []
    lines += ["|".join(header), *("|".join(person.cells(words=words)) for person in persons)]
    return "\n".join([*lines, ""]).encode("gb18030")


def _gz(persons: Sequence[Person]) -> bytes:
    lines = [",".join(LABELS), *(",".join(person.cells(dates="%Y-%m-%d", words=True)) for person in persons)]
    return gzip.compress("\r\n".join([*lines, ""]).encode("utf-8-sig"), mtime=0)


def _zip(persons: Sequence[Person]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for region in sorted({person.region for person in persons}):
            part = [person for person in persons if person.region == region]
            archive.writestr(zipfile.ZipInfo(f"人员_{region}.txt", (2026, 1, 1, 0, 0, 0)), _lines(part, header=LABELS, words=True))
    return target.getvalue()


def _packets(persons: Sequence[Person], date: dt.date) -> Iterator[tuple[int, tuple[str, bytes]]]:
    """Two packets with their numbers."""
    half = (len(persons) + 1) // 2
    for at, part in enumerate((persons[:half], persons[half:]), start=1):
        number = f"RY{at:04d}{date:%Y%m%d}"
        head = {"SJBBH": number, "SJBLX": "RYXX101", "SFCF": "0", "JGBS": AGENCY, "JLS": str(len(part)), "SCRQ": f"{date:%Y%m%d}"}
        yield at, (number, package(head, [dict(zip(CODES, person.cells(), strict=True)) for person in part]))


def _fixed(persons: Sequence[Person], date: dt.date) -> bytes:
    records = [
        b"".join(cell.encode("gb18030").ljust(width) for cell, width in zip(person.cells(), WIDTHS, strict=True))
        for person in persons
    ]
    return b"\r\n".join([f"H{date:%Y%m%d}".encode(), *records, f"T{len(persons):010d}".encode(), b""])


def _xlsx(persons: Sequence[Person]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("人员")
    sheet.append(["参保人员名单"])
    sheet.append(list(LABELS))
    for person in persons:
        number, id_number, name, sex, _, region = person.cells(words=True)
        sheet.append([number, id_number, name, sex, person.birth_date, region])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
