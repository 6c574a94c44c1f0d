"""差异明细: every difference on its line, persons masked, over as many sheets as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hedui.reports.content import Column, LongTable, Value
from hedui.reports.sections import names

COLUMNS = (
    Column(key="number", title="序号", kind="int", width=9),
    Column(key="severity", title="级别", kind="severity", width=7),
    Column(key="kind", title="差异类型", width=17),
    Column(key="rule", title="规则", width=25),
    Column(key="scope", title="比对或检查", width=28),
    Column(key="subject", title="对象（脱敏）", kind="code", width=27),
    Column(key="region", title="区划", width=12),
    Column(key="insurance", title="险种", width=23),
    Column(key="period", title="所属期", kind="code", width=9),
    Column(key="field", title="字段", width=13),
    Column(key="first", title="甲方值", width=20),
    Column(key="second", title="乙方值", width=20),
    Column(key="third", title="丙方值", width=20),
    Column(key="right", title="认定正确方", width=18),
    Column(key="diff", title="差额（元）", kind="money", width=15),
    Column(key="age", title="账龄（工作日）", kind="int", width=10),
    Column(key="agency", title="责任方", width=24),
    Column(key="state", title="状态", width=10),
    Column(key="rows", title="来源行号", kind="code", width=20),
    Column(key="case", title="案件代号", kind="code", width=18),
    Column(key="action", title="处置", width=14),
)
"""Columns of the detail sheets; :mod:`hedui.reports.detail` yields the values in this order, 处置 stays empty for the clerk."""


def details(*, total: int, shown: int, per_sheet: int, rows: Callable[[], Iterator[tuple[Value, ...]]]) -> LongTable:
    """The detail sheets: ``shown`` of ``total`` differences, ``per_sheet`` on each."""
    beyond = (
        f"全部 {total:,} 条中本工作簿列示前 {shown:,} 条（先重后轻），其余见同目录的 Parquet 与 CSV 文件。" if shown < total else ""
    )
    return LongTable(
        name=names.DETAIL,
        title="差异明细表",
        columns=COLUMNS,
        count=shown,
        rows=rows,
        per_sheet=per_sheet,
        lead=f"第 {{first}}–{{last}} 条，共 {total:,} 条。{beyond}先按严重程度、后按金额排列；各方值为脱敏后的原值；“处置”由经办人填写。",
        summary=f"{total:,} 条" + (f"，列示 {shown:,} 条" if shown < total else ""),
    )
