"""Puts a report's workbook together: the cover with an index, both totals, a sheet each, the list behind, 口径说明."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hedui import __version__
from hedui.reports.cells import yuan
from hedui.reports.content import Block, Column, Facts, Figure, LongTable, Notes, Report, Sheet, Table
from hedui.reports.content import Figures as Headlines
from hedui.statistics.figures import Figures
from hedui.statistics.model import ALL
from hedui.statistics.names import Labels
from hedui.statistics.periods import NAMES
from hedui.statistics.suppress import FEW, SMALL, WITHHELD, Hidden
from hedui.statistics.tables import charts, tables, total_places

COVER: Final = "封面"
DEFINITIONS: Final = "口径说明"
GRID: Final = (11.5,) * 12
MAX_NAME: Final = 31
DATES_SHOWN: Final = 6
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What a report is made of.

    Attributes:
        figures: Its figures.
        rows: Names of its rows.
        sheets: Names of its sheets.
        organisation: 编制单位.
        sources: Names of the sources by id.
        details: The list behind it; None: there is none, or it does not leave the agency.
        hidden: What must not be seen, where the edition leaves the agency.
    """

    figures: Figures
    rows: Labels
    sheets: Labels
    organisation: str
    sources: Mapping[str, str]
    details: LongTable | None = None
    hidden: Hidden | None = None

    @property
    def title(self) -> str:
        """The report's title with its period's kind."""
        return f"{self.figures.definition.title}（{NAMES[self.figures.inputs.period.cycle]}）"


def make_report(edition: Edition) -> Report:
    """The workbook's content."""
    figures = edition.figures
    sheets: list[Sheet | LongTable] = [_by_sheet(edition), _by_row(edition), *_each(edition)]
    sheets += [edition.details] if edition.details else []
    sheets.append(_definitions(edition))
    return Report(
        title=edition.title,
        organisation=edition.organisation,
        business_date=figures.inputs.period.end,
        period=figures.inputs.period.label,
        sheets=(_cover(edition, sheets), *sheets),
        protect=edition.hidden is not None,
    )


def summary_sheets(edition: Edition) -> tuple[str, ...]:
    """The sheets for people who only look: both totals."""
    return tuple(f"按{labels.dimension.label}汇总" for labels in (edition.sheets, edition.rows))


def _by_sheet(edition: Edition) -> Sheet:
    figures, label = edition.figures, edition.sheets.dimension.label
    places, _ = total_places(figures)
    drawn = tables(figures, places, (ALL, ALL), labels=edition.sheets, axis=1, hidden=edition.hidden)
    shown = () if edition.hidden else charts(figures, len(places))
    return Sheet(
        name=f"按{label}汇总",
        title=f"{figures.definition.title}：按{label}汇总",
        blocks=(*drawn, *shown),
        summary=f"{len(places)} 个{label}，全部{edition.rows.dimension.label}",
    )


def _by_row(edition: Edition) -> Sheet:
    figures, label = edition.figures, edition.rows.dimension.label
    _, places = total_places(figures)
    drawn = tables(figures, places, (ALL, ALL), labels=edition.rows, axis=0, hidden=edition.hidden)
    shown = () if edition.hidden else charts(figures, len(places))
    return Sheet(
        name=f"按{label}汇总",
        title=f"{figures.definition.title}：按{label}汇总",
        blocks=(*drawn, *shown),
        summary=f"{len(places)} 个{label}，全部{edition.sheets.dimension.label}",
    )


def _each(edition: Edition) -> list[Sheet]:
    figures, made, used = edition.figures, [], set()
    for key in figures.sheets:
        label = edition.sheets[key]
        places = [(row, key) for row in figures.rows]
        name = _FORBIDDEN.sub("", label)[:MAX_NAME]
        name = name if name not in used else f"{name[: MAX_NAME - 6]}{key[:6]}"
        used.add(name)
        drawn = tables(figures, places, (ALL, key), labels=edition.rows, axis=0, hidden=edition.hidden)
        made.append(Sheet(name=name, title=f"{figures.definition.title}：{label}", blocks=drawn, summary=label))
    return made


def _cover(edition: Edition, sheets: Sequence[Sheet | LongTable]) -> Sheet:
    figures = edition.figures
    period = figures.inputs.period
    codes = f"重述到 {figures.restated:%Y-%m-%d} 版" if figures.restated else "当期原口径"
    blocks: list[Block] = [
        Facts(
            facts=(
                ("编制单位", edition.organisation),
                ("报表期", period.label),
                ("起止日期", f"{period.start:%Y-%m-%d} 至 {period.end:%Y-%m-%d}"),
                ("金额单位", "元（内部以分计算，逐分核对）"),
                ("区划口径", codes),
                ("发布范围", "对外（小单元格已隐去）" if edition.hidden else "内部"),
                ("程序版本", __version__),
                ("数据情况", "不全，见下" if figures.inputs.missing else "齐全"),
            )
        )
    ]
    headlines = _headlines(edition)
    if headlines:
        blocks.append(Headlines(title="总体情况", figures=headlines))
    lines = incomplete(edition)
    if lines:
        blocks.append(Notes(title="请先看", lines=tuple(lines), numbered=True))
    blocks.append(_index(sheets))
    lead = " ".join(NAMES[period.cycle])
    return Sheet(name=COVER, title=figures.definition.title, lead=f"统 计 {lead}", blocks=tuple(blocks), grid=GRID, portrait=True)


