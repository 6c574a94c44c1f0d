"""A night's report in the codes of a later region table, beside the one in the codes of the night."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.regions.errors import RegionError
from hedui.reports.nightly import make_report
from hedui.reports.regions import NAME
from hedui.steps import StepSummary
from integration.reports.hand import WEDNESDAY, finding, wednesday, write_findings

NEW = dt.date(2026, 6, 30)
PLANTED = Counter({"990101": 5, "990104": 4, "990105": 100, "990106": 3, None: 2})
"""Findings by region: staying, merged into 990102, split (62 % stay, 35 % go, 3 % have no weight), under a new code, without one."""
FEN = 1_234


@pytest.fixture(scope="module")
def context(make_context: Callable[[str], Context]) -> Context:
    made = make_context("restated")
    wednesday(made, people=0)
    regions = [region for region, count in PLANTED.items() for _ in range(count)]
    rows = [
        finding(
            WEDNESDAY,
            scope="rule:D01:shebao",
            dataset="benefit",
            source="shebao",
            rule="D01",
            kind="RULE",
            subject_key=f"B{number:05d}",
            region=region,
            amount_diff_fen=FEN,
            side_values={"shebao": "x"},
        )
        for number, region in enumerate(regions)
    ]
    for scope in ("person_tiers", "tax_recorded"):
        made.lake.remove(made.findings(scope, WEDNESDAY))
    write_findings(made, "rule:D01:shebao", WEDNESDAY, rows)
    record_findings(made, WEDNESDAY)
    return made


@pytest.fixture(scope="module")
def as_was(context: Context) -> StepSummary:
    return make_report(context, WEDNESDAY)


@pytest.fixture(scope="module")
def restated(context: Context, as_was: StepSummary) -> StepSummary:
    return make_report(context, WEDNESDAY, restated=NEW)


def regions(summary: StepSummary) -> Counter[Any]:
    """Details by region and its name."""
    return Counter((row["region"], row["region_name"]) for row in pq.read_table(summary.paths["detail_parquet"]).to_pylist())


def test_the_details_have_the_codes_that_were_asked_for(as_was: StepSummary, restated: StepSummary) -> None:
    assert regions(as_was) == {
        ("990101", "东城新区"): 5,
        ("990104", "北塘区"): 4,
        ("990105", "中和区"): 100,
        ("990106", "青河县"): 3,
        (None, None): 2,
    }
    assert regions(restated) == {
        ("990101", "东城区"): 5,
        ("990102", "西湖区"): 4,
        ("990105|990108", "中和区／新港区（拆分未判定）"): 100,
        ("990107", "青河区"): 3,
        (None, None): 2,
    }
    assert as_was.counts == restated.counts
    assert Path(restated.paths["workbook"]).name == "对账日报_和对市_20260603_按20260630区划.xlsx"
    assert Path(as_was.paths["workbook"]).exists()


def test_totals_are_restated_by_weights_with_the_residual_shown(as_was: StepSummary, restated: StepSummary) -> None:
    assert NAME not in openpyxl.load_workbook(as_was.paths["workbook"], read_only=True).sheetnames
    sheet = openpyxl.load_workbook(restated.paths["workbook"], data_only=True)[NAME]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0] and isinstance(row[1], int | float)]
    counts = {row[0]: row[1:4] for row in rows[: len(rows) // 2]}
    assert counts == {
        "（无区划）": (2, 2, 0),
        "990101 东城区": (5, 5, 0),
        "990102 西湖区": (0, 4, 0),
        "990104 北塘区": (4, 0, 0),
        "990105 中和区": (100, 62, 3),
        "990106 青河县": (3, 0, 0),
        "990107 青河区": (0, 3, 0),
        "990108 新港区": (0, 35, 0),
        "合计": (114, 111, 3),
    }
    (money,) = (row[1:4] for row in rows[len(rows) // 2 :] if row[0] == "合计")
    assert money[0] == pytest.approx(114 * FEN / 100)
    assert money[0] == pytest.approx(money[1] + money[2])
    assert money[2] == pytest.approx((100 * FEN - 62 * FEN - 35 * FEN) / 100)


def test_an_older_or_unknown_table_is_refused(context: Context) -> None:
    with pytest.raises(RegionError, match=r"codes are of 2025-12-31.*not in that of 2018-06-30"):
        make_report(context, WEDNESDAY, restated=dt.date(2018, 6, 30))
    with pytest.raises(RegionError, match="no region table of 2026-12-31"):
        make_report(context, WEDNESDAY, restated=dt.date(2026, 12, 31))
