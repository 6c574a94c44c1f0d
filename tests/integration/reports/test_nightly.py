"""The report step on partitions made by hand: figures, masking, equal bytes, what a missing source leaves."""

from __future__ import annotations

import csv
import datetime as dt
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from hedui.cases.exemptions import NewExemption, add_exemption
from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.errors import LakeError, LedgerError
from hedui.reports.nightly import make_report
from hedui.steps import StepSummary
from integration.reports.hand import THURSDAY, WEDNESDAY, finding, id_number, thursday, wednesday, write_findings

CLEAR_ID = re.compile(rb"99[0-9]{15}[0-9Xx]")


def _sheet(path: str, name: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path, data_only=True)[name].iter_rows()]


def _table(rows: list[list[Any]], *, head: str, after: str = "") -> list[dict[str, Any]]:
    """The rows below the first heading row that holds ``head`` (below the row that holds ``after``), up to an empty first cell."""
    begin = next((i for i, row in enumerate(rows) if after in row), 0) if after else 0
    top = next(i for i, row in enumerate(rows) if i >= begin and head in row)
    found = []
    for row in rows[top + 1 :]:
        if row[0] is None:
            break
        found.append(dict(zip(rows[top], row, strict=True)))
    return found


def test_files_and_figures_of_the_summary(first: StepSummary) -> None:
    assert {name: Path(path).name for name, path in first.paths.items()} == {
        "workbook": "对账日报_和对市_20260603.xlsx",
        "detail_parquet": "差异明细_和对市_20260603.parquet",
        "detail_csv": "差异明细_和对市_20260603.csv",
    }
    assert Path(first.paths["workbook"]).parent.name == "2026-06-03"
    # 7 of the three tiers, 3 of the flow (one of them in transit), 30 of P05.
    assert first.counts == {"findings": 40, "listed": 40, "open": 39, "amount_fen": 1_005}


def test_sheets(first: StepSummary) -> None:
    names = openpyxl.load_workbook(first.paths["workbook"], read_only=True).sheetnames
    assert names == [
        "封面", "总额对账", "调节表", "差异分类", "三级比对", "数据质量", "账龄", "根因",
        "差异明细", "差异明细(2)", "差异明细(3)", "豁免", "口径说明",
    ]  # fmt: skip


def test_cover_says_what_arrived_and_what_ran(first: StepSummary) -> None:
    rows = _sheet(first.paths["workbook"], "封面")
    sources = {row["数据来源"]: row for row in _table(rows, head="收到行数")}
    assert (sources["税务中间库"]["状态"], sources["税务中间库"]["收到行数"], sources["税务中间库"]["拒收行数"]) == ("已到", 6, 1)
    comparisons = {row["比对"]: row for row in _table(rows, head="差异（条）")}
    assert (comparisons["人员信息三级比对"]["状态"], comparisons["人员信息三级比对"]["差异（条）"]) == ("已比对", 7)
    assert comparisons["单位登记 社保↔税务"]["状态"] == "未比对"
    text = "\n".join(str(value) for row in rows for value in row if value)
    assert "“税务缴费↔社保到账”总额不平 1 组，剔除在途后差额合计（绝对值）10.05 元" in text


def test_cover_of_a_night_with_a_missing_source(second: StepSummary) -> None:
    rows = _sheet(second.paths["workbook"], "封面")
    sources = {row["数据来源"]: row["状态"] for row in _table(rows, head="收到行数")}
    assert sources["全国统筹系统下发"] == "缺失"
    comparisons = {row["比对"]: row for row in _table(rows, head="差异（条）")}
    assert comparisons["人员信息三级比对"]["状态"] == "未比对"
    assert "全国统筹系统下发" in comparisons["人员信息三级比对"]["说明"]
    assert "沿用 2026-06-03" in comparisons["人员信息三级比对"]["说明"]
    first_to_see = next(str(row[0]) for row in rows if str(row[0]).startswith("1. "))
    assert "“全国统筹系统下发”" in first_to_see
    assert "本期数据缺失" in first_to_see


def test_cases_of_comparisons_that_did_not_run_stay_open(second: StepSummary) -> None:
    # Thursday: 15 of P05, B12; taken over from Wednesday: 7 of the three tiers, 3 of the flow of which one waits.
    assert second.counts["findings"] == 26
    assert second.counts["open"] == 25
    details = _table(_sheet(second.paths["workbook"], "差异明细"), head="序号")
    states = [row["状态"] for row in details]
    assert {state: states.count(state) for state in states} == {"新增": 1, "沿用": 10, "未结": 15}
    cover = _sheet(second.paths["workbook"], "封面")
    labels = next(i for i, row in enumerate(cover) if "本期消除" in row)
    assert cover[labels + 1][cover[labels].index("本期消除")] == 15
    assert cover[labels + 1][cover[labels].index("本期新增")] == 1


