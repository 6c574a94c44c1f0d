"""流动人口与健康档案比对: who of the floating population has a health record, and where the two do not agree; a masked workbook."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hedui import engine
from hedui.context import Context
from hedui.errors import LakeError
from hedui.reports.content import Column, Figure, Figures, LongTable, Notes, Report, Sheet, Table, Value
from hedui.reports.workbook import write_workbook
from hedui.security.masking import mask_birth_date, mask_id_number, mask_name

TITLE: Final = "流动人口与健康档案比对"
DIFFERENCES: Final = ("姓名", "性别", "出生日期", "区划")


@dataclass(frozen=True, kw_only=True)
class Person:
    """A floating person beside their health records.

    Attributes:
        id_number, name, birth_date, county, inflow_date: As the floating population's source has them; personal.
        records: Health records with the same id number.
        differs: In what the latest of them differs.
    """

    id_number: str
    name: str
    birth_date: dt.date | None
    county: str
    inflow_date: dt.date | None
    records: int
    differs: tuple[str, ...]


def compare(context: Context, *, date: dt.date, floating: str, health: str) -> list[Person]:
    """Puts the two sources' rows of a business date side by side.

    Args:
        context: The step's surroundings.
        date: Business date.
        floating: Source of the floating population.
        health: Source of the health records.

    Raises:
        LakeError: One of them has not delivered.
    """
    relations = {
        name: engine.parquet(context.lake.files(context.canonical(dataset, source, date)))
        for name, dataset, source in (("floating", "floating_person", floating), ("health", "health_record", health))
    }
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        rows = duck.execute(engine.render("exchange/floating_health.sql", **relations)).fetchall()
    return [
        Person(
            id_number=row[0] or "", name=row[1] or "", birth_date=row[2], county=row[3], inflow_date=row[4], records=int(row[5]),
            differs=tuple(label for label, differs in zip(DIFFERENCES, row[6:], strict=True) if differs),
        )
        for row in rows
    ]  # fmt: skip


def sources(context: Context) -> tuple[str, str]:
    """The site's source of the floating population and that of health records.

    Raises:
        LakeError: It has none.
    """
    found = [next((one.id for one in context.site.sources_of(dataset)), "") for dataset in ("floating_person", "health_record")]
    if not all(found):
        raise LakeError("The site has no source of floating_person or of health_record; add them under sources/.")
    return found[0], found[1]


def write_comparison(context: Context, folder: Path, *, date: dt.date) -> Path:
    """Writes the workbook of a business date; returns its path."""
    floating, health = sources(context)
    people = compare(context, date=date, floating=floating, health=health)
    report = Report(
        title=TITLE, organisation=context.site.name, business_date=date, sheets=(_cover(context, people, date), _list(people, date))
    )
    path = folder / f"{TITLE}_{date:%Y%m%d}.xlsx"
    write_workbook(report, path)
    return path


def _cover(context: Context, people: list[Person], date: dt.date) -> Sheet:
    names = {region.code: region.name for region in context.site.regions}
    total, held = Counter(one.county for one in people), Counter(one.county for one in people if one.records)
    differ = Counter(one.county for one in people if one.differs)
    several = Counter(one.county for one in people if one.records > 1)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            f"{county} {names.get(county, '')}".strip() or "（无区划）",
            *(total[county], held[county], total[county] - held[county], held[county] / total[county]),
            *(several[county], differ[county]),
        )
        for county in sorted(total)
    )
    columns = (
        Column(key="county", title="现居区县", span=2),
        Column(key="total", title="流动人口", kind="int", span=2, total=True),
        Column(key="held", title="已建档", kind="int", span=2, total=True),
        Column(key="missing", title="未建档", kind="int", span=2, total=True),
        Column(key="share", title="建档率", kind="percent", span=2),
        Column(key="several", title="重复建档", kind="tally", span=2, total=True),
        Column(key="differ", title="要素不符", kind="tally", span=2, total=True),
    )
    without = len(people) - sum(held.values())
    figures = Figures(
        title="总体情况",
        figures=(
            Figure(label="流动人口", value=len(people)),
            Figure(label="已建档", value=sum(held.values()), hint=f"{sum(held.values()) / len(people):.1%}" if people else ""),
            Figure(label="未建档", value=without, alarming=bool(without)),
            Figure(label="要素不符", value=sum(differ.values()), hint="四项要素有一项不符"),
        ),
    )
    notes = Notes(
        title="口径",
        lines=("按证件号码匹配；一人多份档案的取最近建档的一份比对。", "只看流动人口一侧：本地户籍居民的健康档案不列。"),
    )
    blocks = (figures, Table(title="按区县", columns=columns, rows=rows, total="合计"), notes)
    return Sheet(name="封面", title=TITLE, lead=f"{date:%Y年%m月%d日}", blocks=blocks, grid=(11.5,) * 14)


def _list(people: list[Person], date: dt.date) -> LongTable:
    wanted = [one for one in people if not one.records or one.records > 1 or one.differs]
    lines: tuple[tuple[Value, ...], ...] = tuple(
        (
            *(one.county, mask_name(one.name), mask_id_number(one.id_number), mask_birth_date(one.birth_date, at=date)),
            *(
                one.inflow_date,
                "未建档" if not one.records else f"{one.records} 份" if one.records > 1 else "",
                "、".join(one.differs),
            ),
        )
        for one in wanted
    )
    columns = (
        Column(key="county", title="现居区县", kind="code", width=14),
        Column(key="name", title="姓名（已脱敏）", width=16),
        Column(key="id", title="证件号码（已脱敏）", kind="code", width=24),
        Column(key="birth", title="出生（已脱敏）", width=16),
        Column(key="inflow", title="流入日期", kind="date", width=14),
        Column(key="records", title="档案", width=12),
        Column(key="differs", title="不符要素", width=28),
    )
    lead = "未建档、重复建档和要素不符的人员；已脱敏，未成年人只列出生年份。"
    return LongTable(
        name="名单", title="名单", lead=lead, columns=columns, count=len(lines), rows=lambda: iter(lines), empty="没有"
    )
