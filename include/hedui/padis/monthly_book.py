"""出生人口信息统计表: the monthly table of births of a monitored place as a workbook; a refused one says where the figures differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hedui.padis.monthly import Cell, MonthlyTable
from hedui.padis.names import ORDERS, UNKNOWN, code_labels, month_name, order_of, region_names
from hedui.padis.office import Office
from hedui.padis.windows import month_days
from hedui.reports.content import Block, Column, Facts, Figure, Figures, Notes, Report, Sheet, Table, Value
from hedui.reports.workbook import write_workbook

TITLE = "出生人口信息统计表"
SEXES = (("1", "男"), ("2", "女"))
GRID = (11.5,) * 12

Heading = tuple[str, str, str, Callable[[Cell], bool]]
"""Key, group, title and which cells a column counts."""


def write_table(office: Office, table: MonthlyTable, folder: Path) -> Path:
    """Writes the workbook of a table; returns its path. A refused table has another name, so that nobody hands it on by mistake."""
    refused = table.state == "refused"
    name = f"{TITLE}{'（不予出具）' if refused else ''}_{table.region}_{table.period}.xlsx"
    report = Report(
        title=TITLE,
        organisation=office.settings.sender_name or office.settings.sender,
        business_date=month_days(table.period)[1],
        sheets=(_cover(office, table), *(() if refused else (_sheet(office, table),)), _differences(office, table)),
    )
    path = folder / name
    write_workbook(report, path)
    return path


def _cover(office: Office, table: MonthlyTable) -> Sheet:
    place = region_names(office).get(table.region.ljust(6, "0"), table.region)
    blocks: tuple[Block, ...] = (
        Facts(
            facts=(
                ("结论", "不通过" if table.differences else "通过"),
                ("监测点", f"{place}（{table.region}）"),
                ("月份", month_name(table.period)),
                ("第几次出具", str(table.revision)),
            )
        ),
        Figures(
            title="三方核对",
            figures=(
                Figure(label="明细出生数", value=table.details, hint="出生平台数据"),
                Figure(label="统计表合计", value=table.details, hint="各格相加"),
                Figure(label="已接收出生数", value=table.acknowledged, hint="对方回执"),
                Figure(label="不符的格", value=len(table.differences), alarming=bool(table.differences), hint="为零方可出具"),
            ),
        ),
        Notes(
            title="说明",
            lines=(
                "明细按出生平台的有效出生医学证明计数，已接收数按上报台账中对方已接收的记录计数，两者逐格（区县、性别、出生地点类别、孩次）核对。",
                "任何一格不符，本表不予出具；差异见“差异”表，补报或更正后重新出具。",
                f"各格摘要（SHA-256）　{table.digest}",
            ),
        ),
        Table(
            title="签字",
            columns=tuple(Column(key=name, title=name, span=3) for name in ("编制", "审核", "负责人", "日期")),
            rows=(("", "", "", ""),),
        ),
    )
    return Sheet(name="结论", title=TITLE, lead=f"{place}　{month_name(table.period)}", blocks=blocks, grid=GRID, portrait=True)


def _headings(office: Office, table: MonthlyTable) -> list[Heading]:
    places = code_labels(office, "place_type")
    found: list[Heading] = [("all", "", "合计", lambda cell: True)]
    found += _of(SEXES, "性别", table.cells, lambda cell: cell.sex)
    listed = sorted({cell.place_type for cell in table.cells if cell.place_type})
    found += _of(
        tuple((code, places.get(code, f"类别{code}")) for code in listed), "出生地点", table.cells, lambda cell: cell.place_type
    )
    found += _of(ORDERS, "孩次", table.cells, lambda cell: order_of(cell.birth_order))
    return found


def _of(codes: Sequence[tuple[str, str]], group: str, cells: Iterable[Cell], value: Callable[[Cell], str]) -> list[Heading]:
    """A column for each code, and one for cells without any of them where there are such."""

    def counts(code: str) -> Callable[[Cell], bool]:
        return lambda cell: value(cell) == code

    known = {code for code, _ in codes}
    found: list[Heading] = [(f"{group}{code}", group, label, counts(code)) for code, label in codes]
    if any(value(cell) not in known for cell in cells):
        found.append((f"{group}_", group, UNKNOWN, lambda cell: value(cell) not in known))
    return found


def _sheet(office: Office, table: MonthlyTable) -> Sheet:
    headings, names = _headings(office, table), region_names(office)
    counts: dict[str, Counter[str]] = {}
    for cell in table.cells:
        row = counts.setdefault(cell.region, Counter())
        for key, _, _, fits in headings:
            row[key] += cell.details if fits(cell) else 0
    columns = (
        Column(key="region", title="区县", width=20),
        *(Column(key=key, title=title, kind="int", width=11, group=group, total=True) for key, group, title, _ in headings),
    )
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (f"{code} {names.get(code, '')}".strip(), *(row[key] for key, _, _, _ in headings)) for code, row in sorted(counts.items())
    )
    body = Table(title="", columns=columns, rows=rows, total="合计")
    lead = f"{month_name(table.period)}，按出生日期。各组之和等于合计。"
    return Sheet(name="统计表", title=TITLE, lead=lead, blocks=(body,), summary="按性别、出生地点、孩次")


def _differences(office: Office, table: MonthlyTable) -> Sheet:
    names, places = region_names(office), code_labels(office, "place_type")
    sexes = dict(SEXES)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            f"{cell.region} {names.get(cell.region, '')}".strip(),
            sexes.get(cell.sex, cell.sex or UNKNOWN),
            places.get(cell.place_type, cell.place_type or UNKNOWN),
            cell.birth_order or UNKNOWN,
            cell.details,
            cell.acknowledged,
            cell.details - cell.acknowledged,
        )
        for cell in table.differences
    )
    columns = (
        Column(key="region", title="区县", width=20),
        Column(key="sex", title="性别"),
        Column(key="place", title="出生地点类别", width=16),
        Column(key="order", title="孩次"),
        Column(key="details", title="明细数", kind="int", total=True),
        Column(key="acknowledged", title="已接收数", kind="int", total=True),
        Column(key="difference", title="差", kind="int", total=True),
    )
    body = Table(title="", columns=columns, rows=rows, total="合计", empty="逐格相符")
    return Sheet(name="差异", title="明细与已接收数的差异", lead="只列不符的格。", blocks=(body,), summary=f"{len(rows)} 格不符")
