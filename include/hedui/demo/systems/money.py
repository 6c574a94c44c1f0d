"""社保退费明细 and 到账登记 (tables), 国库入库流水 (text in a ZIP) and 银行回盘 (fixed width): their columns and how they are written."""

from __future__ import annotations

from typing import Any, Final

from hedui.demo.systems.spec import Column, Table

_MONEY: Final = "numeric(16,2)"
REFUND: Final = Table(
    source="shebao",
    dataset="refund",
    name="ac45",
    label="社保退费明细",
    ideal="",
    columns=(
        Column(name="aaa319", sql="refund_no", label="退费明细标识"),
        Column(name="aae494", sql="refund_type", label="退费类型"),
        Column(name="aaz083", sql="original_no", label="原缴费明细流水号"),
        Column(name="aad009", sql="voucher_no", label="电子税票号码"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql="ltrim(insurance, '?')", label="险种类型"),
        Column(name="aac001", sql="person_no", label="人员编号"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aae041", sql="period", label="费款所属期"),
        Column(name="aae497", sql="yuan(unit_refund_fen)", label="单位退费额（元）", type=_MONEY),
        Column(name="aae498", sql="yuan(person_refund_fen)", label="个人退费额（元）", type=_MONEY),
        Column(name="aae499", sql="yuan(late_fee_refund_fen)", label="滞纳金退费额（元）", type=_MONEY),
        Column(name="aae500", sql="yuan(interest_refund_fen)", label="利息退费额（元）", type=_MONEY),
        Column(name="aae542", sql="yuan(original_paid_fen)", label="原实缴金额（元）", type=_MONEY),
        Column(name="aae035", sql="day8(original_paid_date)", label="原缴费日期"),
        Column(name="pay_status", sql="refund_status", label="支付状态"),
        Column(name="is_return", sql="returned_flag", label="退票标志"),
        Column(name="cxzflsh", sql="reissue_no", label="重新支付流水号"),
        Column(name="tfrq", sql="day8(own_date)", label="退费日期"),
        Column(name="aae418", sql="delivered", label="传输日期", type="date"),
    ),
)
REFUND_FIELDS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("refund_no", "refund_type", "original_no", "voucher_no", "pool_region", "agency_code", "insurance"), "VARCHAR"
    ),
    **dict.fromkeys(("person_no", "unit_no", "period"), "VARCHAR"),
    **dict.fromkeys(("unit_refund_fen", "person_refund_fen", "late_fee_refund_fen", "interest_refund_fen"), "BIGINT"),
    "original_paid_fen": "BIGINT",
    "original_paid_date": "DATE",
    **dict.fromkeys(("refund_status", "returned_flag", "reissue_no"), "VARCHAR"),
    "own_date": "DATE",
    "delivered": "DATE",
}
FUND: Final = Table(
    source="shebao",
    dataset="fund_receipt",
    name="dzdj",
    label="社保到账登记",
    ideal="",
    columns=(
        Column(name="gklsh", sql="receipt_no", label="国库流水号"),
        Column(name="aaz083", sql="detail_no", label="缴费明细流水号"),
        Column(name="aaz288", sql="levy_no", label="征集通知流水号"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql="ltrim(insurance, '?')", label="险种类型"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aae003", sql="period", label="对应费款所属期"),
        Column(name="aab165", sql="CASE payment_flag WHEN 'pay' THEN '缴费' ELSE '退费' END", label="缴费标识"),
        Column(name="dzje", sql="yuan(amount_fen)", label="到账金额（元）", type=_MONEY),
        Column(name="dzrq", sql="day8(own_date)", label="到账日期"),
        Column(name="aae418", sql="delivered", label="传输日期", type="date"),
    ),
)
FUND_FIELDS: Final[dict[str, str]] = {
    **dict.fromkeys(("receipt_no", "detail_no", "levy_no", "pool_region", "agency_code", "insurance"), "VARCHAR"),
    **dict.fromkeys(("unit_no", "period", "payment_flag"), "VARCHAR"),
    "amount_fen": "BIGINT",
    "own_date": "DATE",
    "delivered": "DATE",
}

TAX_INSURANCE: Final = {"110": "1101", "150": "1102", "210": "1103", "410": "1104"}


def yuan(fen: int) -> str:
    """Fen as yuan with two places."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _insurance(code: str | None) -> str:
    return TAX_INSURANCE.get(code or "", (code or "").lstrip("?"))


GUOKU_HEADER: Final = (
    "国库流水号", "原国库流水号", "冲正标志", "缴费明细流水号", "征集通知流水号", "电子税票号码", "统筹区", "经办机构", "险种", "单位编号",
    "费款所属期", "缴费标识", "入库金额", "上解日期", "入库日期",
)  # fmt: skip


def guoku_line(row: dict[str, Any]) -> list[str]:
    """A line of the treasury's file."""
    texts = (
        row["receipt_no"], row["original_no"], row["reversal_flag"], row["detail_no"], row["levy_no"], row["voucher_no"],
        row["pool_region"], row["agency_code"], _insurance(row["insurance"]), row["unit_no"], row["period"],
        "1" if row["payment_flag"] == "pay" else "2", yuan(row["amount_fen"]), f"{row['remitted']:%Y%m%d}", f"{row['entered']:%Y%m%d}",
    )  # fmt: skip
    return ["" if text is None else str(text) for text in texts]


YINHANG_LAYOUT: Final = (
    ("yhlsh", 48), ("yyhlsh", 48), ("czbz", 1), ("aaz083", 40), ("aaz288", 24), ("aad009", 24), ("aaa027", 6), ("aae140", 6),
    ("swdwbh", 20), ("aae003", 16), ("sqje", 15), ("skje", 15), ("jgdm", 4), ("yhrq", 8),
)  # fmt: skip
"""Columns of the bank's record with their bytes; amounts in fen, right-aligned; the rest left-aligned."""


def yinhang_values(row: dict[str, Any]) -> list[str]:
    """The values of a record of the bank."""
    result = {"1": "0000", "0": "0051"}.get(row["paid_status"], row["paid_status"])
    texts = (
        row["bank_serial"], row["original_no"], row["reversal_flag"], row["detail_no"], row["levy_no"], row["voucher_no"],
        row["pool_region"], _insurance(row["insurance"]), row["tax_unit_no"], row["period"], str(row["requested_fen"]),
        str(row["paid_fen"]), result, f"{row['own_date']:%Y%m%d}",
    )  # fmt: skip
    return ["" if text is None else str(text) for text in texts]