def test_totals_of_the_pair_and_their_footing(first: StepSummary) -> None:
    rows = _sheet(first.paths["workbook"], "总额对账")
    groups = [row for row in rows if row[0] in ("990101 东城新区", "990102 西湖区")]
    assert groups[0][:5] == ["990101 东城新区", "J01", "110 企业职工基本养老保险", "缴费", "2026-06-03"]
    # 3 rows, 2,000.00 + 700.00 against 2 rows, 1,489.95 + 700.00; components that are zero everywhere are not shown.
    assert groups[0][5:] == [3, 2000, 700, 2, 1489.95, 700, 1, 510.05, 1, 500, 10.05, "不平"]
    assert groups[1][5:] == [2, 900, 300, 2, 900, 300, 0, 0, 0, 0, 0, "平衡"]
    total = next(row for row in rows if row[0] == "合计")
    assert total[5:16] == [5, 2900, 1000, 4, 2389.95, 1000, 1, 510.05, 1, 500, 10.05]
    counts = next(i for i, row in enumerate(rows) if row[0] == "方" and "拒收" in row)
    assert dict(zip(rows[counts], rows[counts + 1], strict=True)) | {None: None} == {
        "方": "税务中间库", "收到": 6, "相符": 3, "不符": 1, "单边": 0, "在途": 1, "重复": 0, "键值不可用": 0, "拒收": 1,
        "去向合计": 6, "差": 0, "结论": "平", None: None,
    }  # fmt: skip
    money = next(i for i, row in enumerate(rows) if row[0] == "方" and "读入" in row)
    assert [rows[money + 1][rows[money].index(name)] for name in ("读入", "相符", "不符", "在途", "去向合计", "差")] == [
        3900, 2300, 1100, 500, 3900, 0,
    ]  # fmt: skip


def test_three_tiers(first: StepSummary) -> None:
    rows = _sheet(first.paths["workbook"], "三级比对")
    presence = _table(rows, head="他方有而本方缺")
    assert [list(row.values())[:4] for row in presence] == [
        ["市社保业务库", 0, 0, 1], ["省集中系统导出", 0, 1, 0], ["全国统筹系统下发", 1, 0, 0], ["合计", 1, 1, 1],
    ]  # fmt: skip
    title = next(i for i, row in enumerate(rows) if row[0] == "人员信息三级比对：逐项不符")
    fields = {row[0]: row[1:11] for row in rows[title + 3 : title + 5]}
    # rule, total, deviating per side, called right per side, undecided, share
    assert fields["姓名"] == ["T03", 3, 0, 3, 0, 0, 0, 3, 0, 0.75]
    assert fields["出生日期"] == ["T03", 1, 0, 0, 1, 1, 0, 0, 0, 0.25]


def test_quality_shows_denominators_and_never_passes_what_saw_nothing(first: StepSummary) -> None:
    results = {row["规则"]: row for row in _table(_sheet(first.paths["workbook"], "数据质量"), head="检查行数（分母）")}
    p05 = results["P05"]
    assert (p05["检查行数（分母）"], p05["违规数（分子）"], p05["违规比率"], p05["结论"]) == (200, 30, 0.15, "不通过")
    assert results["P01"]["结论"] == "通过"
    assert (results["P18"]["违规比率"], results["P18"]["结论"]) == ("—", "无数据")


def test_causes_name_field_side_region_and_unit(first: StepSummary) -> None:
    cause = _table(_sheet(first.paths["workbook"], "根因"), head="由 → 到")[0]
    assert (cause["比对"], cause["字段"], cause["由 → 到"]) == ("人员信息三级比对", "姓名", "登记要素不符（省集中系统导出）")
    assert (cause["统筹区"], cause["单位"], cause["解释差异（条）"]) == ("西湖区", "U000", 3)
    assert cause["占该比对"] == pytest.approx(3 / 7)


def test_values_are_masked_and_formulas_refused(first: StepSummary) -> None:
    details = _table(_sheet(first.paths["workbook"], "差异明细"), head="序号")
    by_subject = {row["对象（脱敏）"]: row for row in details}
    row = by_subject[id_number(1)[:3] + "*" * 11 + id_number(1)[-4:]]
    assert (row["甲方值"], row["乙方值"], row["丙方值"], row["认定正确方"]) == ("张**", "张*", "张**", "全国统筹系统下发")
    birth = next(row for row in details if row["字段"] == "出生日期")
    assert birth["甲方值"].startswith("1964")
    assert "05-06" not in str(birth["丙方值"])
    assert "05/06" not in str(birth["丙方值"])
    assert not [cell for row in details for cell in row.values() if isinstance(cell, str) and cell.startswith("=")]
    amount = next(row for row in details if row["差异类型"] == "金额不符")
    assert (amount["甲方值"], amount["乙方值"], amount["差额（元）"], amount["字段"]) == ("800.00", "789.95", 10.05, "单位")
    transit = next(row for row in _sheet(first.paths["workbook"], "差异明细(3)") if "在途" in row)
    assert transit[10:12] == ["500.00", "无"]


