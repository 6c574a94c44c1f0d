"""协查台账: requests for help and notices as a workbook; persons are masked, minors like all others."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Final

from hedui.exchange.assist import book
from hedui.exchange.assist.desk import Desk
from hedui.exchange.assist.model import DIRECTIONS, FORMS, LABELS, OPEN, PAIRINGS, RESULTS, Assist
from hedui.reports.content import Column, Figure, Figures, LongTable, Notes, Report, Sheet, Table, Value
from hedui.reports.workbook import write_workbook
from hedui.security.masking import mask_id_number, mask_name

TITLE: Final = "协查与通报台账"
COLUMNS: Final = (
    Column(key="number", title="协查号／通报号", kind="code", width=28),
    Column(key="direction", title="方向", width=8),
    Column(key="form", title="形式", width=8),
    Column(key="topic", title="事项", width=22),
    Column(key="place", title="对方区划", kind="code", width=16),
    Column(key="name", title="姓名（已脱敏）", width=16),
    Column(key="id", title="证件号码（已脱敏）", kind="code", width=24),
    Column(key="opened", title="发起", kind="date", width=13),
    Column(key="due", title="期限", kind="date", width=13),
    Column(key="state", title="状态", width=18),
    Column(key="late", title="超期（工作日）", kind="tally", width=12),
    Column(key="pairing", title="配对", width=10),
    Column(key="result", title="反馈结果", width=14),
)


def write_book(desk: Desk, folder: Path, *, day: dt.date) -> Path:
    """Writes the workbook as of a day; returns its path."""
    everything = book.listed(desk.ledger)
    lines = tuple(_line(desk, one, day) for one in everything)
    details = LongTable(
        name="台账", title=TITLE, columns=COLUMNS, count=len(lines), rows=lambda: iter(lines), empty="没有协查和通报",
        lead="按期限排列；姓名、证件号码已脱敏，内容不列。",
    )  # fmt: skip
    path = folder / f"{TITLE}_{desk.settings.region}_{day:%Y%m%d}.xlsx"
    sheets = (_cover(desk, everything, day), details)
    write_workbook(Report(title=TITLE, organisation=desk.context.site.name, business_date=day, sheets=sheets), path)
    return path


def _cover(desk: Desk, everything: list[Assist], day: dt.date) -> Sheet:
    late = sum(_late(desk, one, day) > 0 for one in everything)
    ended = [one for one in everything if one.answer]
    in_time = sum(not one.answer.get("late") for one in ended)
    figures = Figures(
        title="总体情况",
        figures=(
            Figure(label="全部", value=len(everything), hint="发出和收到"),
            Figure(label="办理中", value=sum(one.state in OPEN for one in everything), hint="期限内和超期"),
            Figure(label="超期", value=late, alarming=bool(late), hint="未反馈或未读"),
            Figure(
                label="按期反馈",
                value=in_time,
                hint=f"已反馈 {len(ended):,} 件" + (f"，{in_time / len(ended):.0%}" if ended else ""),
            ),
        ),
    )
    counts = Counter((one.direction, one.form, str(one.state)) for one in everything)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (DIRECTIONS[direction], FORMS[form], LABELS[state], count) for (direction, form, state), count in sorted(counts.items())
    )
    columns = (
        Column(key="direction", title="方向", span=3),
        Column(key="form", title="形式", span=3),
        Column(key="state", title="状态", span=3),
        Column(key="count", title="件数", kind="int", span=3, total=True),
    )
    table = Table(title="按状态", columns=columns, rows=rows, total="合计")
    terms = tuple(f"{topic.code} {topic.name}：{FORMS[topic.form]}，{topic.days} 个工作日" for topic in desk.settings.topics)
    blocks = (figures, table, Notes(title="事项与期限", lines=terms))
    return Sheet(name="封面", title=TITLE, lead=f"截至 {day:%Y年%m月%d日}", blocks=blocks, grid=(11.5,) * 12, portrait=True)


def _late(desk: Desk, one: Assist, day: dt.date) -> int:
    return desk.context.workdays.age(one.due, day) if one.state in OPEN and one.due < day else 0


def _line(desk: Desk, one: Assist, day: dt.date) -> tuple[Value, ...]:
    topic = desk.settings.topic(one.topic)
    result = str(one.answer.get("result", ""))
    return (
        *(one.number, DIRECTIONS[one.direction], FORMS[one.form], topic.name if topic else one.topic),
        one.receiver if one.direction == "out" else one.sender,
        *(mask_name(one.subject.get("name")), mask_id_number(one.subject.get("id_number"))),
        *(one.opened_on, one.due, LABELS[one.state], _late(desk, one, day)),
        *(PAIRINGS.get(str(one.pairing.get("result", "")), ""), "已读" if result == "read" else RESULTS.get(result, result)),
    )
