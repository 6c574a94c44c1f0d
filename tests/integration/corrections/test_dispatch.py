"""Dispatch and receipts on a ledger: put there once, answered in every way that receipts can be wrong, and what becomes of the cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hedui.audit import entries, verify
from hedui.corrections.approval import NobodyMayDecideError, Stage
from hedui.corrections.dispatch import book
from hedui.corrections.dispatch.errors import OutboxFullError, ReceiptFormatError, SigningKeyError
from hedui.corrections.dispatch.follow import collect, enter, may_enter, receipt_name, remind
from hedui.corrections.dispatch.judge import Verdict
from hedui.corrections.dispatch.pack import read_cover
from hedui.corrections.dispatch.receipts import Receipt, RefusedRow, Result, write_receipt
from hedui.corrections.dispatch.send import dispatch
from hedui.corrections.errors import BundleStateError, CorrectionError, FourEyesError
from hedui.corrections.flow import void
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.reminders import remind_all
from hedui.corrections.states import CaseState, State
from hedui.harness.executor import STALE, Executor
from hedui.ledger.database import begin
from hedui.local.postgres import Postgres
from integration.corrections.ledger_kit import Desk, desk, new_ledger
from integration.corrections.test_outbox import full_disk, no_room_for
from unit.corrections.manager_samples import BUNDLE, change, plan, target

KEY = b"the key that both sides have agreed on"
TODAY = dt.date(2026, 11, 23)
PROVINCE: dict[str, Any] = {
    "id": "sheng", "name": "省集中系统", "tier": "province", "mode": "dispatch", "connection": None,
    "outbox": {"url": "out", "receipts": "back"},
}  # fmt: skip


@pytest.fixture(scope="module")
def ledger(new_database: Callable[[], str]) -> str:
    return new_ledger(new_database)


@pytest.fixture
def office(tmp_path: Path, postgres_server: Postgres, ledger: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HEDUI_DISPATCH_KEY", KEY.decode())
    return desk(tmp_path, postgres_server, ledger)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The province's export of the accounts: five people as the bundles expect them."""
    file = tmp_path / "ac51.txt"
    rows = [f"P{number:04d}|118|1000|某" for number in range(1, 6)]
    file.write_text("\n".join(["aac001|aae201|aic268|name", *rows, ""]), encoding="gb18030")
    return file


@pytest.fixture
def province(tmp_path: Path, table: Path) -> Executor:
    return Executor(outbox=tmp_path / "out", receipts=tmp_path / "back", key=KEY, files=lambda name: [table])


def sent(office: Desk, count: int = 3) -> Any:
    """A bundle that is in the outbox."""
    frozen = office.approved(plan(count, target=target(**PROVINCE)))
    dispatch(office.context, frozen, actor="engineer")
    return frozen_bundle(office.context, BUNDLE)[1]


def receipt(frozen: Any, result: Result, *, number: str = "R1", rows: tuple[int, ...] = ()) -> Receipt:
    named = tuple(RefusedRow(number=row, code="07", reason="缺少凭证") for row in rows)
    return Receipt(
        number=number, bundle=BUNDLE, manifest=frozen.digest, result=result, issued_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
        issuer="省社会保险局", rows=named, note="材料不全" if result is Result.REFUSED else "",
    )  # fmt: skip


def verdicts(office: Desk) -> list[str]:
    with begin(office.context.ledger_url) as connection:
        return [row.verdict for row in book.receipt_rows(connection, BUNDLE)]


def test_it_is_in_the_outbox_once_however_often_it_is_dispatched(office: Desk, province: Executor) -> None:
    frozen = sent(office)
    again = dispatch(office.context, frozen, actor="engineer")
    assert sorted(file.name for file in province.outbox.iterdir()) == [f"{BUNDLE}.cover.json", f"{BUNDLE}.zip"]
    cover = read_cover((province.outbox / f"{BUNDLE}.cover.json").read_bytes(), key=KEY)
    assert (cover.manifest, cover.digest, cover.changes) == (frozen.digest, again.digest, 3)
    bundle = office.read(BUNDLE)
    assert (bundle.state, [event.actor for event in bundle.events if event.act][-1]) == (State.DISPATCHED, "engineer")


