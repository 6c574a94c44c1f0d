"""A night's report in the codes of a later region table, beside the one in the codes of the night."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.findings import FINDING_COLUMNS
from hedui.lake import Manifest
from hedui.regions.errors import RegionError
from hedui.reports.nightly import make_report
from hedui.reports.regions import NAME
from hedui.steps import StepSummary
from integration.reports.hand import TYPES, WEDNESDAY, finding, wednesday, write_findings

NEW = dt.date(2026, 6, 30)
PLANTED = Counter({"990101": 5, "990104": 4, "990105": 100, "990106": 3, None: 2})
"""Findings by region: staying, merged into 990102, split (62 % stay, 35 % go, 3 % have no weight), under a new code, without one."""
FEN = 1_234


FLOW = "tax_recorded"
GROUPS = {
    ("990101", "99010101"): (3, 3, 500, 500, 0, "balanced"),
    ("990102", "99010201"): (2, 2, 900, 800, 0, "unbalanced"),
    ("990104", "99010401"): (2, 2, 300, 400, 0, "unbalanced"),  # merges into 990102: the totals of both agree
    ("990105", "99010501"): (9, 8, 990, 900, 90, "in_transit"),  # split, and its institution with it
    ("990106", "99010601"): (1, 1, 70, 60, 0, "unbalanced"),  # under a new code
}
"""By region and institution: counts and fen of both sides, what of the left is in transit, state."""
AMOUNTS = ("unit", "person", "late_fee", "unit_interest", "person_interest", "subsidy")


def write_flow(context: Context) -> None:
    """A flow without findings whose totals and statement have the groups."""
    rows = list(GROUPS.values())
    keys: dict[str, Any] = {"pool_region": [key[0] for key in GROUPS], "agency_code": [key[1] for key in GROUPS]}
    keys |= {"insurance": ["110"] * len(rows), "payment_flag": ["pay"] * len(rows), "date": [WEDNESDAY] * len(rows)}
    totals = keys | {"left_count": [row[0] for row in rows], "right_count": [row[1] for row in rows]}
    for number, side in enumerate(("left", "right")):
        totals[f"explained_{side}_count"] = [row[0] - row[1] if side == "left" else 0 for row in rows]
        for amount in AMOUNTS:
            first = amount == "unit"
            totals[f"{side}_{amount}"] = [row[2 + number] if first else 0 for row in rows]
            totals[f"explained_{side}_{amount}"] = [row[4] if first and side == "left" else 0 for row in rows]
    totals["state"] = [row[-1] for row in rows]
    lines = keys | {f"{side}_balance": [row[2 + number] for row in rows] for number, side in enumerate(("left", "right"))}
    for side in ("left", "right"):
        for name in ("one_sided", "duplicate", "unusable", "keymap", "reversed", "crossed", "bundled"):
            lines[f"{side}_{name}"] = [0] * len(rows)
        lines[f"{side}_in_transit"] = [row[4] if side == "left" else 0 for row in rows]
        lines[f"{side}_adjusted"] = [row[2] for row in rows]
    lines |= {"difference": [row[2] - row[3] - row[4] for row in rows], "tolerated": [0] * len(rows)}
    with context.lake.writer(context.findings(FLOW, WEDNESDAY)) as writer:
        pq.write_table(pa.table({name: pa.array([], TYPES[kind]) for name, kind in FINDING_COLUMNS.items()}), writer.new_file())
        pq.write_table(pa.table(totals), writer.new_file("totals"))
        pq.write_table(pa.table(lines), writer.new_file("statement"))
        writer.commit(Manifest(rows=0))


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
    made.lake.remove(made.findings("person_tiers", WEDNESDAY))
    write_flow(made)
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


def lines(summary: StepSummary, sheet: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The groups of a sheet with their figures, and its total row."""
    rows = openpyxl.load_workbook(summary.paths["workbook"], data_only=True)[sheet].iter_rows(values_only=True)
    found = [row for row in rows if str(row[0]).startswith("99") or row[0] == "合计"]
    return {(str(row[0]), str(row[1] or "")): tuple(cell for cell in row[5:] if cell is not None) for row in found}


TOTAL = ("合计", "")


def test_the_totals_reconciliation_is_restated_and_foots(as_was: StepSummary, restated: StepSummary) -> None:
    was, now = lines(as_was, "总额对账"), lines(restated, "总额对账")
    assert {key: row[-1] for key, row in was.items() if key != TOTAL} == {
        ("990101 东城新区", "99010101"): "平衡",
        ("990102 西湖区", "99010201"): "不平",
        ("990104 北塘区", "99010401"): "不平",
        ("990105 中和区", "99010501"): "含在途",
        ("990106 青河县", "99010601"): "不平",
    }
    assert now == {
        ("990107 青河区", "99010701"): was["990106 青河县", "99010601"],
        ("990102 西湖区", "99010201"): (4, 12.0, 4, 12.0, 0, 0, 0, 0, 0, "总额平明细不符"),
        ("990105|990108 中和区／新港区（拆分未判定）", "99010501"): was["990105 中和区", "99010501"],
        ("990101 东城区", "99010101"): was["990101 东城新区", "99010101"],
        TOTAL: was[TOTAL],
    }
    count, fen, other_count, other_fen = (sum(row[at] for row in GROUPS.values()) for at in (0, 2, 1, 3))
    assert now[TOTAL][:4] == (count, fen / 100, other_count, other_fen / 100)


def test_the_statement_is_restated_and_its_balances_agree(as_was: StepSummary, restated: StepSummary) -> None:
    was, now = lines(as_was, "调节表"), lines(restated, "调节表")
    assert len(was) == len(GROUPS) + 1
    assert {key[0][:6] for key in now} == {"990101", "990102", "990105", "990107", "合计"}
    assert now[TOTAL] == was[TOTAL]
    merged = now["990102 西湖区", "99010201"]
    assert (merged[0], merged[-1]) == (12.0, "平")
    assert {row[-1] for key, row in now.items() if key != TOTAL} == {"平"}
    notes = [str(row[0]) for row in openpyxl.load_workbook(restated.paths["workbook"])["调节表"].iter_rows(values_only=True)]
    assert any("已按 2026-06-30 版重述" in note for note in notes)


def test_an_older_or_unknown_table_is_refused(context: Context) -> None:
    with pytest.raises(RegionError, match=r"codes are of 2025-12-31.*not in that of 2018-06-30"):
        make_report(context, WEDNESDAY, restated=dt.date(2018, 6, 30))
    with pytest.raises(RegionError, match="no region table of 2026-12-31"):
        make_report(context, WEDNESDAY, restated=dt.date(2026, 12, 31))
