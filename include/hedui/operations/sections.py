"""The sections of the 运维工作月报告 (handbook §6.2), each a sheet: figures from the ledger only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hedui.cases.query import AGE_BUCKETS, cases_as_of
from hedui.context import Context
from hedui.inspection.calendar import due_between
from hedui.inspection.model import KIND_NAMES
from hedui.inspection.settings import load_inspection
from hedui.operations import listing
from hedui.operations.kpis import TITLES, Kpi, bounds, kpis
from hedui.operations.ledger import rows
from hedui.reports.content import Block, Column, Notes, Sheet, Table, Value
from hedui.statistics.periods import ONE_DAY, Period, period_of

TOTALS: Final = ("TOTAL", "COUNT")
TIERS: Final = {"local": "县（本级）", "city": "市", "province": "省", "nation": "国家"}


@dataclass(frozen=True, kw_only=True)
class Sections:
    """A report's sheets behind the cover, and what a message says of it."""

    sheets: tuple[Sheet, ...]
    headlines: tuple[str, ...]


def _text(key: str, title: str, width: float = 14) -> Column:
    return Column(key=key, title=title, width=width, kind="wrap")


def _count(key: str, title: str, *, total: bool = True, width: float = 11) -> Column:
    return Column(key=key, title=title, kind="int", width=width, total=total)


def sections(context: Context, period: Period, *, problems: Sequence[str], plans: Sequence[str]) -> Sections:
    """All sections of a period.

    Args:
        context: Gives ledger, site and calendar.
        period: A month, a quarter or a year.
        problems: What people add to 问题与建议.
        plans: What people add to 下期计划.
    """
    start, end = bounds(context, period)
    now, before = kpis(context, period), kpis(context, period.before)
    cases = cases_as_of(context, period.end, cleared_since=period.start).to_pylist()
    faults, tasks = listing.fault_rows(context, start, end), listing.task_rows(context, start, end)
    inspections = rows(context, "inspections", first=period.start, last=period.end)
    exchange = rows(context, "exchange", first=period.start, last=period.end)
    bodies: list[tuple[str, str, tuple[Block, ...]]] = [
        ("概述", "一、概述", (_overview(period, exchange, cases, faults, inspections),)),
        ("KPI", "二、KPI 与服务水平", (_kpi_table(now, before, period),)),
        ("数据交换", "三、数据交换监控", (_exchange(context, exchange),)),
        ("对账结果", "四、对账结果", (_reconciled(context, cases, period),)),
        ("差异处置", "五、差异分类与处置", (_handled(cases, period), _ages(cases))),
        ("处理方案", "六、处理方案进度", (_bundles(rows(context, "bundles", end=end)),)),
        ("PADIS", "七、PADIS 上报", (_padis(rows(context, "padis", start=start, end=end)),)),
        ("区划变更", "八、区划变更", (_regions(rows(context, "regions", start=start, end=end)),)),
        ("故障与巡检", "九、故障与巡检", (listing.fault_table(faults), _inspections(inspections))),
        ("问题与建议", "十、问题与建议", (_problems(now, faults, tasks, inspections, problems),)),
        ("下期计划", "十一、下期计划", (_plans(context, period, tasks, plans),)),
        ("附件", "附件：维护任务明细", (listing.task_table(tasks),)),
    ]
    sheets = tuple(Sheet(name=name, title=title, blocks=blocks, summary=title) for name, title, blocks in bodies)
    lines = [f"{TITLES[kpi.code][0]} {kpi.numerator}/{kpi.denominator}（{shown_share(kpi)}，{kpi.verdict}）" for kpi in now]
    return Sections(sheets=sheets, headlines=tuple(lines))


def shown_share(kpi: Kpi) -> str:
    """The quotient as text; a dash where there is nothing to divide by."""
    return "—" if kpi.share is None else f"{100 * kpi.share:.2f}%"


def _overview(
    period: Period,
    exchange: list[dict[str, Any]],
    cases: list[dict[str, Any]],
    faults: list[Any],
    inspections: list[dict[str, Any]],
) -> Notes:
    still = sum(case["state"] == "open" for case in cases)
    inspected, abnormal = (sum(int(row[name]) for row in inspections) for name in ("days", "abnormal"))
    arrived, expected = (sum(row[name] for row in exchange) for name in ("arrived", "expected"))
    lines = (
        f"本报告期为 {period.start:%Y-%m-%d} 至 {period.end:%Y-%m-%d}。全部数字取自台账，可逐条追溯。",
        f"数据交换：应到批次 {expected:,}，实到 {arrived:,}，记录 {sum(row['records'] for row in exchange):,} 条。",
        f"差异：期末未结 {still:,} 件，本期消除 {len(cases) - still:,} 件。",
        f"故障 {len(faults)} 件；巡检 {inspected:,} 次，异常 {abnormal:,} 项。",
    )
    return Notes(title="", lines=lines, numbered=True)


