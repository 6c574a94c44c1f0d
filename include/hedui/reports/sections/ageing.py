"""账龄: how old the open cases are, whose they are, and how the number moves from night to night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from hedui.findings import KINDS
from hedui.reports.content import Block, Chart, Column, Formula, Sheet, Table, Value
from hedui.reports.night import BUCKETS, AgeCount, Night
from hedui.reports.sections import names

BUCKET_KEYS = tuple(f"b{i}" for i in range(len(BUCKETS)))


def ageing(night: Night) -> Sheet:
    """The sheet: agency × bucket, kind × bucket, trend."""
    agencies = _matrix(night.ages, title="按责任单位", head="责任单位", key=lambda a: a.agency, labels=night.agencies, id="agency")
    by_kind = _matrix(night.ages, title="按差异类型", head="差异类型", key=lambda a: a.kind, labels=KINDS, id="kind")
    blocks: list[Block] = [agencies]
    if night.ages:
        blocks.append(
            Chart(title="账龄分布（件，按责任单位）", kind="stacked", table="agency", categories="label", series=BUCKET_KEYS)
        )
    if len(night.trend) > 1:
        blocks.append(
            Chart(title="未结与变动趋势（件）", kind="line", table="trend", categories="date", series=("open", "opened", "cleared"))
        )
    blocks += [by_kind, _trend(night)]
    old = sum(age.cases for age in night.ages if age.bucket >= 3)
    return Sheet(
        name=names.AGEING,
        title="账龄分析表",
        lead="未结差异（不含豁免、在途和跨日）按工作日计的账龄；流水类自送达之日起算，其余自首次发现之日起算。",
        blocks=tuple(blocks),
        summary=f"超过 15 个工作日 {old:,} 件",
    )


def _matrix(
    ages: Iterable[AgeCount], *, title: str, head: str, key: Callable[[AgeCount], str], labels: dict[str, str], id: str
) -> Table:
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(BUCKETS))
    money: dict[str, int] = defaultdict(int)
    for age in ages:
        counts[key(age)][age.bucket] += age.cases
        money[key(age)] += age.amount_fen
    columns = (
        Column(key="label", title=head, width=34),
        *(
            Column(key=bucket, title=label, kind="tally", width=13, total=True)
            for bucket, (label, _, _) in zip(BUCKET_KEYS, BUCKETS, strict=True)
        ),
        Column(key="sum", title="合计", kind="int", width=13, total=True),
        Column(key="money", title="涉及金额", kind="diff", width=20, total=True),
    )
    order = {code: index for index, code in enumerate(labels)}
    rows: list[tuple[Value, ...]] = [
        (
            labels.get(code, code or "未指定"),
            *counts[code],
            Formula(text=f"SUM({{{BUCKET_KEYS[0]}}}:{{{BUCKET_KEYS[-1]}}})", value=sum(counts[code])),
            money[code],
        )
        for code in sorted(counts, key=lambda code: (order.get(code, len(order)), code))
    ]
    return Table(title=title, columns=columns, rows=tuple(rows), total="合计", empty="没有未结差异", id=id)


def _trend(night: Night) -> Table:
    columns = (
        Column(key="date", title="业务日期", kind="date", width=34),
        Column(key="open", title="未结", kind="int", width=13),
        Column(key="opened", title="新增", kind="int", width=13),
        Column(key="cleared", title="消除", kind="int", width=13),
        Column(key="reopened", title="重新出现", kind="int", width=13),
    )
    rows = tuple((point.date, point.open, point.opened, point.cleared, point.reopened) for point in night.trend)
    return Table(
        title="历夜趋势", columns=columns, rows=rows, note="只列已入账的夜次，截至本业务日期；不含在途和跨日，含豁免。", id="trend"
    )
