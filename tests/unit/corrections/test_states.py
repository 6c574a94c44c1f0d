"""The life of a bundle: every state is reached, every end is an end, and nobody does two things."""

from __future__ import annotations

import itertools

import pytest

from hedui.corrections.states import (
    ACT_LABELS,
    CASE_STATE_LABELS,
    CASES_FOLLOW,
    ENDED,
    LIVE,
    NEXT,
    STATE_LABELS,
    Act,
    CaseState,
    State,
    act_of,
    clashes,
    may_follow,
)


def test_every_state_is_reached_from_a_draft() -> None:
    reached, new = {State.DRAFT}, {State.DRAFT}
    while new:
        new = {to for state in new for to in NEXT.get(state, ())} - reached
        reached |= new
    assert reached == set(State)


def test_everything_has_a_chinese_label() -> None:
    for labels, codes in ((STATE_LABELS, State), (CASE_STATE_LABELS, CaseState), (ACT_LABELS, Act)):
        assert set(labels) == set(codes)
        assert all("\u4e00" <= label[0] <= "\u9fff" for label in labels.values())


def test_nothing_is_executed_that_was_not_approved() -> None:
    for state in (State.EXECUTING, State.DISPATCHED):
        assert {before for before in NEXT if may_follow(before, state)} == {State.APPROVED}
    assert {before for before in NEXT if may_follow(before, State.APPROVED)} == {
        State.PENDING,
        State.PENDING_LEADER,
        State.EXECUTING,
    }


def test_nothing_is_asked_that_was_not_rehearsed() -> None:
    assert {before for before in NEXT if may_follow(before, State.PENDING)} == {State.REHEARSED}


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_bundle_that_ended_leaves_no_case_live(state: State) -> None:
    if state is State.CLOSED:  # only reached where every case is verified or let go
        assert CASES_FOLLOW[state] == {CaseState.VERIFIED: CaseState.CLOSED}
        return
    assert all(CASES_FOLLOW[state][live] not in LIVE for live in LIVE)


@pytest.mark.parametrize(
    ("one", "other"),
    list(itertools.permutations([Act.PROPOSE, Act.APPROVE, Act.APPROVE_LEADER, Act.EXECUTE, Act.REVIEW], 2)),
    ids=lambda act: act.value,
)
def test_one_person_does_one_thing(one: Act, other: Act) -> None:
    assert clashes(one, other)


def test_doing_the_same_again_is_no_clash() -> None:
    assert not any(clashes(act, act) for act in Act)


def test_a_rollback_has_four_eyes_of_its_own() -> None:
    assert clashes(Act.ROLLBACK_PROPOSE, Act.ROLLBACK_APPROVE)
    assert not clashes(Act.EXECUTE, Act.ROLLBACK_EXECUTE)


def test_refusing_is_a_decision() -> None:
    assert act_of(State.PENDING, State.REJECTED) is Act.APPROVE
    assert act_of(State.PENDING_LEADER, State.REJECTED) is Act.APPROVE_LEADER