def _kpi_table(now: list[Kpi], before: list[Kpi], period: Period) -> Table:
    columns = (
        _text("name", "指标", 16),
        Column(key="target", title="目标", kind="percent", width=14),
        _count("numerator", "分子", total=False, width=9),
        _count("denominator", "分母", total=False, width=9),
        Column(key="share", title="实际", kind="percent", width=14),
        Column(key="verdict", title="达标", kind="state", width=12),
        Column(key="before", title=f"上期（{period.before.id}）", kind="percent", width=15),
        _text("definition", "口径（分子 / 分母）", 40),
    )
    made: list[tuple[Value, ...]] = [
        (TITLES[k.code][0], k.target / 100, k.numerator, k.denominator, k.share, k.verdict, old.share, TITLES[k.code][1])
        for k, old in zip(now, before, strict=True)
    ]
    return Table(title="", columns=columns, rows=tuple(made), note="分母为零的不计比率，以“—”表示；时限按工作时间计。")


def _exchange(context: Context, found: list[dict[str, Any]]) -> Table:
    names = {source.id: (context.site.agency(source.agency).name, source.name) for source in context.site.sources}
    labels = {"expected": "应到批次", "arrived": "实到", "late": "迟到", "missing": "未到", "rejected": "拒收", "resent": "重发"}
    columns = (
        _text("agency", "机构", 26), _text("source", "来源", 22), _text("dataset", "类型", 18),
        *(_count(key, label, width=10) for key, label in labels.items()), _count("records", "记录数", width=14),
    )  # fmt: skip
    made = [
        (*names.get(row["source"], ("", row["source"])), row["dataset"] or "整日", *(row[key] for key in labels), row["records"])
        for row in found
    ]
    return Table(title="", columns=columns, rows=tuple(made), total="合计", note="台账登记批次与记录数；金额见统计报表。")


def _counted(groups: Sequence[tuple[str, ...]], cases: list[dict[str, Any]], period: Period) -> list[tuple[Value, ...]]:
    """Per group of equal length: new, cleared, open at the end, and what those are about in fen; groups go with the cases."""
    new, cleared, still, fen = Counter[Any](), Counter[Any](), Counter[Any](), Counter[Any]()
    for group, case in zip(groups, cases, strict=True):
        new[group] += case["first_seen"] in period
        cleared[group] += case["state"] == "cleared"
        still[group] += case["state"] == "open"
        fen[group] += abs(case["amount_diff_fen"] or 0) if case["state"] == "open" else 0
    return [(*group, new[group], cleared[group], still[group], fen[group]) for group in sorted(set(groups))]


_COUNTS: Final = (
    _count("new", "新增"),
    _count("cleared", "已解决"),
    _count("open", "期末未结"),
    Column(key="fen", title="未结金额（元）", kind="money", width=18, total=True),
)


def _reconciled(context: Context, cases: list[dict[str, Any]], period: Period) -> Table:
    labels = {row.canonical: row.label for row in context.site.codes.get("insurance", ())}
    money = [case for case in cases if case["insurance"]]
    groups = [
        (f"{case['insurance']} {labels.get(case['insurance'], '')}".strip(), "总额" if case["kind"] in TOTALS else "明细")
        for case in money
    ]
    columns = (_text("insurance", "险种", 28), _text("level", "层次", 10), *_COUNTS)
    return Table(title="", columns=columns, rows=tuple(_counted(groups, money, period)), total="合计", empty="本期无差异")


def _handled(cases: list[dict[str, Any]], period: Period) -> Table:
    from hedui.findings import KINDS

    groups = [(KINDS.get(case["kind"], case["kind"]),) for case in cases]
    kinds = [group[0] for group in groups]
    days: dict[str, list[int]] = {kind: [] for kind in kinds}
    exempt = Counter[str]()
    for kind, case in zip(kinds, cases, strict=True):
        if case["state"] == "cleared":
            days[kind].append(case["age"])
        exempt[kind] += bool(case["exempt"]) and case["state"] == "open"
    made: list[tuple[Value, ...]] = []
    for row in _counted(groups, cases, period):
        kind = str(row[0])
        mean = f"{sum(days[kind]) / len(days[kind]):.1f}" if days[kind] else "—"
        made.append((*row, exempt[kind], mean))
    columns = (_text("kind", "差异类型", 24), *_COUNTS, _count("exempt", "其中挂账"), _text("mean", "平均处理（工作日）", 18))
    return Table(title="按差异类型", columns=columns, rows=tuple(made), total="合计", empty="本期无差异")


