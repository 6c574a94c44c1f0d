"""灵活就业缴费: 税务 sends XML packets in GBK, 社保 puts what it has recorded into an intermediate table."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from hedui.demo.systems.spec import Column, Table

Row = dict[str, Any]
INSURANCE: Final = "110"
ITEM: Final = "102100100"
TYPE: Final = "JFXX102"
"""数据包类型 of personal payments."""


def yuan(fen: int) -> str:
    """An amount as decimal text."""
    return f"{fen // 100}.{fen % 100:02d}"


def record(row: Row) -> dict[str, str]:
    """A row as a record of a packet."""
    day = row["own_date"].strftime("%Y%m%d")
    return {
        "AAZ083": row["detail_no"],
        "AAZ288": row["levy_no"],
        "AAD009": row["voucher_no"],
        "AAA027": row["pool_region"],
        "AAB034": row["agency_code"],
        "AAE140": INSURANCE,
        "ZSPM": ITEM,
        "AAC001": row["person_no"],
        "AAC147": row["id_number"],
        "AAE003": row["period"],
        "AAA115": "10",
        "AAE180": yuan(row["pay_base_fen"]),
        "AAE022": yuan(row["person_due_fen"]),
        "AAE082": row["bad"] or yuan(row["person_paid_fen"]),
        "AAE056": yuan(row["late_fee_fen"]),
        "AAE078": "1",
        "AAE017": "1",
        "AAE035": day,
        "AAE531": day,
        "AAE418": row["delivered"].strftime("%Y%m%d"),
    }


def staged(row: Row) -> tuple[str | None, ...]:
    """A row of 社保's intermediate table, in the order of :data:`RECORDED`."""
    values: dict[str, str | None] = {name.lower(): value for name, value in record(row).items() if name != "ZSPM"}
    delivered: dt.date = row["delivered"]
    arrived: dt.date = row.get("arrived", delivered)
    handed = delivered.isoformat() if row.get("handed", True) else None
    own = {"aae418": handed, "clzt": row.get("status", "1"), "rksj": arrived.isoformat()}
    values |= own
    return tuple(values[column.name] for column in RECORDED.columns)


_LABELS: Final = {
    "aaz083": "缴费明细流水号",
    "aaz288": "征集通知流水号",
    "aad009": "电子税票号码",
    "aaa027": "统筹区编码",
    "aab034": "社保经办机构编号",
    "aae140": "险种类型",
    "aac001": "人员编号",
    "aac147": "证件号码",
    "aae003": "对应费款所属期",
    "aaa115": "缴费类型",
    "aae180": "缴费基数（元）",
    "aae022": "个人应缴金额（元）",
    "aae082": "个人实缴金额（元）",
    "aae056": "滞纳金（元）",
    "aae078": "足额到账标志",
    "aae017": "到账状态",
    "aae035": "缴费日期",
    "aae531": "入国库时间",
    "aae418": "传输日期",
    "clzt": "处理状态（0 未处理、1 已处理）",
    "rksj": "入库日期",
}
RECORDED: Final = Table(
    source="shebao",
    dataset="payment",
    name="ac44_lh",
    label="灵活就业到账中间表",
    ideal="",
    columns=tuple(
        Column(name=name, sql=name, label=label, type="date" if name in ("aae418", "rksj") else "varchar")
        for name, label in _LABELS.items()
    ),
)
