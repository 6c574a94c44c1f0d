from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedui.cases.exemptions import NewExemption, add_exemption, list_exemptions, withdraw_exemption
from hedui.cases.query import CaseFilter, cases_as_of, filtered, trend
from hedui.cases.record import record_findings
from hedui.errors import HeduiError, LedgerError
from integration.cases.conftest import World, facts, model

D = [dt.date(2026, 6, day) for day in (3, 4, 5, 8, 9)]
LONG_AGO = dt.date(2026, 1, 1)
NIGHT = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))


def record_all(world: World) -> None:
    for date in sorted({date for _, date in world.nights}):
        record_findings(world.context, date)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=st.dictionaries(st.tuples(st.sampled_from(["cmp", "other"]), st.sampled_from(D)), NIGHT, min_size=1, max_size=7))
def test_as_of_every_date_equals_the_model_and_what_was_read_on_that_night(world: World, nights) -> None:
    world.reset()
    for (scope, date), content in nights.items():
        world.write(scope, date, {key: {"side_values": value, "severity": value} for key, value in content.items()})
    dates = sorted({date for _, date in nights})
    then = {}
    for date in dates:
        # record() takes later dates along, so each night is read back from the ledger when all are in it.
        record_findings(world.context, date)
    for date in dates:
        table = cases_as_of(world.context, date, cleared_since=LONG_AGO)
        then[date] = table
        got = {(row["scope"], row["subject_key"]): facts(row) for row in table.to_pylist()}
        assert got == model(world.nights, at=date)
        assert table["fingerprint"].to_pylist() == sorted(table["fingerprint"].to_pylist())
    points = {row["business_date"]: row for row in trend(world.context, dates[-1]).to_pylist()}
    for date in dates:
        rows = then[date].to_pylist()
        assert points[date]["open"] == sum(row["state"] == "open" for row in rows)
        assert points[date]["cleared"] == sum(row["cleared_on"] == date for row in rows)
        assert points[date]["new"] == sum(row["first_seen"] == date for row in rows)
        assert points[date]["reopened"] == sum(row["opened_on"] == date and row["reopened_count"] > 0 for row in rows)


def test_a_later_night_does_not_change_what_an_earlier_one_shows(world: World) -> None:
    world.write("cmp", D[0], {"a": {"agency": "shebao", "amount_diff_fen": 5}, "b": {}})
    record_findings(world.context, D[0])
    before = cases_as_of(world.context, D[0])
    world.write("cmp", D[1], {"a": {"agency": "shuiwu", "amount_diff_fen": None}})
    record_findings(world.context, D[1])
    assert cases_as_of(world.context, D[0]).equals(before)
    assert cases_as_of(world.context, D[1], where=CaseFilter(agency=("shuiwu",)))["subject_key"].to_pylist() == ["a"]


def test_cleared_cases_are_those_of_the_night_unless_asked_for(world: World) -> None:
    world.write("cmp", D[0], {"a": {}, "b": {}})
    world.write("cmp", D[1], {"b": {}})
    world.write("cmp", D[2], {})
    record_all(world)
    assert cases_as_of(world.context, D[2])["subject_key"].to_pylist() == ["b"]
    assert sorted(cases_as_of(world.context, D[2], cleared_since=D[1])["subject_key"].to_pylist()) == ["a", "b"]


@pytest.mark.parametrize(
    ("origin", "at", "age", "bucket"),
    [
        pytest.param(None, D[0], 0, "0-3", id="first-night"),
        pytest.param(None, D[3], 3, "0-3", id="over-a-week-end"),
        pytest.param(dt.date(2026, 6, 2), D[3], 4, "4-7", id="from-the-origin"),
        pytest.param(D[3], D[3], 3, "0-3", id="an-origin-after-opening-does-not-count"),
        pytest.param(dt.date(2026, 5, 25), D[3], 10, "8-15", id="two-weeks"),
        pytest.param(dt.date(2026, 5, 6), D[3], 24, "16-30", id="a-month"),
        pytest.param(dt.date(2026, 3, 2), D[3], 67, ">30", id="a-quarter-with-holidays"),
    ],
)
def test_age_in_working_days(world: World, origin, at, age, bucket) -> None:
    for date in D[:4]:
        world.write("cmp", date, {"a": {"origin_date": origin}})
    record_all(world)
    row = cases_as_of(world.context, at).to_pylist()[0]
    assert row["age"] == world.context.workdays.age(min(origin or D[0], D[0]), at) == age
    assert row["age_bucket"] == bucket


def test_the_age_of_a_cleared_case_stops(world: World) -> None:
    world.write("cmp", D[0], {"a": {}})
    world.write("cmp", D[1], {})
    world.write("cmp", D[4], {})
    record_all(world)
    assert cases_as_of(world.context, D[4], cleared_since=D[0])["age"].to_pylist() == [1]


def test_a_ledger_without_nights_gives_empty_tables(world: World) -> None:
    assert cases_as_of(world.context, D[0]).num_rows == 0
    assert trend(world.context, D[0]).num_rows == 0


