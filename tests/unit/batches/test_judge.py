"""Judging packets: hand-written cases, and that no order of facts leads to another verdict."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedui.batches.facts import Decision, PacketFact, Problem
from hedui.batches.judge import Verdict, judge
from hedui.site.batches import Batches

FIRST, SECOND, THIRD = (dt.date(2026, 6, day) for day in (3, 4, 5))


def packet(date: dt.date = FIRST, place: int = 1, **more: Any) -> PacketFact:
    head = {
        "SJBBH": "990101A1",
        "SJBLX": "JFXX102",
        "SFCF": "0",
        "JGBS": "99010101",
        "JLS": "2",
        "SCRQ": f"{date:%Y%m%d}120000",
    }
    head |= more.pop("head", {})
    values = {"dataset": "payment", "rows": 2, "declared_rows": 2, "content": "one"} | more
    return PacketFact(
        date=date, number=place, name=f"{date:%Y%m%d}/P{place:03d}.xml", head={k: v for k, v in head.items() if v}, **values
    )


def states(*facts: PacketFact, decisions: tuple[Decision, ...] = (), settings: Batches | None = None) -> list[str]:
    return [verdict.state for verdict in judge(facts, decisions, settings or Batches())]


def rules(*facts: PacketFact, settings: Batches | None = None) -> list[list[str]]:
    return [[problem.rule for problem in verdict.problems] for verdict in judge(facts, (), settings or Batches())]


RESEND = {"SFCF": "1"}


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        pytest.param(packet(), [], id="sound"),
        pytest.param(packet(head={"SCRQ": ""}), ["B01"], id="no time"),
        pytest.param(packet(head={"SJBBH": ""}), ["B01"], id="no number"),
        pytest.param(packet(head={"JGBS": "  "}), ["B01"], id="blank agency"),
        pytest.param(packet(head={"SFCF": ""}), [], id="no resend mark is none"),
        pytest.param(packet(rows=3), ["B02"], id="more records"),
        pytest.param(packet(rows=0, declared_rows=0), [], id="zero report"),
        pytest.param(packet(declared_rows=None, head={"JLS": "x"}), ["B02"], id="count is no number"),
        pytest.param(packet(name_parts={"type": "JFXX101"}), ["B06"], id="another type"),
        pytest.param(packet(name_parts={"batch": "990101", "agency": "99010101", "date": "20260603"}), [], id="name agrees"),
        pytest.param(packet(name_parts={"date": "20260602"}), ["B06"], id="another day"),
        pytest.param(packet(problems=(Problem(rule="B07", reason="x"),), rows=1, head={"SCRQ": ""}), ["B07"], id="cut: only that"),
        pytest.param(
            packet(problems=(Problem(rule="B05", reason="x"), Problem(rule="B05", reason="y"))), ["B05"], id="once a rule"
        ),
    ],
)
def test_what_is_wrong_with_a_packet_by_itself(fact: PacketFact, expected: list[str]) -> None:
    assert rules(fact) == [expected]
    assert states(fact) == ["rejected" if expected else "accepted"]


def test_a_packet_without_an_envelope_needs_no_head() -> None:
    assert states(replace(packet(), head={}, declared_rows=None)) == ["accepted"]


def test_an_agency_that_may_not_send() -> None:
    settings = Batches(agencies=("99010201",))
    assert rules(packet(), settings=settings) == [["B16"]]
    assert rules(packet(head={"JGBS": "99010201"}), settings=settings) == [[]]


@pytest.mark.parametrize(
    ("later", "state", "rule"),
    [
        pytest.param({}, ["accepted", "duplicate"], None, id="the same again"),
        pytest.param({"head": RESEND}, ["accepted", "duplicate"], None, id="the same marked as a resend"),
        pytest.param({"content": "two"}, ["accepted", "rejected"], "B03", id="another content without a mark"),
        pytest.param({"content": "two", "head": RESEND}, ["replaced", "accepted"], "B04", id="resend"),
        pytest.param({"content": "two", "head": RESEND, "dataset": "levy"}, ["accepted", "rejected"], "B03", id="another dataset"),
        pytest.param(
            {"content": "two", "head": RESEND | {"SCRQ": "20260603110000"}}, ["accepted", "outdated"], "B14", id="made earlier"
        ),
        pytest.param(
            {"content": "two", "head": RESEND | {"SCRQ": "20260603"}}, ["replaced", "accepted"], "B04", id="only the day is known"
        ),
    ],
)
@pytest.mark.parametrize("date", [FIRST, SECOND], ids=["same day", "next day"])
def test_a_number_that_comes_again(date: dt.date, later: dict[str, Any], state: list[str], rule: str | None) -> None:
    verdicts = judge([packet(), packet(date, 2, **later)], (), Batches())
    assert [verdict.state for verdict in verdicts] == state
    assert [problem.rule for problem in verdicts[1].problems] == ([rule] if rule else [])
    assert {verdict.belongs for verdict in verdicts} == {FIRST}


def test_a_resend_of_a_rejected_packet_counts_for_the_day_of_the_rejected_one() -> None:
    verdicts = judge([packet(rows=3), packet(SECOND, content="two", head=RESEND)], (), Batches())
    assert [(verdict.state, verdict.belongs, verdict.problems) for verdict in verdicts[1:]] == [("accepted", FIRST, ())]


def test_an_old_version_that_comes_again_is_a_duplicate_and_one_that_is_sent_again_counts() -> None:
    versions = [packet(), packet(SECOND, content="two", head=RESEND)]
    assert states(*versions, packet(THIRD)) == ["replaced", "accepted", "duplicate"]
    assert states(*versions, packet(THIRD, head=RESEND)) == ["replaced", "replaced", "accepted"]


def test_a_cancelled_batch_counts_no_more_until_it_is_sent_anew() -> None:
    cancel = (Decision(date=SECOND, key="990101A1", kind="cancel"),)
    facts = [packet(), packet(THIRD, content="two", head=RESEND)]
    assert states(*facts, decisions=cancel) == ["cancelled", "accepted"]
    assert states(*facts, decisions=(Decision(date=SECOND, key="990101A1", kind="confirm"),)) == ["replaced", "accepted"]


def test_a_rule_that_is_switched_off_rejects_nothing() -> None:
    [verdict] = judge([packet(rows=3)], (), Batches(), disabled={"B02"})
    assert (verdict.state, verdict.problems) == ("accepted", ())


@st.composite
def deliveries(draw: st.DrawFn) -> list[PacketFact]:
    count = draw(st.integers(1, 12))
    return [
        packet(
            draw(st.sampled_from([FIRST, SECOND, THIRD])), place,
            content=draw(st.sampled_from(["one", "two", "three"])),
            rows=draw(st.sampled_from([2, 2, 2, 3])),
            head={
                "SJBBH": draw(st.sampled_from(["990101A1", "990101A2", ""])), "SFCF": draw(st.sampled_from(["0", "1"])),
                "SCRQ": draw(st.sampled_from(["20260603110000", "20260603120000", "20260605"])),
            },
        )
        for place in range(1, count + 1)
    ]  # fmt: skip


@given(facts=deliveries(), order=st.randoms(use_true_random=False))
def test_no_order_of_facts_leads_to_another_verdict(facts: list[PacketFact], order: Any) -> None:
    expected = judge(facts, (), Batches())
    shuffled = list(facts)
    order.shuffle(shuffled)
    assert judge(shuffled, (), Batches()) == expected
    assert sorted(id(verdict.fact) for verdict in expected) == sorted(id(fact) for fact in facts)


@given(facts=deliveries())
def test_at_most_one_version_of_a_batch_counts_and_its_rows_count_once(facts: list[PacketFact]) -> None:
    live: dict[str, Verdict] = {}
    for verdict in judge(facts, (), Batches()):
        if verdict.state == "accepted":
            assert verdict.fact.id not in live
            live[verdict.fact.id] = verdict
            assert verdict.belongs == min(fact.date for fact in facts if fact.id == verdict.fact.id)


@given(facts=deliveries(), known=st.sampled_from([FIRST, SECOND]))
def test_what_was_known_earlier_is_judged_as_it_was_then(facts: list[PacketFact], known: dt.date) -> None:
    then = judge([fact for fact in facts if fact.date <= known], (), Batches())
    later = [verdict for verdict in judge(facts, (), Batches()) if verdict.fact.date <= known]
    assert [verdict.fact for verdict in later] == [verdict.fact for verdict in then]
    for before, after in zip(then, later, strict=True):
        assert after.state == before.state or (before.state, after.state) == ("accepted", "replaced")
