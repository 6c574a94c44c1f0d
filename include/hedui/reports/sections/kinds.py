"""差异分类: how many of which kind, whose they are, how heavy, under which rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from hedui.findings import KINDS, SEVERITIES
from hedui.reports.content import Block, Chart, Column, Formula, Sheet, Table, Value
from hedui.reports.night import KindCount, Night
from hedui.reports.sections import names


def kinds(night: Night) -> Sheet:
    """The sheet: type × agency, severity × agency, rules."""
    agencies = {item.agency for item in night.kinds}
    shown = [agency for agency in night.agencies if agency in agencies] + sorted(agencies - set(night.agencies))
    by_kind = _matrix(
        night, shown, title="按差异类型 × 责任单位", head="差异类型", key=lambda item: item.kind, labels=KINDS, id="kinds"
    )
    by_severity = _matrix(
        night,
        shown,
        title="按严重程度 × 责任单位",
        head="严重程度",
        key=lambda item: item.severity,
        labels=SEVERITIES,
        id="severity",
    )
    series = tuple(f"a{i}" for i in range(len(shown)))
    charts: tuple[Block, ...] = ()
    if night.kinds:
        charts = (
            Chart(title="差异类型（条）", kind="stacked", table="kinds", categories="label", series=series),
            Chart(title="严重程度（条）", kind="column", table="severity", categories="label", series=("sum",)),
        )
    total = sum(item.findings for item in night.kinds)
    return Sheet(
        name=names.KINDS_SHEET,
        title="差异分类表",
        lead="本夜发现的差异（含在途等提示类），按类型、严重程度和规则归类；金额为差额绝对值之和。",
        blocks=(by_kind, *charts, by_severity, _rules(night.kinds, night.agencies)),
        summary=f"本夜差异 {total:,} 条",
    )


def _matrix(
    night: Night, agencies: list[str], *, title: str, head: str, key: Callable[[KindCount], str], labels: dict[str, str], id: str
) -> Table:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    exempt: dict[str, int] = defaultdict(int)
    money: dict[str, int] = defaultdict(int)
    for item in night.kinds:
        code = key(item)
        counts[code][item.agency] += item.findings
        exempt[code] += item.exempt
        money[code] += item.amount_fen
    columns = (
        Column(key="label", title=head, kind="severity" if labels is SEVERITIES else "text", width=20),
        *(
            Column(key=f"a{i}", title=night.agencies.get(agency, agency or "未指定"), kind="tally", width=17, total=True)
            for i, agency in enumerate(agencies)
        ),
        Column(key="sum", title="合计", kind="int", width=11, total=True),
        Column(key="exempt", title="其中豁免", kind="tally", width=11, total=True),
        Column(key="money", title="涉及金额", kind="diff", width=18, total=True),
    )
    rows: list[tuple[Value, ...]] = []
    for code in _ordered(counts, labels, heaviest_first=labels is KINDS):
        values = [counts[code][agency] for agency in agencies]
        total = Formula(text=f"SUM({{a0}}:{{a{len(agencies) - 1}}})", value=sum(values))
        rows.append((labels.get(code, code), *values, total, exempt[code], money[code]))
    return Table(title=title, columns=columns, rows=tuple(rows), total="合计", id=id)


def _ordered(counts: dict[str, dict[str, int]], labels: dict[str, str], *, heaviest_first: bool) -> Iterable[str]:
    order = {code: index for index, code in enumerate(labels)}
    if heaviest_first:
        return sorted(counts, key=lambda code: (-sum(counts[code].values()), order.get(code, len(order)), code))
    return sorted(counts, key=lambda code: (order.get(code, len(order)), code))


def _rules(items: Iterable[KindCount], agencies: dict[str, str]) -> Table:
    columns = (
        Column(key="rule", title="规则", kind="code", width=20),
        Column(key="name", title="规则名称", width=17),
        Column(key="severity", title="严重程度", kind="severity", width=11),
        Column(key="kind", title="差异类型", width=17),
        Column(key="agency", title="责任单位", width=17),
        Column(key="findings", title="本夜条数", kind="int", width=11, total=True),
        Column(key="opened", title="其中新增", kind="tally", width=11, total=True),
        Column(key="money", title="涉及金额", kind="diff", width=18, total=True),
    )
    groups: dict[tuple[str, str, str, str], list[KindCount]] = defaultdict(list)
    for item in items:
        groups[item.rule, item.rule_name, item.severity, item.kind].append(item)
    order = {code: index for index, code in enumerate(SEVERITIES)}
    ordered = sorted(groups.items(), key=lambda entry: (order.get(entry[0][2], 9), -sum(i.findings for i in entry[1]), entry[0]))
    rows = tuple(
        (
            rule,
            name,
            names.severity_name(severity),
            names.kind_name(kind),
            _owners(found, agencies),
            sum(item.findings for item in found),
            sum(item.opened for item in found),
            sum(item.amount_fen for item in found),
        )
        for (rule, name, severity, kind), found in ordered
    )
    return Table(title="按规则", columns=columns, rows=rows, total="合计", filtered=True, id="rules")


def _owners(items: Iterable[KindCount], agencies: dict[str, str]) -> str:
    """The agency with the most of them, and how many others there are."""
    ordered = sorted(items, key=lambda item: (-item.findings, item.agency))
    first = agencies.get(ordered[0].agency, ordered[0].agency or "未指定")
    return first if len(ordered) == 1 else f"{first} 等 {len(ordered)} 家"