def _ages(cases: list[dict[str, Any]]) -> Table:
    ages = Counter(case["age_bucket"] for case in cases if case["state"] == "open")
    made = tuple((bucket, ages[bucket]) for bucket in AGE_BUCKETS)
    return Table(
        title="期末未结的账龄（工作日）", columns=(_text("age", "账龄", 24), _count("cases", "件数")), rows=made, total="合计"
    )


def _bundles(found: list[dict[str, Any]]) -> Table:
    columns = (_text("tier", "层级", 16), _text("state", "状态", 20), _count("bundles", "方案数"), _count("cases", "涉及案件"))
    made = tuple((TIERS.get(row["tier"], row["tier"]), row["state"], row["bundles"], row["cases"]) for row in found)
    return Table(title="", columns=columns, rows=made, total="合计", empty="本期无处理方案")


def _padis(found: list[dict[str, Any]]) -> Table:
    columns = (_text("kind", "类别", 16), _text("state", "状态", 20), _count("batches", "批次"), _count("records", "记录"))
    kinds = {"birth": "出生", "registration": "生育登记"}
    made = tuple((kinds.get(row["kind"], row["kind"]), row["state"], row["batches"], int(row["records"])) for row in found)
    return Table(title="", columns=columns, rows=made, total="合计", empty="本期无上报")


def _regions(found: list[dict[str, Any]]) -> Table:
    columns = (
        _text("id", "迁移编号", 24), Column(key="from", title="旧版", kind="date"), Column(key="to", title="新版", kind="date"),
        _text("state", "状态", 16), _text("approved_by", "批准人", 16),
    )  # fmt: skip
    return Table(title="", columns=columns, rows=tuple(tuple(row.values()) for row in found), empty="本期无区划变更")


def _inspections(found: list[dict[str, Any]]) -> Table:
    columns = (
        _text("name", "系统", 24), _count("days", "巡检次数"), _count("items", "检查项"),
        _count("abnormal", "异常"), _count("unmeasured", "未检出"),
    )  # fmt: skip
    made = tuple((row["name"], row["days"], int(row["items"]), int(row["abnormal"]), int(row["unmeasured"])) for row in found)
    return Table(title="巡检", columns=columns, rows=made, total="合计", empty="本期无巡检")


def _problems(
    now: list[Kpi], faults: list[Any], tasks: list[Any], inspections: list[dict[str, Any]], added: Sequence[str]
) -> Notes:
    lines = [f"{TITLES[kpi.code][0]}{shown_share(kpi)}，低于目标 {kpi.target:g}%。" for kpi in now if kpi.verdict == "未达标"]
    lines += [f"故障 {row.number} 期末未修复：{row.summary}" for row in faults if row.repaired_at is None]
    lines += [f"维护任务 {row.number} 逾期未办结（期限 {row.due_on}）。" for row in tasks if row.overdue]
    lines += [f"{row['name']}巡检发现异常 {int(row['abnormal'])} 项，见巡检报告单。" for row in inspections if row["abnormal"]]
    return Notes(title="", lines=(*lines, *added) or ("本期无未决问题。",), numbered=True)


def _plans(context: Context, period: Period, tasks: list[Any], added: Sequence[str]) -> Notes:
    following = period_of(period.cycle, period.end + ONE_DAY)
    settings = load_inspection(context.site)
    lines = [f"报告期：{following.label}。"]
    if settings is not None:
        due = due_between(context.workdays, following.start, _known_end(context, following.end))
        kinds = "、".join(f"{KIND_NAMES[kind]} {count} 次" for kind, count in due.items() if count)
        lines.append(f"对 {len(settings.systems)} 个系统各做：{kinds}。")
    lines += [f"办结维护任务 {row.number}（期限 {row.due_on}）：{row.title}" for row in tasks if not row.finished]
    return Notes(title="", lines=(*lines, *added), numbered=True)


def _known_end(context: Context, last: dt.date) -> dt.date:
    """The last day of the year that the calendar knows; holidays of the next year are published in November."""
    from hedui.errors import HeduiError

    try:
        context.workdays.add(last, 1)
    except HeduiError:
        return dt.date(last.year - 1, 12, 31)
    return last