def test_filters(world: World) -> None:
    world.write("cmp", D[0], {"a": {"region": "990102"}, "b": {"region": "990103"}, "c": {"region": None}})
    world.write("other", D[0], {"a": {"rule": "P07"}})
    record_all(world)
    table = cases_as_of(world.context, D[0])
    assert sorted(filtered(table, CaseFilter(region=("990102", "990103"), scope=("cmp",)))["subject_key"].to_pylist()) == ["a", "b"]
    assert trend(world.context, D[0], where=CaseFilter(rule=("P07", "it's"))).to_pylist() == [
        {"business_date": D[0], "new": 1, "reopened": 0, "cleared": 0, "open": 1}
    ]
    mark = filtered(table, CaseFilter(rule=("P07",)))["fingerprint"][0].as_py()
    assert trend(world.context, D[0], where=CaseFilter(fingerprint=(mark,)))["open"].to_pylist() == [1]


def exemption(**values) -> NewExemption:
    standard = {"reason": "已核实", "approver": "张主任", "created_by": "analyst", "valid_from": D[0], "expires_on": D[2]}
    return NewExemption(**{**standard, **values})


def exempt_keys(world: World, date: dt.date) -> list[str]:
    rows = cases_as_of(world.context, date).to_pylist()
    return sorted(row["subject_key"] for row in rows if row["exempt"])


@pytest.fixture
def three_cases(world: World) -> World:
    for date in D:
        world.write("cmp", date, {"a": {"region": "990102"}, "b": {"region": "990103"}, "c": {"rule": "P07", "agency": "shuiwu"}})
    record_all(world)
    return world


@pytest.mark.parametrize(
    ("match", "keys"),
    [
        pytest.param({"rule": "T03"}, ["a", "b"], id="rule"),
        pytest.param({"rule": "T03", "region": "990103"}, ["b"], id="rule-and-region"),
        pytest.param({"rule": "P07", "agency": "shebao"}, [], id="rule-and-other-agency"),
        pytest.param({"rule": "P07", "agency": "shuiwu"}, ["c"], id="rule-and-agency"),
        pytest.param({"rule": "T03", "subject_key": "a"}, ["a"], id="rule-and-subject"),
    ],
)
def test_an_exemption_matches_what_it_names(three_cases: World, match, keys) -> None:
    add_exemption(three_cases.context, exemption(**match))
    assert exempt_keys(three_cases, D[1]) == keys
    counts = record_findings(three_cases.context, D[1]).counts
    assert (counts["exempt"], counts["open_total"]) == (len(keys), 3)


def test_an_exemption_counts_from_its_first_to_its_last_day_and_by_fingerprint(three_cases: World) -> None:
    mark = next(row["fingerprint"] for row in cases_as_of(three_cases.context, D[0]).to_pylist() if row["subject_key"] == "c")
    add_exemption(three_cases.context, exemption(fingerprint=mark, valid_from=D[1], expires_on=D[3]))
    assert [exempt_keys(three_cases, date) for date in D] == [[], ["c"], ["c"], ["c"], []]
    assert [len(list_exemptions(three_cases.context, at=date)) for date in D] == [0, 1, 1, 1, 0]


def test_of_two_exemptions_the_longer_one_is_shown(three_cases: World) -> None:
    add_exemption(three_cases.context, exemption(rule="P07", reason="短", expires_on=D[1]))
    add_exemption(three_cases.context, exemption(rule="P07", reason="长", expires_on=D[4]))
    row = cases_as_of(three_cases.context, D[0], where=CaseFilter(rule=("P07",))).to_pylist()[0]
    assert (row["exempt"], row["exempt_reason"], row["exempt_until"], row["state"]) == (True, "长", D[4], "open")


def test_a_withdrawn_exemption_no_longer_counts_and_stays_listed(three_cases: World) -> None:
    number = add_exemption(three_cases.context, exemption(rule="P07", expires_on=D[4]))
    withdraw_exemption(three_cases.context, number, on=D[2], by="manager", reason="依据失效")
    assert [exempt_keys(three_cases, date) for date in D] == [["c"], ["c"], [], [], []]
    row = list_exemptions(three_cases.context)[0]
    assert (row.withdrawn_by, row.withdrawn_reason, row.withdrawn_on) == ("manager", "依据失效", D[2])
    assert row.withdrawn_at is not None
    with pytest.raises(LedgerError, match="already"):
        withdraw_exemption(three_cases.context, number, on=D[2], by="manager", reason="again")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"rule": "T03", "approver": " "}, "approver", id="no-approver"),
        pytest.param({"rule": "T03", "reason": ""}, "reason", id="no-reason"),
        pytest.param({"rule": "T03", "created_by": ""}, "created_by", id="no-author"),
        pytest.param({}, "fingerprint", id="matches-everything"),
        pytest.param({"rule": "T03", "expires_on": dt.date(2026, 6, 2)}, "before it begins", id="expired-at-birth"),
        pytest.param({"rule": "Z99"}, "Z99", id="unknown-rule"),
        pytest.param({"fingerprint": "abc"}, "not a fingerprint", id="no-fingerprint"),
    ],
)
def test_an_incomplete_exemption_is_refused(world: World, values, message) -> None:
    with pytest.raises(HeduiError, match=message):
        add_exemption(world.context, exemption(**values))
    assert list_exemptions(world.context) == []


def test_withdrawing_what_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(LedgerError, match="no exemption 12345"):
        withdraw_exemption(world.context, 12345, on=D[0], by="x", reason="y")
