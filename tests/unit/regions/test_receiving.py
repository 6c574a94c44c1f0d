"""Codes for receivers, one call per record: published changes of 2016 and 2017, splits by place, and what must wait."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.regions.allocation import Place
from hedui.regions.errors import RegionError, UncertainCodeError
from hedui.regions.receiving import ReceiverCodes
from unit.compare.regions import NEW, OLD, write_regions

SPRING, AUTUMN, AFTER = dt.date(2016, 5, 1), dt.date(2016, 10, 1), dt.date(2017, 1, 15)
"""Before 国函〔2016〕157号 of 2016-09-14; after it, but before the table of 2016-12-31 that shows it; after both."""


@pytest.fixture(scope="module")
def codes() -> ReceiverCodes:
    return ReceiverCodes()


@pytest.mark.parametrize(
    ("code", "on", "to", "expected"),
    [
        pytest.param("130428", SPRING, SPRING, ("130428", "same"), id="the event's own"),
        pytest.param("130428", SPRING, AFTER, ("130407", "moved"), id="on to the report"),
        pytest.param("130428000000", SPRING, AFTER, ("130407000000", "moved"), id="filled up"),
        pytest.param("130407", AFTER, SPRING, ("130428", "moved"), id="back to an earlier event"),
        pytest.param("130428", SPRING, AUTUMN, ("130407", "moved"), id="in force before a table shows it"),
        pytest.param("130428", AUTUMN, AFTER, ("130407", "moved"), id="an old code after the approval"),
        pytest.param("130407", AUTUMN, AFTER, ("130407", "same"), id="a new code before the table"),
        pytest.param("130428100000", SPRING, AFTER, ("130407000000", "county"), id="a township as far as its county"),
        pytest.param("130427", SPRING, SPRING, ("130427", "same"), id="a surviving county before"),
        pytest.param("130427", SPRING, AUTUMN, (None, "several"), id="a part of a surviving county has moved away"),
        pytest.param("130421", SPRING, AFTER, (None, "several"), id="split and abolished"),
        pytest.param("990188", SPRING, AFTER, (None, "unknown"), id="unknown"),
        pytest.param("1304", SPRING, AFTER, (None, "malformed"), id="malformed"),
    ],
)
def test_a_code_in_the_version_that_is_asked_for(
    codes: ReceiverCodes, code: str, on: dt.date, to: dt.date, expected: tuple[str | None, str]
) -> None:
    found = codes.answer(code, on=on, to=to)
    assert (found.code, found.kind) == expected
    assert found.sure == (found.kind in ("same", "moved", "allocated"))
    assert bool(found.problem) != found.sure


def test_a_record_that_was_kept_later_is_judged_by_that_day(codes: ReceiverCodes) -> None:
    """A birth of the spring that the register, migrated in January, keeps under the new code."""
    assert codes.answer("130407", on=SPRING, to=SPRING).kind == "unknown"
    assert codes.answer("130407", on=SPRING, to=SPRING, held=AFTER).code == "130428"


def test_a_split_goes_where_the_place_says_and_else_waits_with_its_candidates(codes: ReceiverCodes) -> None:
    waits = codes.answer("130421", on=SPRING, to=AFTER)
    assert {"130402", "130403"} <= set(waits.candidates)
    assert all(code in waits.problem for code in waits.candidates)
    with pytest.raises(UncertainCodeError, match="130421 of 2016-05-01 has no certain counterpart"):
        codes.require("130421", on=SPRING, to=AFTER)
    assert codes.require("130428", on=SPRING, to=AFTER) == "130407"


def test_a_sites_own_tables_maps_and_receivers(tmp_path: Path) -> None:
    site = write_regions(tmp_path / "site")
    (site / "codes.csv").write_text("code\n", encoding="utf-8")
    (site / "addresses.csv").write_text("pattern,county\n新港街道,990106\n老街,990103\n", encoding="utf-8")
    (site / "regions.yaml").write_text(
        f"addresses: addresses.csv\nreceivers: [{{name: 税务, codes: codes.csv}}, {{name: 医保, codes: codes.csv, table: {OLD}}}]\n",
        encoding="utf-8",
    )
    codes, june, july = ReceiverCodes(site), dt.date(2026, 6, 1), dt.date(2026, 7, 2)
    assert (codes.wanted("税务", on=july), codes.wanted("医保", on=july)) == (july, dt.date(2026, 1, 1))
    with pytest.raises(RegionError, match="knows no receiver '省厅'; it knows 税务, 医保"):
        codes.wanted("省厅", on=july)
    assert codes.answer("990102", on=june, to=codes.wanted("税务", on=july)).code == "990101"
    assert codes.answer("990105", on=july, to=codes.wanted("医保", on=july)).code == "990104"
    assert codes.answer("990101", on=july, to=OLD).candidates == ("990101", "990102")
    placed = codes.answer("990103", on=june, to=july, place=Place(address="新港街道 1 号"))
    assert (placed.code, placed.kind, placed.method) == ("990106", "allocated", "按地址词典")
    assert codes.answer("990103", on=june, to=NEW, place=Place(address="别处")).kind == "same"  # in force from 1 July
    assert codes.answer("990103", on=june, to=july, place=Place(address="别处")).code is None
