"""Which names are packets of a date, and what they say."""

from __future__ import annotations

import datetime as dt

import pytest

from hedui.site.readers import Complete
from hedui.sources.inbox_names import TemplateError, fields, is_pattern, segments
from hedui.sources.waiting import incomplete, marker_of

DATE = dt.date(2026, 6, 3)
SBF = "SBF_{type}_{agency:9}{batch:6}{date:%Y%m%d}{sequence:6}.xml"


def parts(template: str, name: str) -> dict[str, str] | None:
    [segment] = segments(template, dataset="payment", table="JFXX102", date=DATE)
    return segment.parts(name)


@pytest.mark.parametrize(
    ("template", "name", "found"),
    [
        pytest.param(
            SBF,
            "SBF_JFXX102_990100001B2026020260603000001.xml",
            {"type": "JFXX102", "agency": "990100001", "batch": "B20260", "date": "20260603", "sequence": "000001"},
            id="packet",
        ),
        pytest.param(SBF, "SBF_JFXX102_990100001B2026020260604000001.xml", None, id="another date"),
        pytest.param(SBF, "SBF_JFXX102_990100001B202602026060300001.xml", None, id="too short"),
        pytest.param(
            "{type}_{insurance}_{region:6}_{date:%Y%m%d}_{time:6}.CSV",
            "01_1101_623443_20260603_100530.CSV",
            {"type": "01", "insurance": "1101", "region": "623443", "date": "20260603", "time": "100530"},
            id="file of the fund",
        ),
        pytest.param("{table}_*.txt", "JFXX102_.txt", {}, id="table and star"),
        pytest.param("a.[b]+(c)_*", "a.[b]+(c)_x", {}, id="signs of patterns are text"),
        pytest.param("a.[b]+(c)_*", "ab", None, id="signs of patterns are no pattern"),
        pytest.param("{sequence}.txt", "１.txt", None, id="full-width digits are none"),
    ],
)
def test_names(template, name, found):
    assert parts(template, name) == found


def test_folders_of_a_date():
    found = segments("{date:%Y/%m}/{region:6}/{date:%d}.txt", dataset="d", table="t", date=DATE)

    assert [segment.literal for segment in found] == ["2026", "06", None, "03.txt"]


def test_a_name_that_was_meant_to_fit():
    [segment] = segments(SBF, dataset="d", table="t", date=DATE)

    assert segment.loose.fullmatch("SBF_JFXX102_20260603.xml")
    assert not segment.loose.fullmatch("SBF_JFXX102_20260604.xml")


@pytest.mark.parametrize("template", ["{type}{type}", "{nothing}", "{type", "{agency:x}", "{sequence:0}"])
def test_what_is_no_template(template):
    with pytest.raises(TemplateError):
        fields(template)


def test_patterns():
    assert [is_pattern(text) for text in ("{dataset}/{table}_{date:%Y}.txt", "*.txt", "{sequence}")] == [False, True, True]


NOW = dt.datetime(2026, 6, 4, 2, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("complete", "modified", "says"),
    [
        ({"marker": "{path}.ok"}, NOW, None),
        ({"marker": "_SUCCESS"}, NOW, "its marker d/_SUCCESS is not there"),
        ({"stable_seconds": 60}, NOW - dt.timedelta(seconds=60), None),
        ({"stable_seconds": 60}, NOW - dt.timedelta(seconds=59), "it was changed 59 seconds ago, and must be left alone for 60"),
        ({"stable_seconds": 60}, NOW + dt.timedelta(seconds=30), "it was changed 0 seconds ago, and must be left alone for 60"),
        ({"stable_seconds": 60}, None, None),
    ],
    ids=["marker there", "marker missing", "stable", "not yet", "small difference of clocks", "place tells no time"],
)
def test_completeness(complete, modified, says):
    there = {"d/a.txt", "d/a.txt.ok"}.__contains__

    assert incomplete(path="d/a.txt", modified=modified, complete=Complete(**complete), exists=there, now=NOW) == says


def test_markers_stand_beside_their_file():
    assert marker_of("a/b.txt", Complete(marker="{path}.end")) == "a/b.txt.end"
    assert marker_of("b.txt", Complete(marker="_SUCCESS")) == "_SUCCESS"
    assert marker_of("b.txt", Complete(stable_seconds=1)) is None
