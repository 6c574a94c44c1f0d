"""Codes below a county on a day: by a table that lists them, by what rows tell of townships and villages, else by their county."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.regions.store import SHIPPED, Store
from hedui.regions.versions import Versions

VERSIONS = Versions(Store())


@pytest.mark.parametrize(
    ("code", "verdicts"),
    [
        pytest.param("130223100", ("valid", "valid", "ended", "ended"), id="a township that was recoded in 2014"),
        pytest.param("130223100001", ("valid", "valid", "ended", "ended"), id="a village of it"),
        pytest.param("130223100000", ("valid", "valid", "ended", "ended"), id="the township in a column of villages"),
        pytest.param(
            "130223003", ("valid", "valid", "valid", "valid"), id="what it became: nobody says whether it was there before"
        ),
        pytest.param("110105044", ("not_yet", "valid", "valid", "valid"), id="a sub-district set up in 2014"),
        pytest.param("110105044001", ("not_yet", "valid", "valid", "valid"), id="a village of it"),
        pytest.param("130421102201", ("valid", "valid", "valid", "ended"), id="a village of a county that ended in 2016"),
        pytest.param("130427206", ("valid", "valid", "valid", "valid"), id="a township that left its county and kept its code"),
        pytest.param("110105999", ("valid", "valid", "valid", "valid"), id="one that no row names: its county"),
        pytest.param("999999001", ("unknown", "unknown", "unknown", "unknown"), id="an unknown county"),
    ],
)
def test_a_code_below_a_county_is_judged_by_its_own_rows(code: str, verdicts: tuple[str, ...]) -> None:
    days = [dt.date(year, 1, 1) for year in (2013, 2014, 2015, 2017)]
    assert tuple(VERSIONS.judge(code, day) for day in days) == verdicts


def test_an_abolished_township_without_a_successor_has_ended() -> None:
    """The yearly list of 2014 abolishes it with an empty new code."""
    row = next(row for row in _one_sided() if row["year"] == "2014" and row["old_code"] and not row["new_code"])
    judged = [VERSIONS.judge(row["old_code"], dt.date(year, 6, 1)) for year in (2014, 2015)]
    assert judged == ["valid", "ended"]


def _one_sided() -> list[dict[str, str]]:
    import csv
    import gzip

    with gzip.open(SHIPPED / "sub_county_changes.csv.gz", "rt", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_a_table_that_lists_the_townships_decides(tmp_path: Path) -> None:
    """A site's table names the townships of one county and none of another's."""
    head = "code,name,level,parent\n990000,和省,province,\n990100,和对市,prefecture,990000\n"
    head += "990101,甲县,county,990100\n990102,乙县,county,990100\n"
    first, last = dt.date(2030, 6, 30), dt.date(2030, 12, 31)
    for day, towns in ((first, "12"), (last, "23")):
        rows = "".join(f"99010100{number},{number}镇,township,990101\n" for number in towns)
        (tmp_path / f"codes_{day}.csv").write_text(head + rows, "utf-8")
    versions = Versions(Store((SHIPPED, tmp_path)))
    days = (first, last)
    assert [[versions.judge(f"99010100{number}", day) for day in days] for number in "1239"] == [
        ["valid", "ended"],
        ["valid", "valid"],
        ["not_yet", "valid"],
        ["unknown", "unknown"],
    ]
    assert versions.judge("990101002001", last) == "valid"
    assert versions.judge("990101001001", last) == "ended"
    assert versions.judge("990102009", last) == "valid"


def test_a_village_is_traced_with_its_township() -> None:
    rows = [(row.old_code, row.new_code, row.basis) for row in VERSIONS.sub_trace("130402102201")]
    assert rows == [
        ("130421102", "130402102", "document"),
        ("130421102", "130402102", "map"),
        ("130421102201", "130402102201", "map"),
    ]


def test_a_chain_of_townships_is_traced_from_both_ends() -> None:
    """360721201 became 360721111 in 2015, and this went to another county in 2016."""
    chain = [("360721201", "360721111"), ("360721111", "360704111")]
    for code in ("360721201", "360721111", "360704111"):
        traced = [(row.old_code, row.new_code) for row in VERSIONS.sub_trace(code)]
        assert [pair for pair in chain if pair in traced] == chain
