"""单位编号对照表: a workbook that says which 社保 unit number is which 税务 unit number."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems.spec import Column, Table

UNIT_MAP: Final = Table(
    source="duizhao",
    dataset="unit_map",
    name="对照",
    label="单位编号对照",
    ideal="SELECT u, unit_no_of(u) AS unit_no, tax_unit_no_of(u) AS tax_unit_no FROM base_unit",
    columns=(
        Column(name="社保单位编号", sql="unit_no"),
        Column(name="税务单位编号", sql="tax_unit_no"),
    ),
)
SNAPSHOTS: Final = (UNIT_MAP,)
