"""封面: what arrived, what ran, how bad it is, what to look at first, where to find it."""

from __future__ import annotations

from collections.abc import Sequence

from hedui.reports.cells import yuan
from hedui.reports.content import Block, Column, Facts, Figure, Figures, LongTable, Notes, Sheet, Table
from hedui.reports.night import ComparisonNight, Night, SourceNight
from hedui.reports.sections import names

GRID = (11.5,) * 12


def cover(night: Night, sheets: Sequence[Sheet | LongTable]) -> Sheet:
    """The cover, with an index of ``sheets``."""
    date = f"{night.business_date:%Y年%m月%d日}"
    blocks: tuple[Block, ...] = (
        Facts(
            facts=(
                ("编制单位", night.organisation),
                ("业务日期", date),
                ("报表期", f"{date}（日报）"),
                ("金额单位", "元（内部以分计算，逐分核对）"),
                ("站点", night.site),
                ("程序版本", night.code_version),
            )
        ),
        Figures(title="总体情况", figures=_figures(night)),
        Notes(title="请先看", lines=tuple(look_first(night)), numbered=True),
        _sources(night.sources),
        _comparisons(night.comparisons),
        _index(sheets),
        Notes(
            title="",
            lines=("本报表默认脱敏：姓名、证件号码等个人信息已遮盖；明细全量见同目录的 Parquet 与 CSV 文件。",),
        ),
    )
    return Sheet(name=names.COVER, title=night.title, lead="对 账 日 报", blocks=blocks, grid=GRID, portrait=True)


def _figures(night: Night) -> tuple[Figure, ...]:
    cases = night.cases
    return (
        Figure(
            label="未结差异（件）",
            value=cases.open,
            hint=f"另有在途 {cases.waiting:,}、豁免 {cases.exempt:,}",
        ),
        Figure(label="其中阻断和错误", value=cases.severe, hint="应优先处置", alarming=cases.severe > 0),
        Figure(label="本期新增", value=cases.opened, hint="首次出现" if not cases.carried else f"另沿用上夜 {cases.carried:,} 件"),
        Figure(label="本期消除", value=cases.cleared, hint="数据中已不再出现"),
        Figure(label="重新出现", value=cases.reopened, hint="曾消除又出现", alarming=cases.reopened > 0),
        Figure(label="涉及金额（元）", value=cases.amount_fen, kind="money", hint="不含在途、跨日和汇总类"),
    )


def look_first(night: Night) -> list[str]:
    """At most seven sentences, the most urgent first; one calm sentence where nothing is urgent."""
    urgent = [*_missing_lines(night), *_total_lines(night), *_kind_lines(night)]
    lines = [*urgent, *_cause_lines(night), *_age_lines(night), *_rejected_lines(night)]
    return lines[:7] or ["各来源均已到达，各项比对相符，本期没有需要优先处理的事项。"]


def _missing_lines(night: Night) -> list[str]:
    lines = []
    for source in night.sources:
        if source.arrived is False:
            skipped = [c.name for c in night.comparisons if not c.ran and source.name in c.reason]
            effect = f"；受其影响未比对：{'、'.join(skipped)}" if skipped else ""
            lines.append(f"来源“{source.name}”（{source.agency}）本期数据缺失{effect}。")
    return lines


def _rejected_lines(night: Night) -> list[str]:
    sources = [source for source in night.sources if source.rejected]
    if not sources:
        return []
    each = "、".join(f"{source.name} {source.rejected:,} 行" for source in sources)
    return [f"有不能转换而被拒收的行：{each}，需发送方重报。"]


def _total_lines(night: Night) -> list[str]:
    lines = []
    for flow in night.flows:
        unbalanced = [group for group in flow.groups if group.state == "不平"]
        if unbalanced:
            money = sum(abs(group.open_fen) for group in unbalanced)
            lines.append(
                f"“{flow.name}”总额不平 {len(unbalanced):,} 组，剔除在途后差额合计（绝对值）{yuan(money):,} 元，见“{names.TOTALS}”。"
            )
    return lines


