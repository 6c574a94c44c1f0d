"""出生医学证明年度核销: opening + received − issued − void = closing for every institution, and last year's closing is this year's opening.

Identity and columns are those of the yearly statistics of birth certificates. The figures come as one CSV file that the issuing
institutions' office hands in.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hedui.padis.errors import PadisError
from hedui.reports.content import Column, Figure, Figures, Notes, Report, Sheet, Table, Value
from hedui.reports.workbook import write_workbook

TITLE: Final = "出生医学证明年度核销表"
NUMBERS: Final = ("上年底库存", "当年申领", "签发（机构内）", "签发（机构外）", "废证", "年末库存", "活产数")
HEADER: Final = ("机构编号", "机构名称", "年度", *NUMBERS)


@dataclass(frozen=True, kw_only=True)
class Stock:
    """An institution's year.

    Attributes:
        institution, name: Who.
        year: When.
        opening, received, inside, outside, void, closing: Certificates.
        live_births: 活产数.
        carried: Last year's closing as the file has it; None where it has none.
    """

    institution: str
    name: str
    year: int
    opening: int
    received: int
    inside: int
    outside: int
    void: int
    closing: int
    live_births: int
    carried: int | None = None

    @property
    def expected(self) -> int:
        """What the closing stock must be."""
        return self.opening + self.received - self.inside - self.outside - self.void

    @property
    def problems(self) -> tuple[str, ...]:
        """What does not fit, in Chinese."""
        found = []
        if self.closing != self.expected:
            found.append(f"年末库存应为 {self.expected:,}，相差 {self.closing - self.expected:,}")
        if self.carried is not None and self.carried != self.opening:
            found.append(f"上年底库存与上年年末库存 {self.carried:,} 不符")
        if min(self.opening, self.received, self.inside, self.outside, self.void, self.closing, self.live_births) < 0:
            found.append("有负数")
        if self.inside > self.live_births:
            found.append("机构内签发多于活产数")
        return tuple(found)


def read_stock(path: Path, year: int) -> list[Stock]:
    """The institutions' lines of a year.

    Raises:
        PadisError: The file is not as agreed; the message says in which line.
    """
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        if tuple(reader.fieldnames or ()) != HEADER:
            raise PadisError(f"{path.name}: the header must be {','.join(HEADER)}.")
        rows = [(reader.line_num, row) for row in reader]
    seen: dict[tuple[str, int], list[int]] = {}
    names: dict[str, str] = {}
    for line, row in rows:
        try:
            key, numbers = (row["机构编号"], int(row["年度"])), [int(row[name]) for name in NUMBERS]
        except (TypeError, ValueError):
            raise PadisError(f"{path.name}, line {line}: the year and all figures must be whole numbers.") from None
        if key in seen:
            raise PadisError(f"{path.name}, line {line}: the institution has that year twice.")
        seen[key], names[key[0]] = numbers, row["机构名称"]
    return list(_stocks(seen, names, year))


def _stocks(seen: Mapping[tuple[str, int], list[int]], names: Mapping[str, str], year: int) -> Iterable[Stock]:
    for (institution, at), numbers in sorted(seen.items()):
        if at == year:
            opening, received, inside, outside, void, closing, live = numbers
            before = seen.get((institution, year - 1))
            yield Stock(
                institution=institution, name=names[institution], year=year, opening=opening, received=received, inside=inside,
                outside=outside, void=void, closing=closing, live_births=live, carried=before[5] if before else None,
            )  # fmt: skip


def write_stock(stocks: list[Stock], folder: Path, *, year: int, organisation: str) -> Path:
    """Writes the workbook of a year; returns its path."""
    columns = (
        Column(key="institution", title="机构编号", kind="code", width=16),
        Column(key="name", title="机构名称", width=26),
        *(Column(key=f"n{at}", title=title, kind="int", width=13, total=True) for at, title in enumerate(NUMBERS)),
        Column(key="state", title="结论", kind="state", width=10),
        Column(key="problems", title="说明", width=62),
    )
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            *(
                one.institution,
                one.name,
                one.opening,
                one.received,
                one.inside,
                one.outside,
                one.void,
                one.closing,
                one.live_births,
            ),
            *("不平" if one.problems else "平", "；".join(one.problems)),
        )
        for one in stocks
    )
    wrong = sum(bool(one.problems) for one in stocks)
    figures = Figures(
        title="总体情况",
        figures=(
            Figure(label="机构", value=len(stocks)),
            Figure(label="不平的机构", value=wrong, alarming=bool(wrong)),
            Figure(label="签发", value=sum(one.inside + one.outside for one in stocks)),
            Figure(label="年末库存", value=sum(one.closing for one in stocks)),
        ),
    )
    notes = Notes(
        title="核销关系",
        lines=("上年底库存 ＋ 当年申领 － 签发（机构内、机构外）－ 废证 ＝ 年末库存；上年底库存 ＝ 上年年末库存。",),
    )
    table = Table(title=f"{year} 年", columns=columns, rows=rows, total="合计")
    sheet = Sheet(name="核销表", title=TITLE, lead=f"{year} 年度", blocks=(figures, table, notes))
    path = folder / f"{TITLE}_{year}.xlsx"
    write_workbook(Report(title=TITLE, organisation=organisation, business_date=dt.date(year, 12, 31), sheets=(sheet,)), path)
    return path