def test_no_clear_id_number_or_name_is_in_any_file(first: StepSummary, second: StepSummary) -> None:
    for summary in (first, second):
        with zipfile.ZipFile(summary.paths["workbook"]) as archive:
            parts = [archive.read(name) for name in archive.namelist()]
        texts = [*parts, Path(summary.paths["detail_csv"]).read_bytes()]
        columns = pq.read_table(summary.paths["detail_parquet"]).to_pylist()
        texts.append("\n".join(str(row) for row in columns).encode())
        for text in texts:
            assert not CLEAR_ID.search(text)
            assert "张三".encode() not in text
            assert "李肆".encode() not in text


def test_csv_opens_in_excel_and_has_all_rows(first: StepSummary) -> None:
    body = Path(first.paths["detail_csv"]).read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(body.decode("utf-8-sig").splitlines()))
    assert [int(row["序号"]) for row in rows] == list(range(1, 41))
    assert {row["差额（元）"] for row in rows} == {"10.05", "500.00", ""}
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "@", "\t"))]


def test_parquet_keeps_codes_and_fen(first: StepSummary) -> None:
    table = pq.read_table(first.paths["detail_parquet"])
    assert table.num_rows == 40
    rows = {row["rule"]: row for row in table.to_pylist()}
    assert rows["R05"]["amount_diff_fen"] == 1_005
    assert rows["R05"]["insurance"] == "110"
    assert "fingerprint" not in table.column_names  # an unsalted digest of an id number would undo the mask


def test_the_same_night_again_gives_the_same_bytes(context: Context, first: StepSummary, second: StepSummary) -> None:
    before = {path: Path(path).read_bytes() for path in (*first.paths.values(), *second.paths.values())}
    make_report(context, THURSDAY)
    make_report(context, WEDNESDAY, rows_per_sheet=15)
    assert {path: Path(path).read_bytes() for path in before} == before


def test_order_of_recording_does_not_show(make_context: Callable[[str], Context], first: StepSummary, second: StepSummary) -> None:
    other = make_context("backwards")
    thursday(other)
    record_findings(other, THURSDAY)
    wednesday(other)
    record_findings(other, WEDNESDAY)
    again = make_report(other, THURSDAY), make_report(other, WEDNESDAY, rows_per_sheet=15)
    for was, now in zip((second, first), again, strict=True):
        for name, path in was.paths.items():
            assert Path(now.paths[name]).read_bytes() == Path(path).read_bytes(), name


def test_beyond_the_cap_only_the_files_have_the_rest(make_context: Callable[[str], Context]) -> None:
    context = make_context("capped")
    wednesday(context)
    record_findings(context, WEDNESDAY)
    summary = make_report(context, WEDNESDAY, rows_per_sheet=10, rows_in_workbook=25)
    assert summary.counts["listed"] == 25
    book = openpyxl.load_workbook(summary.paths["workbook"])
    assert [name for name in book.sheetnames if name.startswith("差异明细")] == ["差异明细", "差异明细(2)", "差异明细(3)"]
    assert "全部 40 条中本工作簿列示前 25 条" in book["差异明细"]["A3"].value
    assert pq.read_table(summary.paths["detail_parquet"]).num_rows == 40


def test_exemptions_are_listed_and_counted_apart(make_context: Callable[[str], Context]) -> None:
    context = make_context("exempted")
    wednesday(context)
    record_findings(context, WEDNESDAY)
    days = {"valid_from": dt.date(2026, 6, 1), "expires_on": dt.date(2026, 12, 31)}
    add_exemption(
        context, NewExemption(reason="历史档案", approver="王主任", created_by="张科员", rule="P05", region="990103", **days)
    )
    summary = make_report(context, WEDNESDAY)
    assert summary.counts["open"] == 9
    line = _table(_sheet(summary.paths["workbook"], "豁免"), head="豁免范围")[0]
    assert (line["规则"], line["理由"], line["批准人"], line["涉及差异（件）"]) == (
        "P05 身份证校验位错误",
        "历史档案",
        "王主任",
        30,
    )
    assert line["豁免范围"] == "南山区"
    states = [row["状态"] for row in _table(_sheet(summary.paths["workbook"], "差异明细"), head="序号")]
    assert states.count("豁免") == 30


def test_a_night_that_is_not_recorded_is_refused(make_context: Callable[[str], Context]) -> None:
    context = make_context("unrecorded")
    wednesday(context)
    record_findings(context, WEDNESDAY)
    write_findings(
        context,
        "check:person:sheng",
        WEDNESDAY,
        [
            finding(
                WEDNESDAY, scope="check:person:sheng", rule="P01", kind="RULE", source="sheng", subject_key="1", dataset="person"
            )
        ],
    )
    with pytest.raises(LedgerError, match="run the step record"):
        make_report(context, WEDNESDAY)
    assert not context.reports.exists()


def test_a_night_without_findings_partitions_is_refused(context: Context) -> None:
    with pytest.raises(LakeError, match="no findings of 2026-06-05"):
        make_report(context, dt.date(2026, 6, 5))
