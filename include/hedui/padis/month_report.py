"""PADIS 上报月报: a month's upload as a workbook; refused records are masked, newborns are minors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hedui.padis.fields import kinds
from hedui.padis.figures import BatchLine, Month, month_batches, month_figures
from hedui.padis.model import STATE_LABELS
from hedui.padis.names import masked_key, month_name, region_names
from hedui.padis.office import Office
from hedui.padis.standing import refused
from hedui.padis.windows import month_days
from hedui.reports.content import Block, Column, Facts, Figure, Figures, LongTable, Notes, Report, Sheet, Table, Value
from hedui.reports.workbook import write_workbook

TITLE: Final = "PADIS上报月报"
GRID: Final = (11.5,) * 12
PURPOSES: Final = {"records": "记录", "zero": "零报告"}
SIDES: Final = {"receiver": "对方拒收", "check": "本方校验"}

COLUMNS: Final = (
    Column(key="kind", title="类别", width=12),
    Column(key="records", title="应报", kind="int"),
    Column(key="sent", title="已报", kind="int"),
    Column(key="accepted", title="已接收", kind="int"),
    Column(key="withdrawn", title="已撤销", kind="int"),
    Column(key="refused", title="被拒收", kind="int"),
    Column(key="held_back", title="校验未通过", kind="int"),
    Column(key="pending", title="待回执", kind="int"),
    Column(key="corrections", title="订正", kind="int"),
    Column(key="late", title="迟报", kind="int"),
    Column(key="card_late", title="超十日", kind="int"),
    Column(key="due", title="期限", kind="date"),
    Column(key="closed", title="月结", kind="state"),
)


def write_month_report(office: Office, period: str, folder: Path) -> Path:
    """Writes the workbook of a month; returns its path."""
    months = [month_figures(office, kind, period) for kind in office.profile.records]
    waiting = _waiting(office, period)
    report = Report(
        title=TITLE,
        organisation=office.settings.sender_name or office.settings.sender,
        business_date=month_days(period)[1],
        sheets=(_cover(office, period, months), _batches(office, tuple(month_batches(office, period))), waiting),
    )
    path = folder / f"{TITLE}_{office.settings.sender}_{period}.xlsx"
    write_workbook(report, path)
    return path


def _cover(office: Office, period: str, months: Sequence[Month]) -> Sheet:
    total = {
        name: sum(getattr(month, name) for month in months) for name in ("sent", "accepted", "refused", "held_back", "pending")
    }
    late = sum(month.late for month in months)
    blocks: tuple[Block, ...] = (
        Facts(
            facts=(
                ("上报单位", office.settings.sender_name or office.settings.sender),
                ("上报区划", office.settings.sender),
                ("月份", month_name(period)),
                ("配置", f"{office.profile.id}{'' if office.profile.official else '（非正式发布格式）'}"),
            )
        ),
        Figures(
            title="总体情况",
            figures=(
                Figure(label="已报", value=total["sent"], hint="至少送出过一次"),
                Figure(label="已接收", value=total["accepted"], hint="对方在册"),
                Figure(label="被拒收", value=total["refused"], alarming=bool(total["refused"]), hint="待更正重报"),
                Figure(label="待回执", value=total["pending"], alarming=bool(total["pending"]), hint="含待发送"),
            ),
        ),
        Notes(
            title="口径",
            lines=(
                "应报、已报按业务编号计，其余按记录版本计；月份按事件日期。",
                f"迟报：首次送出晚于期限，或逾期仍未送出，本月共 {late:,} 件。超十日：首次送出距事件日期超过规定天数。",
                f"校验未通过 {total['held_back']:,} 件未送出，原因见“待更正记录”。",
            ),
        ),
    )
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            *(kinds()[month.kind].label if name == "kind" else getattr(month, name) for name in (c.key for c in COLUMNS[:-2])),
            month.due,
            "已月结" if month.closed_at else "未月结",
        )
        for month in months
    )
    table = Table(title="各类别", columns=COLUMNS, rows=rows)
    return Sheet(name="月报", title=TITLE, lead=f"{month_name(period)}", blocks=(*blocks[:2], table, blocks[2]), grid=())


def _batches(office: Office, lines: Sequence[BatchLine]) -> LongTable:
    columns = (
        Column(key="id", title="批次", kind="code", width=26),
        Column(key="kind", title="类别", width=12),
        Column(key="purpose", title="用途", width=10),
        Column(key="rows", title="记录数", kind="int"),
        Column(key="good", title="已接收", kind="int"),
        Column(key="bad", title="被拒收", kind="int"),
        Column(key="state", title="状态", width=14),
        Column(key="tries", title="发送次数", kind="int"),
        Column(key="at", title="打包时间", width=18),
        Column(key="sm3", title="文件摘要（SM3）", kind="code", width=68),
    )
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            *(line.id, kinds()[line.kind].label, PURPOSES[line.purpose], line.rows, line.good, line.bad),
            *(STATE_LABELS[line.state], line.tries, f"{line.created_at.astimezone(office.zone):%Y-%m-%d %H:%M}", line.sm3),
        )
        for line in lines
    )
    lead = "本月全部批次，含零报告。"
    return LongTable(
        name="批次", title="上报批次", lead=lead, columns=columns, count=len(rows), rows=lambda: iter(rows), empty="本月没有批次"
    )


def _waiting(office: Office, period: str) -> LongTable:
    names = region_names(office)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            kinds()[one.kind].label,
            masked_key(one.kind, one.business_key),
            f"{one.region} {names.get(one.region[:6], '')}".strip(),
            SIDES[one.by],
            one.code,
            "；".join(one.reasons),
            one.batch or "",
            one.line,
            f"{one.since.astimezone(office.zone):%Y-%m-%d}",
        )
        for one in refused(office)
        if one.period == period
    )
    columns = (
        Column(key="kind", title="类别", width=12),
        Column(key="key", title="业务编号（已脱敏）", kind="code", width=22),
        Column(key="region", title="区划", width=22),
        Column(key="by", title="环节", width=12),
        Column(key="code", title="代码", kind="code"),
        Column(key="reason", title="原因", width=48),
        Column(key="batch", title="批次", kind="code", width=26),
        Column(key="line", title="行", kind="int"),
        Column(key="since", title="自", width=13),
    )
    lead = "被拒收和校验未通过、尚未更正的记录；业务编号已脱敏，不含姓名和证件号码。"
    empty = "没有待更正的记录"
    return LongTable(
        name="待更正记录", title="待更正记录", lead=lead, columns=columns, count=len(rows), rows=lambda: iter(rows), empty=empty
    )
