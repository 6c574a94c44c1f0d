"""Bundles: what may stand together, within the site's sizes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.corrections.cells import without
from hedui.corrections.model import Decision
from hedui.corrections.split import Draft, split
from hedui.site.corrections import Sizes
from unit.corrections.plans_world import SITE, cell, judgement

WIDE = Sizes()


def shape(drafts: list[Draft]) -> list[list[str]]:
    return [[str(change.key[0]) for change in draft.changes] for draft in drafts]


def test_rows_stand_in_the_order_of_their_keys_and_are_numbered() -> None:
    (draft,) = split([cell(key, judgement(key)) for key in ("3", "1", "2")], site=SITE, sizes=WIDE)
    assert [(change.number, change.key[0]) for change in draft.changes] == [(1, "1"), (2, "2"), (3, "3")]
    assert [reason.case for reason in draft.reasons] == sorted(reason.case for reason in draft.reasons)


def test_cells_of_a_row_are_one_change() -> None:
    one, two = judgement("1"), judgement("1b", field="months_total")
    (draft,) = split([cell("1", one), cell("1", two, column="eac047")], site=SITE, sizes=WIDE)
    (change,) = draft.changes
    assert [item.column for item in change.cells] == ["aae201", "eac047"]
    assert change.field == "months_paid,months_total"
    assert set(change.cases) == {one.case.fingerprint, two.case.fingerprint}


def test_decisions_do_not_mix() -> None:
    cells = [cell("1", judgement("1")), cell("2", judgement("2", decision=Decision.BOTH_WRONG))]
    assert shape(split(cells, site=SITE, sizes=WIDE)) == [["2"], ["1"]]


def test_key_fields_go_one_person_at_a_time_and_others_together() -> None:
    cells = [cell(key, judgement(key, key_field=key in "12", evidence="档 1")) for key in "1234"]
    drafts = split(cells, site=SITE, sizes=WIDE)
    assert shape(drafts) == [["3", "4"], ["1"], ["2"]]
    assert [draft.group.person is not None for draft in drafts] == [False, True, True]
    assert drafts[1].changes[0].evidence == "档 1"


def test_rounds_do_not_mix() -> None:
    cells = [cell("1", judgement("1", previous=("BUNDLE-990100-20260603-001",))), cell("2", judgement("2"))]
    drafts = split(cells, site=SITE, sizes=WIDE)
    assert [(draft.group.parent, len(draft.changes)) for draft in drafts] == [(None, 1), ("BUNDLE-990100-20260603-001", 1)]


def test_what_a_refused_case_wants_goes_as_a_whole() -> None:
    twice, once = judgement("1"), judgement("2")
    cells = [
        cell("1", twice),
        cell("2", twice, column="eac047"),
        replace(cell("2", twice), judgements=(twice, once)),
        cell("3", once),
    ]
    left = without(cells, {twice.case.fingerprint})
    assert [(item.key[0], [each.case.fingerprint for each in item.judgements]) for item in left] == [
        ("2", [once.case.fingerprint]), ("3", [once.case.fingerprint]),
    ]  # fmt: skip
    assert without(cells, ()) == cells


def test_rows_split_a_bundle() -> None:
    cells = [cell(f"{key}", judgement(f"{key}")) for key in range(5)]
    assert shape(split(cells, site=SITE, sizes=Sizes(rows=2))) == [["0", "1"], ["2", "3"], ["4"]]


def test_a_case_of_several_rows_is_never_split() -> None:
    thrice = judgement("2")
    cells = [cell("0", judgement("0")), *(cell(key, thrice) for key in ("1", "5", "9")), cell("3", judgement("3"))]
    assert shape(split(cells, site=SITE, sizes=Sizes(rows=2))) == [["0"], ["1", "5", "9"], ["3"]]
    shared = judgement("7", decision=Decision.BOTH_WRONG)
    cells = [cell("1", thrice), replace(cell("2", thrice), judgements=(thrice, shared)), cell("3", shared)]
    assert shape(split(cells, site=SITE, sizes=WIDE)) == [["1", "2", "3"]]


def test_people_split_a_bundle() -> None:
    cells = [cell(f"{key}", judgement(f"{key // 2}")) for key in range(6)]
    assert shape(split(cells, site=SITE, sizes=Sizes(people=2))) == [["0", "1", "2", "3"], ["4", "5"]]


def test_money_splits_a_bundle_and_a_row_above_it_stands_alone() -> None:
    amounts = {"0": 60, "1": 40, "2": 1, "3": 500, "4": 2}
    cells = [cell(key, judgement(key), moved_fen=amount) for key, amount in amounts.items()]
    assert shape(split(cells, site=SITE, sizes=Sizes(amount_fen=100))) == [["0", "1"], ["2"], ["3"], ["4"]]


@given(keys=st.lists(st.integers(0, 30), min_size=1, max_size=40, unique=True), rows=st.integers(1, 9), people=st.integers(1, 9))
@settings(deadline=None)
def test_splitting_loses_nothing_and_keeps_to_the_sizes(keys: list[int], rows: int, people: int) -> None:
    cells = [cell(f"{key:02}", judgement(f"{key // 3}")) for key in keys]
    drafts = split(cells, site=SITE, sizes=Sizes(rows=rows, people=people))
    assert sorted(key for piece in shape(drafts) for key in piece) == sorted(f"{key:02}" for key in keys)
    assert all(len(draft.changes) <= max(rows, 3) for draft in drafts), "three rows make a case"
    cases = [reason.case for draft in drafts for reason in draft.reasons]
    assert len(cases) == len(set(cases)), "no case is in two bundles"
    assert all(len({change.person for change in draft.changes}) <= people for draft in drafts)
