"""数据质量: each rule on each source with its denominator, so that nobody takes "saw nothing" for "passed"."""

from __future__ import annotations

from hedui.findings import SEVERITIES
from hedui.reports.content import Column, Formula, Sheet, Table, Value
from hedui.reports.night import Night, RuleResult
from hedui.reports.sections import names

STATE_ORDER = {"执行出错": 0, "不通过": 1, "无数据": 2, "已停用": 3, "通过": 4}


def quality(night: Night) -> Sheet:
    """The sheet: failed rules first, the heaviest on top."""
    columns = (
        Column(key="rule", title="规则", kind="code", width=9),
        Column(key="name", title="规则名称", width=34),
        Column(key="severity", title="严重程度", kind="severity", width=11),
        Column(key="source", title="数据来源", width=20),
        Column(key="dataset", title="数据集", width=20),
        Column(key="examined", title="检查行数（分母）", kind="int", width=17),
        Column(key="violations", title="违规数（分子）", kind="int", width=15, total=True),
        Column(key="share", title="违规比率", kind="percent", width=11),
        Column(key="threshold", title="阈值", kind="percent", width=10),
        Column(key="state", title="结论", kind="state", width=11),
        Column(key="reason", title="说明", kind="wrap", width=26),
    )
    order = {code: index for index, code in enumerate(SEVERITIES)}
    results = sorted(
        night.quality,
        key=lambda r: (STATE_ORDER.get(r.state, 9), order.get(r.severity, 9), -r.violations, r.rule, r.source, r.dataset),
    )
    table = Table(
        title="",
        columns=columns,
        rows=tuple(_row(result) for result in results),
        total="合计",
        note="比率 ＝ 违规数 ÷ 检查行数；检查行数为 0 时不计比率，结论为“无数据”，不作“通过”。",
        empty="本期没有执行数据质量检查",
        filtered=True,
        id="quality",
    )
    failed = sum(result.state == "不通过" for result in results)
    unseen = sum(result.state == "无数据" for result in results)
    return Sheet(
        name=names.QUALITY,
        title="数据质量检查表",
        lead="每条规则在每个来源上的检查结果。",
        blocks=(table,),
        summary=f"{len(results):,} 项检查，不通过 {failed:,}，无数据 {unseen:,}",
    )


def _row(result: RuleResult) -> tuple[Value, ...]:
    share = Formula(text="{violations}/{examined}", value=result.violations / result.examined) if result.examined else None
    return (
        result.rule,
        result.name,
        names.severity_name(result.severity),
        result.source,
        result.dataset,
        result.examined,
        result.violations,
        share,
        result.threshold,
        result.state,
        result.reason,
    )
