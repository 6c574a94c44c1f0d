"""Sheet names and the Chinese names that several sheets share."""

from __future__ import annotations

import datetime as dt

from hedui.findings import KINDS, SEVERITIES

COVER = "封面"
TOTALS = "总额对账"
STATEMENT = "调节表"
KINDS_SHEET = "差异分类"
TIERS = "三级比对"
QUALITY = "数据质量"
AGEING = "账龄"
CAUSES = "根因"
DETAIL = "差异明细"
EXEMPTIONS = "豁免"
DEFINITIONS = "口径说明"

COMPONENTS = {
    "unit": "单位",
    "person": "个人",
    "late_fee": "滞纳金",
    "unit_interest": "单位利息",
    "person_interest": "个人利息",
    "subsidy": "补助",
}
"""Amount components by the names that comparisons give them; others keep their own name."""

PARTS = {
    "matched": "相符",
    "different": "不符",
    "one_sided": "单边",
    "in_transit": "在途",
    "duplicate": "重复",
    "unusable": "键值不可用",
    "keymap": "键映射失败",
    "reversed": "已冲正",
    "outside": "不在比对范围",
    "rejected": "拒收",
}
"""Where a row that was read can end up, in the order of the footing line."""

TOTAL_STATES = {"balanced": "平衡", "in_transit": "含在途", "unbalanced": "不平", "detail_differs": "总额平明细不符"}


def kind_name(code: str) -> str:
    """Chinese name of a kind."""
    return KINDS.get(code, code)


def severity_name(code: str) -> str:
    """Chinese name of a severity."""
    return SEVERITIES.get(code, code)


def restated(table: dt.date | None) -> str:
    """What a sheet with totals says of restated codes; empty where none are."""
    if table is None:
        return ""
    return (
        f"区划和经办机构已按 {table:%Y-%m-%d} 版重述：并入同一代码的组相加，状态按相加后的数重新判定，各列合计不变；"
        "拆分的不分摊，各去向并为一组。"
    )
