"""What the sheets say: figures that do not foot show, the urgent comes first, nothing is silently left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hedui.reports.content import Formula, Table
from hedui.reports.night import BUCKETS, BalanceLine, CaseFigures, Night, bucket_of
from hedui.reports.sections.cover import cover, look_first
from hedui.reports.sections.kinds import kinds
from hedui.reports.sections.quality import quality
from hedui.reports.sections.totals import balance_table, totals


def _column(table: Table, key: str) -> list[object]:
    values = [row[table.column(key)] for row in table.rows]
    return [value.value if isinstance(value, Formula) else value for value in values]


def test_a_row_that_got_lost_shows_as_a_gap() -> None:
    line = BalanceLine(side="甲", received=10, carried_in=2, rejected=1, parts=(("matched", 8, None), ("in_transit", 2, None)))
    table = balance_table([line], title="", key="t")
    assert (_column(table, "sum"), _column(table, "gap"), _column(table, "state")) == ([11], [1], ["不平"])
    assert table.note == "恒等式：收到＋上期结转 ＝ 相符＋在途＋拒收。"


def test_rows_outside_the_comparison_are_part_of_the_footing() -> None:
    line = BalanceLine(side="甲", received=10, outside=3, rejected=1, parts=(("matched", 6, None),))
    table = balance_table([line], title="", key="t")
    assert _column(table, "outside") == [3]
    assert (_column(table, "gap"), _column(table, "state")) == ([0], ["平"])


def test_money_foots_by_itself() -> None:
    line = BalanceLine(
        side="甲", received=2, parts=(("matched", 1, 700), ("one_sided", 1, 301)), received_fen=1_000, carried_in_fen=0
    )
    table = balance_table([line], title="", key="t", money=True)
    assert (_column(table, "sum"), _column(table, "gap"), _column(table, "state")) == ([1_001], [-1], ["不平"])


def test_components_that_are_zero_everywhere_are_named_in_the_note(night: Night) -> None:
    table = totals(night).blocks[0]
    assert isinstance(table, Table)
    assert [column.title for column in table.columns if column.group.startswith("甲方")] == ["笔数", "单位", "个人"]
    assert table.note == "滞纳金、单位利息、个人利息、补助：两方各组均为 0.00，未列示。"


def test_groups_left_out_are_counted_in_the_note(night: Night) -> None:
    flow = replace(night.flows[0], left_out=1_234)
    table = totals(replace(night, flows=(flow,))).blocks[0]
    assert isinstance(table, Table)
    assert "另有 1,234 个平衡组未列示" in table.note


def test_what_is_not_explained_is_the_difference_less_what_is_in_transit(night: Night) -> None:
    table = totals(night).blocks[0]
    assert isinstance(table, Table)
    states = dict(zip(_column(table, "state"), _column(table, "open"), strict=True))
    assert states["含在途"] == 0
    assert states["平衡"] == 0
    assert sorted(value for value in _column(table, "open") if value) == [-45_600, 128_000]


def test_a_missing_source_comes_first_and_names_what_did_not_run(night: Night) -> None:
    lines = look_first(night)
    assert lines[0] == (
        "来源“全国统筹系统下发”（企业职工养老保险全国统筹系统）本期数据缺失；受其影响未比对：参保信息三级比对（企业职工养老）。"
    )
    assert lines[1].startswith("“税务缴费↔社保到账”总额不平 2 组，剔除在途后差额合计（绝对值）1,736.00 元")
    assert lines[-1] == "有不能转换而被拒收的行：省集中系统导出 4 行、税务中间库 3 行，需发送方重报。"


def test_a_calm_night_says_so(night: Night) -> None:
    calm = replace(night, sources=night.sources[:1], comparisons=(), flows=(), kinds=(), causes=(), ages=(), cases=CaseFigures())
    assert look_first(calm) == ["各来源均已到达，各项比对相符，本期没有需要优先处理的事项。"]


def test_the_index_names_every_sheet(night: Night) -> None:
    index = cover(night, (totals(night), kinds(night))).blocks[-2]
    assert isinstance(index, Table)
    assert [row[0] for row in index.rows] == ["总额对账", "差异分类"]


def test_types_add_up_across_agencies(night: Night) -> None:
    by_kind = kinds(night).blocks[0]
    assert isinstance(by_kind, Table)
    assert sum(int(str(value)) for value in _column(by_kind, "sum")) == sum(item.findings for item in night.kinds) == 232


def test_failed_rules_come_first_and_no_data_is_no_pass(night: Night) -> None:
    table = quality(night).blocks[0]
    assert isinstance(table, Table)
    assert _column(table, "state") == ["不通过", "无数据", "通过"]
    assert _column(table, "share") == [31 / 19_950, None, 0]


@pytest.mark.parametrize(
    ("age", "label"), [(0, "0–3天"), (3, "0–3天"), (4, "4–7天"), (15, "8–15天"), (30, "16–30天"), (31, "30天以上")]
)
def test_ages_fall_into_the_handbooks_buckets(age: int, label: str) -> None:
    assert BUCKETS[bucket_of(age)][0] == label
