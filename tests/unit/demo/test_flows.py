from __future__ import annotations

from hedui.demo.flows import AMOUNTS
from hedui.demo.planting import DATES
from tests.unit.demo.conftest import Small


def test_due_is_base_times_rate(small: Small) -> None:
    wrong = """
        SELECT count(*) FROM base_flow
        WHERE abs(unit_due_fen - pay_base_fen * unit_rate / 1e6) > 0.5 OR abs(person_due_fen - pay_base_fen * person_rate / 1e6) > 0.5"""
    assert small.connection.sql(wrong).fetchall() == [(0,)]


def test_paid_is_due_and_nothing_is_negative(small: Small) -> None:
    wrong = f"""
        SELECT count(*) FROM base_flow WHERE unit_paid_fen <> unit_due_fen OR person_paid_fen <> person_due_fen
            OR least({", ".join(AMOUNTS)}) < 0"""
    assert small.connection.sql(wrong).fetchall() == [(0,)]


def test_levies_fall_on_every_date_and_details_have_one_number_each(small: Small) -> None:
    days, rows, numbers = small.connection.sql(
        "SELECT count(DISTINCT delivered), count(*), count(DISTINCT detail_no) FROM base_flow"
    ).fetchall()[0]
    assert days == len(DATES)
    assert rows == numbers


def test_refunds_are_below_zero_on_every_date(small: Small) -> None:
    days, highest = small.connection.sql("SELECT count(DISTINCT delivered), max(unit_paid_fen) FROM base_refund").fetchall()[0]
    assert days == len(DATES)
    assert highest < 0


def test_unit_rows_announce_the_sums_of_their_persons(small: Small) -> None:
    for block in small.flows.blocks:
        if block.head_count_error or block.unit_errors:
            continue
        for unit in block.unit_rows():
            names = ("levy_no", "period", "insurance", "payment_flag", "delivered")
            members = [row for row in block.announced if all(row[name] == unit[name] for name in names)]
            assert unit["head_count"] == len({row["person_no"] for row in members})
            assert all(unit[name] == sum(row[name] for row in members) for name in AMOUNTS)
