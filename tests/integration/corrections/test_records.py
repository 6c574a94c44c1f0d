"""Records that a side lacks are added to it, exact duplicates deleted: planned, rehearsed, executed, proven, put back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from conftest import DEMO_SITE
from hedui.context import Context
from hedui.corrections.approval import Answer, Stage
from hedui.corrections.cells import cell_digest
from hedui.corrections.decide import decide
from hedui.corrections.decisions import decide as say
from hedui.corrections.decisions import propose as ask
from hedui.corrections.flow import carry_out, prepare, prove, request_rollback
from hedui.corrections.ledger import read_bundle
from hedui.corrections.model import Decision, Operation
from hedui.corrections.plan import outline, plan_of
from hedui.corrections.run import ground
from hedui.corrections.select import Selection
from hedui.corrections.states import CaseState, State
from hedui.lake import Lake
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.site import load_site
from integration.corrections.night_world import DAY, NightWorld, number, record

SITE = load_site(DEMO_SITE)


@pytest.fixture
def world(
    tmp_path: Path, new_database: Callable[[], str], postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> NightWorld:
    url = new_database()
    upgrade(url)
    monkeypatch.setenv(ground.SERVER, postgres_server.url("postgres"))
    context = Context(
        site=SITE, lake=Lake(str(tmp_path / "lake")), reports=tmp_path / "reports", inbox=str(tmp_path / "inbox"), ledger_url=url,
        connection={"shebao_db": url}.__getitem__,
    )  # fmt: skip
    return NightWorld(context=context, url=url)


def reasons(world: NightWorld) -> list[str]:
    """Why cases are in no bundle."""
    with begin(world.context.ledger_url) as connection:
        return sorted(connection.execute(select(models.CaseDecision.basis)).scalars())


def decided(world: NightWorld, bundle: str, *by: str) -> None:
    """Approvals in their order."""
    ask(world.context, bundle)
    for stage, name in zip((Stage.BUSINESS, Stage.LEADER), by, strict=False):
        answer = Answer(approved=True, by=name, name=name, at=dt.datetime.now(dt.UTC), reason="同意")
        assert say(world.context, bundle, stage, answer) == ""


def closed(world: NightWorld, bundle: str) -> None:
    lines = dict(prove(world.context, bundle) or ())
    assert lines["不一致"] == "0"
    answer = Answer(approved=True, by="reviewer", name="reviewer", at=dt.datetime.now(dt.UTC), reason="一致")
    assert say(world.context, bundle, Stage.REVIEW, answer) == ""
    made = read_bundle(world.context, bundle)
    assert (made.state, set(made.cases)) == (State.CLOSED, {CaseState.CLOSED})


def test_a_missing_record_is_added_with_what_the_right_side_has(world: NightWorld) -> None:
    world.everywhere()
    for source in ("sheng", "guotong"):
        world.of(source)[1] |= {
            "months_before": 90,
            "months_paid": 102,
            "months_total": 102,
            "principal_fen": 12345,
            "closing_fen": 12345,
            "accumulated_fen": 12345,
        }
    del world.of("shebao")[1]
    world.night()
    world.make_table()
    before = world.rows()
    (plan,) = world.propose()
    (change,) = plan.changes
    assert (change.operation, change.key) == (Operation.INSERT, (number("shebao", 1), "110", "2025"))
    new = {cell.column: cell.new for cell in change.cells}
    assert (new["aae201"], new["zzb005"], new["aac147"]) == (102, Decimal("123.45"), "990101198601010033")
    assert (new["ksrq"], "jsrq" in new, "xgpc" in new) == (DAY, False, False)
    assert plan.reasons[0].basis.endswith("市社保业务库缺该记录，予以补录")
    assert plan_of(world.context, plan.id) == plan

    made = prepare(world.context, plan.id)
    assert (made.state, made.note) == (State.REHEARSED, "")
    decided(world, plan.id, "manager")
    assert carry_out(world.context, plan.id) == {"rows": 1, "already": False}
    shown = "aac001, aae201, zzb005, eac040, ksrq::text, jsrq::text, xgpc"
    added = (number("shebao", 1), 102, Decimal("123.45"), "1", "2026-06-04", "9999-12-31", plan.id)
    assert added in world.rows(columns=shown)
    assert len(world.rows()) == len(before) + 1
    closed(world, plan.id)
    request_rollback(world.context, plan.id, actor="analyst", reason="依据有误")
    answer = Answer(approved=True, by="manager", name="manager", at=dt.datetime.now(dt.UTC), reason="同意")
    assert say(world.context, plan.id, Stage.BUSINESS, answer) == ""
    carry_out(world.context, plan.id)
    assert world.rows() == before


def test_an_exact_duplicate_loses_its_later_row_and_a_rollback_brings_it_back_whole(world: NightWorld) -> None:
    world.everywhere("contribution_month")
    twin = record("shebao", 1, "contribution_month", person_no="6000000001")
    world.of("shebao", "contribution_month").append(twin)
    world.night()
    world.make_table("contribution_month")
    world.query("ALTER TABLE shebao.ac50 ADD COLUMN xh bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    (plan,) = world.propose()
    (change,) = plan.changes
    assert (change.operation, change.key[0]) == (Operation.DELETE, "6000000001")
    failed = prepare(world.context, plan.id)
    assert failed.state is State.REHEARSAL_FAILED  # a column that the site does not know could not be backed up
    assert "表的列数" in failed.note
    world.query("ALTER TABLE shebao.ac50 DROP COLUMN xh")
    before = world.rows("contribution_month")
    (plan,) = world.propose(run="again")
    made = prepare(world.context, plan.id)
    assert (made.state, made.note) == (State.REHEARSED, "")
    decided(world, plan.id, "manager")
    carry_out(world.context, plan.id)
    assert [row[0] for row in world.rows("contribution_month")] == [number("shebao", person) for person in range(3)]
    closed(world, plan.id)
    request_rollback(world.context, plan.id, actor="analyst", reason="依据有误")
    answer = Answer(approved=True, by="manager", name="manager", at=dt.datetime.now(dt.UTC), reason="同意")
    assert say(world.context, plan.id, Stage.BUSINESS, answer) == ""
    carry_out(world.context, plan.id)
    assert world.rows("contribution_month") == before


def test_a_record_of_which_one_value_is_being_corrected_is_not_deleted(world: NightWorld) -> None:
    """Without that value the rest of the row would go with a guard less, and its case would be in a bundle and with people at once."""
    world.everywhere("contribution_month")
    for person in (0, 1):
        twin = record("shebao", person, "contribution_month", person_no=f"600000000{person}")
        world.of("shebao", "contribution_month").append(twin)
    world.night()
    (other,) = world.propose(limit=1)
    free = next(number for number in ("6000000000", "6000000001") if number != other.changes[0].key[0])
    cell = cell_digest("shebao", "shebao.ac50", (free, *other.changes[0].key[1:]), "aae082")
    with begin(world.context.ledger_url) as connection:
        values = {"cell": cell, "bundle_id": other.id, "fingerprint": uuid.uuid4()}
        connection.execute(models.BundleCell.__table__.insert().values(**values))  # type: ignore[attr-defined]
    assert world.propose(run="second") == ()
    assert reasons(world)[-1].startswith(f"该数据项正由方案 {other.id} 修改")


def test_a_row_that_has_changed_since_is_not_deleted(world: NightWorld) -> None:
    from hedui.corrections.run.errors import StaleError

    world.everywhere("contribution_month")
    world.of("shebao", "contribution_month").append(record("shebao", 1, "contribution_month", person_no="6000000001"))
    world.night()
    world.make_table("contribution_month")
    (plan,) = world.propose()
    assert prepare(world.context, plan.id).state is State.REHEARSED
    decided(world, plan.id, "manager")
    world.query("UPDATE shebao.ac50 SET aae082 = aae082 + 1 WHERE aac001 = '6000000001' AND jsrq = '9999-12-31'")
    before = world.rows("contribution_month")
    with pytest.raises(StaleError):
        carry_out(world.context, plan.id)
    assert world.rows("contribution_month") == before


def test_a_province_is_asked_to_add_and_to_delete(world: NightWorld) -> None:
    world.everywhere()
    del world.of("sheng")[0]
    world.of("sheng").append(record("sheng", 2, person_no="6000000001"))
    world.night()
    plans = world.propose("sheng")
    assert [(plan.decision, change.operation, change.key[0]) for plan in plans for change in plan.changes] == [
        (Decision.LOCAL_RIGHT, Operation.DELETE, "6000000001"),
        (Decision.UPPER_RIGHT, Operation.INSERT, number("sheng", 0)),
    ]
    made = [prepare(world.context, plan.id) for plan in plans]
    assert [(bundle.state, bundle.note) for bundle in made] == [(State.REHEARSED, "")] * 2


def without_person(world: NightWorld) -> None:
    del world.of("shebao")[1]
    del world.of("shebao", "person")[1]


def same_key_under_another_id(world: NightWorld) -> None:
    world.of("shebao")[1]["id_number"] = None


def twins_that_differ(world: NightWorld) -> None:
    world.of("sheng").append(record("sheng", 1, person_no="6000000001", closing_fen=10001))


def twins_of_one_key(world: NightWorld) -> None:
    world.of("sheng").append(record("sheng", 1))


def first_under_a_strange_number(world: NightWorld) -> None:
    world.of("sheng").insert(0, record("sheng", 1, person_no="6000000001"))


def not_allowed(world: NightWorld) -> None:
    world.of("shebao").append(record("shebao", 1, person_no="6000000001"))


def right_side_lacks_it(world: NightWorld) -> None:
    del world.of("guotong")[1]


@pytest.mark.parametrize(
    ("spoil", "target", "words"),
    [
        (without_person, "shebao", "没有该人唯一的个人编号"),
        (same_key_under_another_id, "shebao", "已有同主键的记录"),
        (twins_that_differ, "sheng", "重复的记录内容不一致（“年末储存额”"),
        (twins_of_one_key, "sheng", "重复的记录主键也相同"),
        (first_under_a_strange_number, "sheng", "先登记的一行不是该人本人的编号"),
        (not_allowed, "shebao", "站点未允许在该表删除记录"),
        (right_side_lacks_it, "sheng", "而该来源没有该记录；他方多出的记录须人工核查"),
    ],
)
def test_what_cannot_be_added_or_deleted_safely_says_why(
    world: NightWorld, spoil: Callable[[NightWorld], None], target: str, words: str
) -> None:
    world.everywhere()
    spoil(world)
    world.night(checked=False)
    assert world.propose(target) == ()
    assert [why for why in reasons(world) if words in why], reasons(world)


def test_a_person_may_call_another_side_right(world: NightWorld) -> None:
    world.everywhere()
    del world.of("shebao")[1]
    world.night(checked=False)
    found = outline(world.context, date=DAY, target="shebao", selection=Selection(), proposer="analyst")
    (case,) = found.plans[0].cases
    decide(world.context, case=case, decision=Decision.LOCAL_RIGHT, basis="已转出，本地无账户", actor="zhang")
    assert world.propose() == ()
    assert [why for why in reasons(world) if "已转出" in why or "没有该记录" in why]
    decide(world.context, case=case, decision=Decision.UPPER_RIGHT, basis="档案核实", actor="zhang")
    (plan,) = world.propose(run="again")
    assert plan.reasons[0].decided_by == "zhang"
    assert plan.changes[0].operation is Operation.INSERT


MONEY = st.integers(0, 10**9)
WORDS = {Operation.INSERT: "missing", Operation.DELETE: "twice"}


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_lacks_or_is_there_twice_is_put_right_and_nothing_else(world: NightWorld, data: st.DataObject) -> None:
    """Random accounts of random people, some of which the province lacks and some of which it has twice."""
    people = range(5)
    what = [data.draw(st.sampled_from(["same", "missing", "twice"])) for _ in people]
    world.everywhere(people=list(people))
    for person in people:
        amount = data.draw(MONEY)
        for source in ("shebao", "sheng", "guotong"):
            world.of(source)[person] |= dict.fromkeys(("principal_fen", "closing_fen", "accumulated_fen"), amount)
    mine = world.of("sheng")
    twins = [{**mine[person], "person_no": f"6{person:09d}"} for person in people if what[person] == "twice"]
    world.records["sheng", "pension_account"] = [mine[person] for person in people if what[person] != "missing"] + twins
    world.night(checked=False)
    found = outline(world.context, date=DAY, target="sheng", selection=Selection(), proposer="analyst")
    changes = [change for plan in found.plans for change in plan.changes]
    wanted = {mine[person]["id_number"]: what[person] for person in people if what[person] != "same"}
    assert {change.person: WORDS[change.operation] for change in changes} == wanted
    assert len(changes) == len(wanted)
    for change in changes:
        cells = {cell.column: cell.new if change.operation is Operation.INSERT else cell.old for cell in change.cells}
        told = next(row for row in mine if row["id_number"] == change.person)
        own = told["person_no"] if change.operation is Operation.INSERT else f"6{mine.index(told):09d}"
        assert (change.key[0], cells["NMYE"], cells["SJYS"]) == (own, told["closing_fen"], told["months_paid"])