def _kind_lines(night: Night) -> list[str]:
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for item in night.kinds:
        if item.severity in ("block", "error") and item.kind not in ("TOTAL", "COUNT", "ARRIVAL"):
            number, money = counts.get((item.rule, item.rule_name), (0, 0))
            counts[item.rule, item.rule_name] = (number + item.findings, money + item.amount_fen)
    heaviest = sorted(counts.items(), key=lambda entry: (-entry[1][1], -entry[1][0], entry[0]))[:2]
    return [
        f"规则 {rule} {name}：{number:,} 条" + (f"，涉及 {yuan(money):,} 元" if money else "") + f"，见“{names.KINDS_SHEET}”。"
        for (rule, name), (number, money) in heaviest
    ]


def _cause_lines(night: Night) -> list[str]:
    if not night.causes or night.causes[0].findings < 2:
        return []
    cause = night.causes[0]
    place = "、".join(part for part in (cause.region, cause.unit) if part)
    where = f"（{place}）" if place else ""
    what = cause.change if cause.field == "—" else f"{cause.field} {cause.change}"
    return [f"最大的共同原因：{cause.comparison}，{what}{where}，解释 {cause.findings:,} 条差异，见“{names.CAUSES}”。"]


def _age_lines(night: Night) -> list[str]:
    old = sum(age.cases for age in night.ages if age.bucket >= 3)
    return [f"有 {old:,} 件差异超过 15 个工作日未结，见“{names.AGEING}”。"] if old else []


def _sources(sources: Sequence[SourceNight]) -> Table:
    columns = (
        Column(key="name", title="数据来源", span=2),
        Column(key="agency", title="单位", span=3),
        Column(key="state", title="状态", kind="state"),
        Column(key="rows", title="收到行数", kind="int", total=True),
        Column(key="rejected", title="拒收行数", kind="int", total=True),
        Column(key="datasets", title="数据集（行数）", kind="wrap", span=4),
    )
    rows = tuple(
        (
            source.name,
            source.agency,
            {True: "已到", False: "缺失", None: "未抽取"}[source.arrived],
            source.rows if source.arrived else None,
            source.rejected if source.arrived else None,
            "；".join(f"{label} {rows:,}" for label, rows in source.datasets) or "—",
        )
        for source in sources
    )
    return Table(title="数据来源", columns=columns, rows=rows, total="合计", id="sources")


def _comparisons(comparisons: Sequence[ComparisonNight]) -> Table:
    columns = (
        Column(key="name", title="比对", span=3),
        Column(key="state", title="状态", kind="state"),
        Column(key="findings", title="差异（条）", kind="int", total=True),
        Column(key="amount", title="涉及金额（元）", kind="diff", span=2, total=True),
        Column(key="reason", title="说明", kind="wrap", span=5),
    )
    rows = tuple(
        (
            comparison.name,
            "已比对" if comparison.ran else "未比对",
            comparison.findings if comparison.ran else None,
            comparison.amount_fen if comparison.ran else None,
            comparison.reason,
        )
        for comparison in comparisons
    )
    return Table(title="比对情况", columns=columns, rows=rows, total="合计", id="comparisons")


def _index(sheets: Sequence[Sheet | LongTable]) -> Table:
    rows: list[tuple[str, str, str]] = []
    for sheet in sheets:
        rows.append((sheet.name, sheet.title, sheet.summary))
        if isinstance(sheet, LongTable):
            rows += [(sheet.sheet_name(index), sheet.title, "续页") for index in range(1, sheet.sheets)]
    columns = (
        Column(key="sheet", title="工作表", kind="link", span=2),
        Column(key="title", title="内容", span=4),
        Column(key="summary", title="提要", kind="wrap", span=6),
    )
    return Table(title="目录", columns=columns, rows=tuple(rows), id="index")
