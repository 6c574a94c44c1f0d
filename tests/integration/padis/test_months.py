"""Months: what is due, zero reports, what keeps a month open, the monthly table against the acknowledged upload, the month's workbook."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui.audit import entries
from hedui.lake import Manifest
from hedui.padis import closing, dispatch
from hedui.padis.figures import month_figures
from hedui.padis.findings import write_findings, write_table_findings
from hedui.padis.month_report import write_month_report
from hedui.padis.monthly import MonthlyTable, make_table
from hedui.padis.monthly_book import write_table
from hedui.padis.people import enter
from hedui.padis.receipts import LineVerdict
from integration.padis.conftest import Bureau
from integration.padis.people import DATE, birth, births

BureauOf = Callable[..., Bureau]
MAY = "202605"


@pytest.fixture
def bureau(bureau_of: BureauOf) -> Bureau:
    """An office that drops its files in a folder, with births of one source."""
    made = bureau_of("directory")
    source = made.office.context.site.sources[0].model_copy(update={"id": "chusheng", "datasets": {"birth": None}})
    site = made.office.context.site.model_copy(update={"sources": (source,)})
    made.office = replace(made.office, context=replace(made.office.context, site=site))
    return made


def deliver(bureau: Bureau, rows: list[dict[str, Any]], date: dt.date = DATE) -> None:
    """Puts births into the lake as a night does."""
    context = bureau.office.context
    table = pa.Table.from_pylist([{"void_reason": None, **row} for row in rows])
    with context.lake.writer(context.canonical("birth", "chusheng", date)) as writer:
        pq.write_table(table, writer.new_file())
        writer.commit(Manifest(rows=len(rows)))


def send(bureau: Bureau, **receipt: Any) -> None:
    """Packs, sends and takes a receipt for every file."""
    for batch in bureau.pack():
        dispatch.send(bureau.office, batch)
        enter(bureau.office, batch, **(receipt or {"status": "accepted"}))


def table_of(bureau: Bureau) -> MonthlyTable:
    return make_table(bureau.office, region="4602", period=MAY, date=DATE)


def test_an_older_delivery_brings_only_what_is_not_known(bureau: Bureau) -> None:
    newer = DATE + dt.timedelta(days=1)
    take = lambda rows, date: bureau.take_from("chusheng", "birth", rows, date)  # noqa: E731
    assert take([birth(0, weight_g=3333), birth(1)], newer).new == 2
    older = take([birth(0), birth(1, void_reason="作废"), birth(2)], DATE)
    assert (older.new, older.changed, older.withdrawn) == (1, 0, 0)
    assert take([birth(0)], newer).changed == 1, "the same date taken again may change"


def test_a_month_is_due_on_its_day_and_reports_zero(bureau: Bureau) -> None:
    office = bureau.office
    assert closing.due_months(office, "birth", day=dt.date(2026, 6, 4)) == []
    assert closing.due_months(office, "birth", day=dt.date(2026, 6, 5)) == [MAY]
    (zero,) = closing.report_zero(office, "birth", day=dt.date(2026, 6, 5))
    assert closing.report_zero(office, "birth", day=dt.date(2026, 6, 5)) == ()
    assert closing.close_due(office, "birth", day=dt.date(2026, 6, 5)).closed == ()
    dispatch.send(office, zero)
    enter(office, zero, status="accepted")
    assert closing.close_due(office, "birth", day=dt.date(2026, 6, 5)).closed == (MAY,)
    assert closing.due_months(office, "birth", day=dt.date(2026, 6, 5)) == []


def test_a_refused_record_keeps_its_month_open(bureau: Bureau) -> None:
    bureau.take("birth", births(3))
    send(bureau, status="partial", lines=[LineVerdict(line=2, key="", business_key="", status="rejected", code="", reason="重号")])
    found = closing.close_due(bureau.office, "birth", day=dt.date(2026, 6, 5))
    assert (found.closed, [period for period, _ in found.kept]) == ((), [MAY])
    assert "1 records" in found.kept[0][1]


def test_the_table_equals_details_and_upload_cell_by_cell(bureau: Bureau, tmp_path: Path) -> None:
    rows = [*births(40), birth(90, void_reason="作废"), birth(91, region="990101"), *births(3, first=60, month=dt.date(2026, 6, 1))]
    deliver(bureau, rows)
    bureau.take("birth", births(40))
    send(bureau)
    table = table_of(bureau)
    expected = Counter((row["region"], row["sex"], row["place_type"], str(row["birth_order"])) for row in births(40))
    assert {(cell.region, cell.sex, cell.place_type, cell.birth_order): cell.details for cell in table.cells} == expected
    assert (table.state, table.details, table.acknowledged, table.revision) == ("issued", 40, 40, 1)
    assert table_of(bureau).revision == 1, "the same figures are the same table"
    book = openpyxl.load_workbook(write_table(bureau.office, table, tmp_path))
    assert book.sheetnames == ["结论", "统计表", "差异"]
    lines = [row for row in book["统计表"].iter_rows(values_only=True) if str(row[0]).startswith("4602")]
    assert sum(row[1] for row in lines) == 40
    assert all(row[1] == row[2] + row[3] == row[4] == row[5] + row[6] + row[7] for row in lines), "sexes, places and orders add up"
    assert [entry.action for entry in entries(bureau.office.ledger)].count("padis.table") == 1


def test_a_table_that_differs_is_refused_with_the_difference(bureau: Bureau, tmp_path: Path) -> None:
    deliver(bureau, births(10))
    bureau.take("birth", births(10))
    send(bureau, status="partial", lines=[LineVerdict(line=1, key="", business_key="", status="rejected", code="", reason="重号")])
    table = table_of(bureau)
    assert (table.state, table.details, table.acknowledged) == ("refused", 10, 9)
    (cell,) = table.differences
    missing = births(1)[0]
    assert (cell.region, cell.sex, cell.details - cell.acknowledged) == (missing["region"], missing["sex"], 1)
    path = write_table(bureau.office, table, tmp_path)
    assert "不予出具" in path.name
    assert "统计表" not in openpyxl.load_workbook(path, read_only=True).sheetnames
    corrected = [birth(0, mother_name="测试更正"), *births(9, first=1)]
    deliver(bureau, corrected, DATE)
    bureau.take("birth", corrected)
    send(bureau)
    again = table_of(bureau)
    assert (again.state, again.revision) == ("issued", 2)


def test_the_months_figures_and_workbook(bureau: Bureau, tmp_path: Path) -> None:
    wrong = birth(7, region="999999")
    bureau.take("birth", [*births(6), wrong])
    send(
        bureau,
        status="partial",
        lines=[LineVerdict(line=3, key="", business_key="", status="rejected", code="JL01", reason="重号")],
    )
    bureau.take("birth", [birth(0, weight_g=2999), birth(1, void_reason="作废")])
    send(bureau)
    bureau.take("birth", [birth(8)])
    month = month_figures(bureau.office, "birth", MAY)
    assert (month.records, month.sent, month.accepted, month.withdrawn) == (8, 6, 4, 1)
    assert (month.refused, month.held_back, month.pending, month.corrections) == (1, 1, 1, 1)
    assert (month.late, month.card_late) == (0, 8), "the third of June: before the fifth, and more than ten days after each birth"
    bureau.clock.now = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
    assert month_figures(bureau.office, "birth", MAY).late == 2, "what has not gone out by the fifth is late"
    book = openpyxl.load_workbook(write_month_report(bureau.office, MAY, tmp_path))
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert not [cell for cell in cells if re.search(r"V46000000\d|99\d{15}[\dX]|测试", cell)]
    assert {"重号", "对方回执：重号"} & set(cells)


def found(bureau: Bureau, date: dt.date = DATE) -> dict[str, set[str]]:
    """Subjects of the findings of a date by rule."""
    office = bureau.office
    write_findings(office, "birth", date=date)
    write_table_findings(office, date=date)
    told: dict[str, set[str]] = {}
    for scope in ("padis:birth", "padis:monthly"):
        (file,) = office.context.lake.files(office.context.findings(scope, date))
        for row in pq.ParquetFile(file).read().to_pylist():
            told.setdefault(row["rule"], set()).add(row["subject_key"])
    return told


def test_what_was_left_out_or_is_late_is_found_and_clears(bureau: Bureau) -> None:
    deliver(bureau, [*births(4), birth(9, void_reason="作废")])
    bureau.take("birth", births(3))
    assert found(bureau) == {"F13": {"V460000003"}}
    bureau.take("birth", births(4))
    fifth, sixth = dt.date(2026, 6, 4), dt.date(2026, 6, 5)  # business dates, whose runs are made the day after
    assert found(bureau, fifth) == {}, "on the fifth it is still time"
    assert found(bureau, sixth) == {"F18": {row["certificate_no"] for row in births(4)}}
    send(bureau)
    assert found(bureau, sixth) == {}


def test_what_comes_after_the_window_is_found(bureau: Bureau) -> None:
    last_year = birth(0, month=dt.date(2025, 5, 1))
    bureau.take("birth", [last_year])
    bureau.pack()
    assert found(bureau) == {"F20": {"V460000000"}, "F18": {"V460000000"}}


def test_what_came_too_late_is_found_on_its_day_though_it_was_accepted(bureau: Bureau) -> None:
    april, old = births(2, month=dt.date(2026, 4, 1)), birth(9, month=dt.date(2025, 5, 1))
    bureau.take("birth", [*april, old, birth(5)])
    send(bureau)
    late = {row["certificate_no"] for row in (*april, old)}
    assert found(bureau) == {"F18": late, "F20": {"V460000009"}}, "May is due on the fifth of June"
    assert found(bureau, DATE + dt.timedelta(days=1)) == {}


def test_what_the_receiver_has_had_before_and_a_refused_table_are_found(bureau: Bureau) -> None:
    deliver(bureau, births(3))
    bureau.take("birth", births(2))
    send(bureau, status="partial", lines=[LineVerdict(line=2, key="", business_key="", status="duplicate", code="", reason="")])
    table_of(bureau)
    assert found(bureau) == {"F13": {"V460000002"}, "F14": {"V460000001"}, "F19": {"4602/202605"}}
