"""From the approval to the closed case and back, on a real database: once, whole or not at all; a rollback by its own approval."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from hedui.audit import entries
from hedui.corrections.approval import Stage
from hedui.corrections.bundle import freeze
from hedui.corrections.errors import BundleChangedError, BundleStateError, CorrectionError, FourEyesError
from hedui.corrections.flow import carry_out, prove, receipts, request_rollback, tidy, void
from hedui.corrections.ledger import advance, release
from hedui.corrections.run import execute
from hedui.corrections.run.errors import RunError, StaleError
from hedui.corrections.states import STILL_SHOWN, CaseState, State
from hedui.ledger.database import begin
from hedui.local.postgres import Postgres
from integration.corrections.ledger_kit import Desk, desk, new_ledger
from unit.corrections.manager_samples import BUNDLE, plan, target

BEFORE = [(f"P{number:04d}", 118, Decimal("1000.00")) for number in range(1, 5)]
AFTER = [(f"P{number:04d}", 120, Decimal("1200.50")) for number in range(1, 4)] + BEFORE[3:]


class Office(Desk):
    """A desk whose local system is a database with four accounts."""

    target: sa.Engine

    def accounts(self) -> list[tuple[Any, ...]]:
        with self.target.connect() as connection:
            rows = connection.execute(sa.text("SELECT aac001, aae201, aic268 FROM shebao.ac51 ORDER BY 1"))
            return [tuple(row) for row in rows]

    def change(self, sql: str) -> None:
        with self.target.begin() as connection:
            connection.execute(sa.text(sql))


@pytest.fixture(scope="module")
def ledger(new_database: Callable[[], str]) -> str:
    return new_ledger(new_database)


@pytest.fixture
def office(tmp_path: Path, postgres_server: Postgres, new_database: Callable[[], str], ledger: str) -> Office:
    url = new_database()
    made = desk(tmp_path, postgres_server, ledger, connection={"shebao_db": url}.__getitem__)
    here = Office(context=made.context)
    object.__setattr__(here, "target", sa.create_engine(url, poolclass=sa.NullPool))
    here.change("CREATE SCHEMA shebao")
    here.change("CREATE TABLE shebao.ac51 (aac001 varchar(20) PRIMARY KEY, aae201 integer, aic268 numeric(14, 2))")
    values = ", ".join(f"('{key}', {months}, {amount})" for key, months, amount in BEFORE)
    here.change(f"INSERT INTO shebao.ac51 VALUES {values}")
    return here


def test_it_is_executed_once_read_again_and_closed(office: Office) -> None:
    office.approved(plan())
    assert carry_out(office.context, BUNDLE) == {"rows": 3, "already": False}
    assert office.accounts() == AFTER
    assert carry_out(office.context, BUNDLE) == {"rows": 3, "already": True}
    assert receipts(office.context, BUNDLE) is State.EXECUTED
    (form,) = Path(str(office.read(BUNDLE).folder)).glob("08_decisions/*.xlsx")
    cells = [str(cell.value) for row in openpyxl.load_workbook(form).worksheets[0].iter_rows() for cell in row if cell.value]
    assert [text for text in cells if text.startswith("已执行：影响行数 3") and "签字：engineer" in text]
    assert "演练执行：通过" in cells
    lines = dict(prove(office.context, BUNDLE) or ())
    assert (lines["复读行数"], lines["不一致"]) == ("3", "0")
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW) == ""
    tidy(office.context, BUNDLE)
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.CLOSED, {CaseState.CLOSED: 3})


def test_killed_between_the_target_and_the_ledger_it_ends_applied_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from hedui.corrections import flow

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    office.approved(plan())
    with monkeypatch.context() as patch:
        patch.setattr(flow, "_executed", die)
        with pytest.raises(Killed):
            carry_out(office.context, BUNDLE)
    assert office.accounts() == AFTER
    assert office.read(BUNDLE).state is State.EXECUTING
    assert carry_out(office.context, BUNDLE)["already"] is True
    assert office.accounts() == AFTER
    assert office.read(BUNDLE).state is State.EXECUTED


def test_a_value_changed_meanwhile_refuses_the_whole_bundle_and_frees_its_cases(office: Office) -> None:
    office.approved(plan())
    office.change("UPDATE shebao.ac51 SET aae201 = 119 WHERE aac001 = 'P0002'")
    now = office.accounts()
    with pytest.raises(StaleError):
        carry_out(office.context, BUNDLE)
    assert office.accounts() == now
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.FAILED, {CaseState.REOPENED: 3})


def test_what_is_not_approved_is_not_executed(office: Office) -> None:
    office.add(plan())
    with pytest.raises(BundleStateError, match="only an approved one is executed"):
        carry_out(office.context, BUNDLE)
    assert office.accounts() == BEFORE


def test_a_row_that_is_changed_back_is_seen_and_cannot_be_closed(office: Office) -> None:
    office.approved(plan())
    carry_out(office.context, BUNDLE)
    office.change("UPDATE shebao.ac51 SET aae201 = 118 WHERE aac001 = 'P0001'")
    lines = dict(prove(office.context, BUNDLE) or ())
    assert (lines["不一致"], lines["不一致的行号"]) == ("1", "1")
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW).startswith("复读未通过")
    assert office.say(BUNDLE, by="reviewer", approved=False, stage=Stage.REVIEW, reason="一行被改回") == ""
    assert dict(office.read(BUNDLE).cases) == {CaseState.CLOSED: 2, CaseState.REOPENED: 1}


def test_a_rollback_needs_its_own_approval_and_restores_the_table(office: Office) -> None:
    office.approved(plan())
    carry_out(office.context, BUNDLE)
    request_rollback(office.context, BUNDLE, actor="analyst", reason="依据有误")
    with pytest.raises(BundleStateError):
        carry_out(office.context, BUNDLE)
    assert office.accounts() == AFTER
    assert office.say(BUNDLE, by="analyst").startswith("analyst 已经手本方案（申请回退）")
    assert office.say(BUNDLE, by="manager", reason="同意回退") == ""
    assert carry_out(office.context, BUNDLE) == {"rows": 3, "already": False}
    assert office.accounts() == BEFORE
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.ROLLED_BACK, {CaseState.REOPENED: 3})


def test_only_what_was_executed_here_is_put_back(office: Office) -> None:
    office.approved(plan())
    with pytest.raises(BundleStateError):
        request_rollback(office.context, BUNDLE, actor="analyst", reason="试")
    with begin(office.context.ledger_url) as connection:
        advance(connection, BUNDLE, to=State.VOID, actor="analyst", note="试")
    with pytest.raises(BundleStateError):
        carry_out(office.context, BUNDLE)


def test_a_rollback_that_comes_too_late_leaves_the_bundle_as_it_was_and_no_approval(office: Office) -> None:
    office.approved(plan())
    carry_out(office.context, BUNDLE)
    request_rollback(office.context, BUNDLE, actor="analyst", reason="依据有误")
    assert office.say(BUNDLE, by="manager", reason="同意回退") == ""
    office.change("UPDATE shebao.ac51 SET aae201 = 121 WHERE aac001 = 'P0002'")
    with pytest.raises(StaleError):
        carry_out(office.context, BUNDLE)
    assert office.read(BUNDLE).state is State.EXECUTED
    request_rollback(office.context, BUNDLE, actor="analyst", reason="再次申请")
    assert office.say(BUNDLE, by="deputy", approved=False, reason="数据已变化") == ""
    assert office.read(BUNDLE).state is State.EXECUTED


def test_a_rollback_that_the_target_refuses_for_good_leaves_the_bundle_as_it_was(office: Office) -> None:
    office.approved(plan())
    carry_out(office.context, BUNDLE)
    prove(office.context, BUNDLE)
    office.change("ALTER TABLE shebao.ac51 ADD CONSTRAINT least CHECK (aae201 > 118) NOT VALID")
    request_rollback(office.context, BUNDLE, actor="analyst", reason="依据有误")
    assert prove(office.context, BUNDLE) is None, "a rollback is asked for"
    assert office.say(BUNDLE, by="manager", reason="同意回退") == ""
    with pytest.raises(RunError, match="least"):
        carry_out(office.context, BUNDLE)
    assert office.accounts() == AFTER
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.EXECUTED, {CaseState.VERIFIED: 3})
    assert "least" in bundle.note
    office.change("ALTER TABLE shebao.ac51 DROP CONSTRAINT least")
    request_rollback(office.context, BUNDLE, actor="analyst", reason="约束已解除")
    assert office.say(BUNDLE, by="manager", reason="同意回退") == ""
    carry_out(office.context, BUNDLE)
    assert office.accounts() == BEFORE
    assert prove(office.context, BUNDLE) == ()


def test_what_the_target_refuses_for_good_fails_the_bundle_and_frees_its_cases(office: Office) -> None:
    office.approved(plan())
    office.change("ALTER TABLE shebao.ac51 ADD CONSTRAINT most CHECK (aae201 < 120)")
    with pytest.raises(RunError, match="most"):
        carry_out(office.context, BUNDLE)
    assert office.accounts() == BEFORE
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.FAILED, {CaseState.REOPENED: 3})
    assert "most" in bundle.note


def test_where_the_target_has_another_bundle_of_the_name_it_fails_and_frees_its_cases(office: Office, tmp_path: Path) -> None:
    """As after a ledger that was set up anew over a target that was not."""
    other = freeze(plan(2), folder=tmp_path / "elsewhere")
    execute(office.context, other, executor="engineer")
    there = office.accounts()
    office.approved(plan())
    with pytest.raises(BundleChangedError, match="a bundle of this name"):
        carry_out(office.context, BUNDLE)
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.FAILED, {CaseState.REOPENED: 3})
    assert office.accounts() == there


def test_what_is_read_again_wrong_loses_its_proof(office: Office) -> None:
    office.approved(plan())
    carry_out(office.context, BUNDLE)
    prove(office.context, BUNDLE)
    assert dict(office.read(BUNDLE).cases) == {CaseState.VERIFIED: 3}
    office.change("UPDATE shebao.ac51 SET aae201 = 118 WHERE aac001 = 'P0001'")
    prove(office.context, BUNDLE)
    assert dict(office.read(BUNDLE).cases) == {CaseState.VERIFIED: 2, CaseState.SOLVED: 1}
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW).startswith("复读未通过")


def test_a_review_cannot_close_what_a_night_has_shown_again(office: Office) -> None:
    office.approved(plan())
    carry_out(office.context, BUNDLE)
    with begin(office.context.ledger_url) as connection:
        release(connection, BUNDLE, cases=plan().cases, reason=f"{STILL_SHOWN} 比对仍有差异")
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW).startswith("复读未通过")
    assert office.say(BUNDLE, by="reviewer", approved=False, stage=Stage.REVIEW, reason="仍有差异") == ""
    assert office.read(BUNDLE).state is State.REOPENED


def test_a_bundle_is_voided_by_who_has_not_asked_or_approved_even_with_changed_files(office: Office) -> None:
    frozen = office.approved(plan(target=target(id="shebao")))
    (frozen.folder / "03_sql" / "20_apply.sql").write_text("")
    for actor in ("analyst", "manager"):
        with pytest.raises(FourEyesError):
            void(office.context, BUNDLE, actor=actor, reason="文件已变化")
    with pytest.raises(CorrectionError, match="may not void"):
        void(office.context, BUNDLE, actor="stranger", reason="文件已变化")
    void(office.context, BUNDLE, actor="engineer", reason="文件已变化，经办 990100199001011234")
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.VOID, {CaseState.REOPENED: 3})
    (*_, noted) = entries(office.context.ledger_url)
    assert (noted.actor, noted.details["to"]) == ("engineer", "VOID")
    assert "990100199001011234" not in str(noted.details)


def test_what_is_executed_is_not_voided_and_a_rollback_needs_a_reason_and_somebody_named(office: Office) -> None:
    office.approved(plan(target=target(id="shebao")))
    carry_out(office.context, BUNDLE)
    with pytest.raises(BundleStateError, match="作废 does not follow"):
        void(office.context, BUNDLE, actor="engineer", reason="试")
    with pytest.raises(BundleStateError, match="needs a reason"):
        request_rollback(office.context, BUNDLE, actor="analyst", reason=" ")
    with pytest.raises(CorrectionError, match="may not ask"):
        request_rollback(office.context, BUNDLE, actor="stranger", reason="依据有误")
    request_rollback(office.context, BUNDLE, actor="analyst", reason="本人 990100199001011234 申诉")
    assert "990100199001011234" not in str([entry.details for entry in entries(office.context.ledger_url)])