def _headlines(edition: Edition) -> tuple[Figure, ...]:
    figures = edition.figures
    made = []
    for key in figures.definition.headlines:
        measure = figures.definition.by_key[key]
        if edition.hidden and edition.hidden.shown(measure, (ALL, ALL)):
            continue
        value = figures.value(measure, (ALL, ALL))
        money = measure.kind == "money"
        label = "·".join(part for part in (measure.group, measure.label) if part)
        made.append(Figure(label=f"{label}（元）" if money else label, value=int(value or 0), kind="money" if money else "int"))
    return tuple(made)


def summary_lines(edition: Edition) -> list[str]:
    """The headline figures and what is missing, for messages."""
    lines = []
    for figure in _headlines(edition):
        value = f"{yuan(figure.value or 0):,}" if figure.kind == "money" else f"{figure.value or 0:,}"
        lines.append(f"{figure.label}：{value}")
    return lines + incomplete(edition)


def incomplete(edition: Edition) -> list[str]:
    """What is not there of the period, in sentences."""
    from hedui.canonical.schemas import dataset

    lines = []
    for (name, source), dates in sorted(edition.figures.inputs.missing.items()):
        spec = dataset(name)
        if spec.kind == "snapshot":
            lines.append(f"{spec.label}（{edition.sources[source]}）：本期没有快照。")
            continue
        shown = "、".join(f"{date:%m-%d}" for date in dates[:DATES_SHOWN])
        more = f" 等 {len(dates)} 日" if len(dates) > DATES_SHOWN else ""
        lines.append(f"{spec.label}（{edition.sources[source]}）：{shown}{more} 应到而没有数据，本期数字不含这些日期。")
    missing = [back for back, cells in edition.figures.prior.items() if cells is None]
    if missing:
        lines.append(f"没有{'、'.join(BACKS[back] for back in missing)}的数据，相应各列为“—”。")
    return lines


def _index(sheets: Sequence[Sheet | LongTable]) -> Table:
    rows: list[tuple[str, str, str]] = []
    for sheet in sheets:
        rows.append((sheet.name, sheet.title, sheet.summary))
        if isinstance(sheet, LongTable):
            rows += [(sheet.sheet_name(number), sheet.title, "续页") for number in range(1, sheet.sheets)]
    columns = (
        Column(key="sheet", title="工作表", kind="link", span=3),
        Column(key="title", title="内容", kind="wrap", span=6),
        Column(key="summary", title="提要", kind="wrap", span=3),
    )
    return Table(title="目录", columns=columns, rows=tuple(rows), id="index")


BACKS: Final = {"period": "上期（环比）", "year": "上年同期（同比）"}
GENERAL: Final = (
    "数据来自各来源原样接收并规范化后的快照（见下表），不含不能转换而被拒收的行；流水类取报表期内各业务日期，人员、单位、参保类取期末最近一日。",
    "户数、人数在每一行、每一合计中各自去重：同一人在两处参保，两行各计一次，合计只计一次，差额列于“减：重复计入”。",
    "比率列右侧或左侧同表列出其分子、分母；分母为零或没有对照期数据的，以“—”表示。",
    "环比与上一个同类报表期比，同比与上年同期比；对照期按现行口径用当时的数据重新计算。",
)


def _definitions(edition: Edition) -> Sheet:
    figures = edition.figures
    notes = [*figures.definition.notes, *GENERAL, *_conditional_notes(edition)]
    rates = tuple(
        (measure.label if not measure.group else f"{measure.group}·{measure.label}", *(_full(figures, key) for key in measure.of))
        for measure in figures.definition.measures
        if measure.kind in ("rate", "change")
    )
    rate_table = Table(
        title="比率的分子与分母",
        columns=(
            Column(key="rate", title="比率", span=4),
            Column(key="above", title="分子（增减率：本期）", span=4),
            Column(key="below", title="分母（增减率：对照期）", span=4),
        ),
        rows=rates,
        id="rates",
    )
    from hedui.canonical.schemas import dataset

    snapshots = Table(
        title="数据快照",
        columns=(
            Column(key="dataset", title="数据集", span=2),
            Column(key="source", title="来源", span=2),
            Column(key="date", title="业务日期", kind="date", span=1),
            Column(key="rows", title="行数", kind="int", span=1),
            Column(key="digest", title="内容摘要（SHA-256）", kind="code", span=5),
            Column(key="version", title="区划版本", kind="text", span=1),
        ),
        rows=tuple(
            (dataset(i.dataset).label, edition.sources[i.source], i.date, i.rows, i.digest, str(i.version or "—"))
            for i in figures.inputs.found
        ),
        id="inputs",
    )
    return Sheet(
        name=DEFINITIONS,
        title=f"{figures.definition.title}：口径说明",
        blocks=(Notes(title="定义", lines=tuple(notes), numbered=True), rate_table, snapshots),
        grid=GRID,
        summary="定义、分子分母、数据快照与程序版本",
    )


def _conditional_notes(edition: Edition) -> list[str]:
    notes = [f"程序版本 {__version__}；报表定义 {edition.figures.report}。"]
    if edition.figures.estimated:
        shown = "、".join(edition.rows[key] for key in sorted(edition.figures.estimated))
        notes.append(f"区划拆分的，数字按权重估算：{shown}；没有权重的部分留在原代码的“未分配”行，各合计不变。")
    for back, table in edition.figures.compared.items():
        notes.append(f"{BACKS[back]}的区划代码早于本期，已按 {table:%Y-%m-%d} 版区划重述后与本期比较；拆分的按权重估算。")
    if edition.hidden:
        notes.append(
            f"对外版本：少于 {SMALL} 户、人或笔的数字以“{FEW}”代替，其金额、比率以及能由合计推算的数字以“{WITHHELD}”隐去。"
        )
    return notes


def _full(figures: Figures, key: str) -> str:
    measure = figures.definition.by_key[key]
    return "·".join(part for part in (measure.group, measure.label) if part)