def test_without_a_key_nothing_leaves(office: Desk, province: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = office.approved(plan(target=target(**PROVINCE)))
    monkeypatch.delenv("HEDUI_DISPATCH_KEY")
    with pytest.raises(SigningKeyError):
        dispatch(office.context, frozen, actor="engineer")
    assert not province.outbox.exists()
    assert office.read(BUNDLE).state is State.APPROVED


def test_neither_an_unapproved_bundle_nor_one_by_its_approver_is_dispatched(office: Desk, province: Executor) -> None:
    frozen = office.add(plan(target=target(**PROVINCE)))
    with pytest.raises(BundleStateError, match="only an approved one"):
        dispatch(office.context, frozen, actor="engineer")
    office.say(BUNDLE, by="manager")
    with pytest.raises(FourEyesError):
        dispatch(office.context, frozen, actor="manager")
    assert not province.outbox.exists()


def test_a_full_outbox_leaves_the_bundle_approved_and_it_goes_out_later(office: Desk, province: Executor) -> None:
    frozen = office.approved(plan(target=target(**PROVINCE)))
    with full_disk(province.outbox, f"{BUNDLE}.zip"):
        with pytest.raises(OutboxFullError):
            dispatch(office.context, frozen, actor="engineer")
        assert list(province.outbox.iterdir()) == []
    assert office.read(BUNDLE).state is State.APPROVED
    dispatch(office.context, frozen, actor="engineer")
    assert office.read(BUNDLE).state is State.DISPATCHED


def test_a_bundle_without_room_for_its_cover_is_not_taken_and_gets_it_later(office: Desk, province: Executor) -> None:
    frozen = office.approved(plan(target=target(**PROVINCE)))
    province.outbox.mkdir()
    no_room_for(province.outbox, f"{BUNDLE}.cover.json")
    with pytest.raises(OutboxFullError, match="cover"):
        dispatch(office.context, frozen, actor="engineer")
    assert [file.name for file in province.outbox.iterdir()] == [f"{BUNDLE}.zip"]
    assert province.work() == []
    assert office.read(BUNDLE).state is State.APPROVED
    dispatch(office.context, frozen, actor="engineer")
    assert read_cover((province.outbox / f"{BUNDLE}.cover.json").read_bytes(), key=KEY).changes == 3


def test_a_bundle_that_is_voided_while_it_is_dispatched_is_told_to_be_in_the_outbox(
    office: Desk, province: Executor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from hedui.corrections.dispatch import send

    frozen = office.approved(plan(target=target(**PROVINCE)))
    put = send.put

    def put_and_lose(place: Any, name: str, source: Path) -> bool:
        if name.endswith(".zip"):
            void(office.context, BUNDLE, actor="leader", reason="依据有误")
        return put(place, name, source)

    monkeypatch.setattr(send, "put", put_and_lose)
    with pytest.raises(BundleStateError, match=f"{BUNDLE}.zip lies there"):
        dispatch(office.context, frozen, actor="engineer")
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.VOID, {CaseState.REOPENED: 3})
    assert f"已作废的方案已在发件箱：{BUNDLE}" in caplog.text
    province.send(receipt(frozen, Result.EXECUTED))
    collect(office.context, frozen, today=TODAY)
    assert verdicts(office) == [Verdict.TOO_LATE]
    assert office.read(BUNDLE).state is State.VOID


def test_the_province_executes_what_is_as_expected_and_its_receipt_moves_bundle_and_cases(
    office: Desk, province: Executor, table: Path
) -> None:
    frozen = sent(office)
    table.write_text(table.read_text("gb18030").replace("P0002|118", "P0002|119"), "gb18030")
    (answer,) = province.work(accept=True)
    assert [(row.number, row.reason) for row in answer.rows] == [(2, STALE)]
    assert "P0001|120|1200.5|" in table.read_text("gb18030")
    assert collect(office.context, frozen, today=TODAY) is State.EXECUTED
    bundle = office.read(BUNDLE)
    assert dict(bundle.cases) == {CaseState.SOLVED: 2, CaseState.REOPENED: 1}
    assert [event.to_state for event in bundle.events][-2:] == [State.ACCEPTED, State.EXECUTED]
    assert province.work() == []
    assert collect(office.context, frozen, today=TODAY) is State.EXECUTED
    assert verdicts(office) == ["counts", "counts"]
    assert verify(office.context.ledger_url).broken is None


@pytest.mark.parametrize("rows", [(), (1, 2, 3)], ids=["as a whole", "every row"])
def test_a_refusal_returns_the_bundle_with_its_reasons(office: Desk, province: Executor, rows: tuple[int, ...]) -> None:
    frozen = sent(office)
    province.send(receipt(frozen, Result.PARTLY if rows else Result.REFUSED, rows=rows))
    assert collect(office.context, frozen, today=TODAY) is State.RETURNED
    bundle = office.read(BUNDLE)
    assert dict(bundle.cases) == {CaseState.REOPENED: 3}
    assert ("缺少凭证" if rows else "材料不全") in bundle.note


def test_forged_unreadable_and_foreign_receipts_change_nothing_and_are_noted(office: Desk, province: Executor) -> None:
    frozen = sent(office)
    province.send(receipt(frozen, Result.EXECUTED, number="forged"), key=KEY[::-1])
    province.send(replace(receipt(frozen, Result.EXECUTED, number="other"), manifest="0" * 64))
    province.send(receipt(frozen, Result.PARTLY, number="row", rows=(9,)))
    (province.receipts / receipt_name(BUNDLE, "text")).write_text("<Package/>")
    half = '{"algorithm": "hmac-sha256", "signature": "", "content": {"number": "\\ud800"}}'
    (province.receipts / receipt_name(BUNDLE, "half")).write_text(half)
    whole = replace(receipt(frozen, Result.PARTLY, number="1\x00", rows=(9,)), note="\x00")
    (province.receipts / receipt_name(BUNDLE, "nul")).write_bytes(write_receipt(whole, key=KEY))
    foreign = replace(receipt(frozen, Result.EXECUTED, number="name"), bundle="BUNDLE-990100-20260603-77")
    province.send(foreign).rename(province.receipts / receipt_name(BUNDLE, "name"))
    for _ in range(2):
        assert collect(office.context, frozen, today=TODAY) is State.DISPATCHED
    assert sorted(verdicts(office)) == ["foreign"] * 4 + ["forged", "unreadable", "unreadable"]
    assert len(entries(office.context.ledger_url, actions=["bundle.receipt"])) == 7


def test_duplicates_and_contradictions_after_the_final_receipt_are_only_noted(office: Desk, province: Executor) -> None:
    frozen = sent(office)
    province.send(receipt(frozen, Result.PARTLY, number="1", rows=(2,)))
    collect(office.context, frozen, today=TODAY)
    province.send(receipt(frozen, Result.PARTLY, number="2", rows=(2,)))
    province.send(receipt(frozen, Result.EXECUTED, number="3"))
    province.send(receipt(frozen, Result.ACCEPTED, number="4"))
    assert collect(office.context, frozen, today=TODAY) is State.EXECUTED
    assert verdicts(office) == ["counts", "duplicate", "contradictory", "outdated"]
    assert dict(office.read(BUNDLE).cases) == {CaseState.SOLVED: 2, CaseState.REOPENED: 1}


def test_a_late_receipt_counts_and_is_marked(office: Desk, province: Executor) -> None:
    frozen = sent(office)
    province.send(receipt(frozen, Result.EXECUTED))
    assert collect(office.context, frozen, today=dt.date(2026, 12, 31)) is State.EXECUTED
    with begin(office.context.ledger_url) as connection:
        assert [row.late for row in book.receipt_rows(connection, BUNDLE)] == [True]


FORM = {"number": "粤社函1号", "issued_at": "2026-11-20T00:00:00+08:00", "issuer": "省社会保险局"}


def test_a_receipt_on_paper_is_entered_by_name_and_letter(office: Desk) -> None:
    frozen = sent(office)
    form = {**FORM, "result": "partly", "rows": [{"number": 3, "reason": "缺少凭证"}]}
    with pytest.raises(ReceiptFormatError, match="number of its letter"):
        enter(office.context, frozen, form, document=" ", actor="analyst", today=TODAY)
    ruling = enter(office.context, frozen, form, document="粤社函〔2026〕1号", actor="analyst", today=TODAY)
    assert ruling.verdict is Verdict.COUNTS
    again = enter(office.context, frozen, form, document="粤社函〔2026〕1号", actor="analyst", today=TODAY)
    assert again.verdict is Verdict.DUPLICATE
    assert dict(office.read(BUNDLE).cases) == {CaseState.SOLVED: 2, CaseState.REOPENED: 1}
    assert verdicts(office) == ["counts"]


def test_a_case_of_several_rows_comes_back_with_any_of_them(office: Desk, province: Executor) -> None:
    shared = replace(change(2), cases=change(1).cases)
    given = plan(3, target=target(**PROVINCE))
    given = replace(given, changes=(given.changes[0], shared, given.changes[2]), reasons=(given.reasons[0], given.reasons[2]))
    frozen = office.approved(given)
    dispatch(office.context, frozen, actor="engineer")
    province.send(receipt(frozen, Result.PARTLY, rows=(2,)))
    assert collect(office.context, frozen, today=TODAY) is State.EXECUTED
    assert dict(office.read(BUNDLE).cases) == {CaseState.SOLVED: 1, CaseState.REOPENED: 1}


def test_reminders_begin_near_the_term_and_go_out_once_a_day(office: Desk) -> None:
    due = dt.date(2026, 6, 12)  # a Friday

    def sent_on(day: int) -> bool:
        return remind(
            office.context, BUNDLE, step="receipt", label="待回执", due=due, today=dt.date(2026, 6, day), remind_days=1
        )  # fmt: skip

    assert [sent_on(day) for day in (10, 11, 11, 12, 15)] == [False, True, False, True, True]


def test_every_bundle_that_waits_is_reminded_of_by_what_it_waits_for(office: Desk) -> None:
    sent(office)
    with begin(office.context.ledger_url) as connection:
        waiting = book.dispatched(connection, BUNDLE)
    assert waiting is not None
    assert remind_all(office.context, day=waiting.due - dt.timedelta(days=7)) == 0
    assert [remind_all(office.context, day=waiting.due) for _ in range(2)] == [1, 0]
    office.add(plan(1, id="BUNDLE-990100-20260603-02", target=target(**PROVINCE), reasons=other_case(), changes=other_change()))
    asked = office.read("BUNDLE-990100-20260603-02").state_since.date() + dt.timedelta(days=30)
    assert remind_all(office.context, day=asked) == 2  # the receipt, late by now, and the decision


def other_change() -> Any:
    return (replace(change(9), number=1),)


def other_case() -> Any:
    return (replace(plan(1).reasons[0], case=change(9).cases[0]),)


def test_who_enters_a_receipt_neither_decides_nor_reviews(office: Desk) -> None:
    frozen, form = sent(office), {**FORM, "result": "executed"}
    with pytest.raises(FourEyesError, match="manager has done 业务部门审批"):
        enter(office.context, frozen, form, document="〔2026〕1号", actor="manager", today=TODAY)
    assert office.read(BUNDLE).state is State.DISPATCHED
    enter(office.context, frozen, form, document="〔2026〕1号", actor="reviewer", today=TODAY)
    assert office.read(BUNDLE).state is State.EXECUTED
    with pytest.raises(NobodyMayDecideError, match="登记回执"):
        office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW, approved=False, reason="再查")


def test_only_whom_the_site_names_enters_receipts_in_airflow() -> None:
    people = {"proposers": ("analyst",), "approvers": ("a",), "leaders": ("b",), "executor": "engineer", "reviewers": ("c",)}
    for name in ("analyst", "engineer"):
        may_enter(target(**PROVINCE, people=people), name)
    with pytest.raises(CorrectionError, match="clerk may not enter receipts of sheng; analyst, engineer may"):
        may_enter(target(**PROVINCE, people=people), "clerk")
    may_enter(target(**PROVINCE, people={**people, "receivers": ("clerk",)}), "clerk")
