"""From a night's cases to bundles in the ledger: right rows, right values, each case and cell once, reasons kept."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from hedui import audit
from hedui.corrections import plan as planning
from hedui.corrections.decide import decide, set_aside
from hedui.corrections.errors import CorrectionError
from hedui.corrections.ledger import cases_of, list_bundles, read_bundle, release, verified
from hedui.corrections.model import BundlePlan, Decision
from hedui.corrections.plan import outline, plan_of, propose
from hedui.corrections.select import Selection, open_cases
from hedui.corrections.site import needed_settings
from hedui.corrections.states import SYSTEM, CaseState, State
from hedui.errors import LedgerError
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.security.masking import MASK_KEY_VARIABLE, pseudonym
from integration.corrections.cases_world import APPROVED, EXECUTED, FIRST, SECOND, Account, World


def reasons(world: World) -> dict[str, str]:
    """Why cases are in no bundle, by fingerprint."""
    decision = models.CaseDecision
    with begin(world.context.ledger_url) as connection:
        return {row.fingerprint.hex: row.basis for row in connection.execute(select(decision.fingerprint, decision.basis))}


def fingerprints(world: World) -> list[str]:
    with begin(world.context.ledger_url) as connection:
        return [
            item.hex
            for item in connection.execute(text("SELECT fingerprint FROM hedui.reconciliation_case ORDER BY subject_key")).scalars()
        ]


def test_a_bundle_says_what_changes_where(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    assert plan.id == "BUNDLE-990100-20260604-001"
    assert (plan.decision, plan.round, plan.parent, plan.key_field) == (Decision.UPPER_RIGHT, 1, None, False)
    assert [(change.key, change.cells[0].column, change.cells[0].old, change.cells[0].new) for change in plan.changes] == [
        ((f"100000000{number}", "110", "2025"), "aae201", 120, 132) for number in range(1, 6)
    ]
    assert plan.people == 5
    bundle = read_bundle(world.context, plan.id)
    assert (bundle.state, bundle.figures["rows"], dict(bundle.cases)) == (State.DRAFT, 5, {CaseState.TREATING: 5})
    assert [(event.actor, event.to_state) for event in bundle.events] == [("analyst", State.DRAFT)]
    assert audit.verify(world.context.ledger_url).broken is None


def test_the_same_run_gives_the_same_bundles_and_another_run_none(world: World) -> None:
    world.night(FIRST)
    first = world.propose()
    assert world.propose() == first
    assert world.propose(run="another") == ()
    assert plan_of(world.context, first[0].id) == first[0]


def test_an_outline_keeps_nothing(world: World) -> None:
    world.night(FIRST)
    found = outline(world.context, date=FIRST, target="shebao", selection=Selection(limit=2), proposer="analyst")
    assert [len(plan.changes) for plan in found.plans] == [2]
    assert list_bundles(world.context) == []


def test_two_who_ask_at_once_never_get_the_same_case(world: World) -> None:
    world.night(FIRST)
    found: dict[str, tuple[BundlePlan, ...]] = {}
    start = threading.Barrier(4)

    def ask(run: str) -> None:
        start.wait()
        found[run] = world.propose(run=run)

    threads = [threading.Thread(target=ask, args=(f"run {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(plans) for plans in found.values()) == [0, 0, 0, 1]


def test_the_database_itself_keeps_a_case_in_one_live_bundle(world: World) -> None:
    world.night(FIRST)
    (one,) = world.propose(limit=1)
    (other,) = world.propose(run="other")
    taken = uuid.UUID(one.cases[0])
    with pytest.raises(LedgerError, match="23505"), begin(world.context.ledger_url) as connection:
        connection.execute(
            models.BundleCase.__table__.insert().values(  # type: ignore[attr-defined]
                bundle_id=other.id, fingerprint=taken, rule="T06", kind="ATTR", basis="", decided_by="", state="SOLVED"
            )
        )


def test_contradicting_proposals_for_a_cell_are_refused(world: World) -> None:
    number = "1000000001"
    residents = world.finding(number, sides={"shebao": "120", "sheng": "144"}, right_source="sheng")
    world.night(FIRST, {"accounts_tiers": [world.finding(number), world.finding("1000000002")], "accounts_residents": [residents]})
    (plan,) = world.propose()
    assert [change.key[0] for change in plan.changes] == ["1000000002"]
    assert sorted(why[:13] for why in reasons(world).values()) == ["同一数据项有互相矛盾的修改"] * 2


def test_agreeing_proposals_for_a_cell_are_one(world: World) -> None:
    number = "1000000001"
    again = world.finding(number, sides={"shebao": "120", "sheng": "132"}, right_source="sheng")
    world.night(FIRST, {"accounts_tiers": [world.finding(number)], "accounts_residents": [again]})
    (plan,) = world.propose()
    (change,) = plan.changes
    assert len(change.cases) == 2
    assert len(change.cells) == 1


def test_a_cell_of_an_unfinished_bundle_is_refused_and_free_when_it_ends(world: World) -> None:
    number = "1000000001"
    other = world.finding(number, sides={"shebao": "120", "sheng": "132"}, right_source="sheng")
    world.night(FIRST, {"accounts_tiers": [world.finding(number)], "accounts_residents": [other]})
    (plan,) = world.propose(comparisons=("accounts_tiers",))
    assert world.propose(run="second") == ()
    assert [why.startswith(f"该数据项正由方案 {plan.id} 修改") for why in reasons(world).values()] == [True]
    world.go(plan.id, (State.REHEARSAL_FAILED, SYSTEM))
    (again,) = world.propose(run="third")
    assert len(again.changes[0].cases) == 2


def test_a_key_that_names_two_rows_is_for_people(world: World) -> None:
    world.accounts["twin"] = replace(world.accounts["1000000001"])
    world.night(FIRST, {"accounts_tiers": [world.finding("1000000001"), world.finding("1000000002")]})
    (plan,) = world.propose()
    assert [change.key[0] for change in plan.changes] == ["1000000002"]
    assert [why.startswith("主键在被修改系统对应多行") for why in reasons(world).values()] == [True]


def test_a_row_that_is_not_there_is_for_people(world: World) -> None:
    world.night(FIRST, {"accounts_tiers": [world.finding("1000000001", evidence='{"source_row": {"shebao": null}}')]})
    assert world.propose() == ()
    assert [why.startswith("被修改系统当日没有该行数据") for why in reasons(world).values()] == [True]


def test_a_key_field_goes_alone_with_its_evidence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = needed_settings(world.context).model_copy(update={"key_fields": {"pension_account": ("months_paid",)}})
    monkeypatch.setattr(planning, "needed_settings", lambda _: settings)
    world.night(FIRST)
    assert world.propose() == ()
    assert set(reasons(world).values()) == {"关键字段须逐人核查并附证据编号"}
    for case in fingerprints(world)[:2]:
        decide(
            world.context, case=case, decision=Decision.UPPER_RIGHT, basis="核对档案", actor="analyst", evidence=f"档案 {case[:4]}"
        )
    plans = world.propose(run="with evidence")
    assert [(len(plan.changes), plan.people, plan.key_field) for plan in plans] == [(1, 1, True), (1, 1, True)]
    assert all(plan.changes[0].evidence.startswith("档案 ") for plan in plans)
    assert {plan.reasons[0].decided_by for plan in plans} == {"analyst"}


def test_a_persons_word_lapses_when_the_case_changes(world: World) -> None:
    world.night(FIRST)
    number = "990100199001011234"
    for case in fingerprints(world):
        decide(
            world.context, case=case, decision=Decision.BOTH_WRONG, basis=f"实地核查 {number}", evidence=f"档案 {number}",
            actor="analyst", value="126",
        )  # fmt: skip
    found = outline(world.context, date=FIRST, target="shebao", selection=Selection(), proposer="analyst")
    assert {cell.new for plan in found.plans for change in plan.changes for cell in change.cells} == {126}
    assert number not in str(found.plans)
    assert number not in str([entry.details for entry in audit.entries(world.context.ledger_url)])
    world.accounts["1000000001"].months = 121
    world.night(SECOND)
    found = outline(world.context, date=SECOND, target="shebao", selection=Selection(), proposer="analyst")
    assert [len(plan.changes) for plan in found.plans] == [4]
    assert [reason.basis for reason in found.reasons] == ["analyst判定后差异内容已变化，须重新判定"]


def test_what_a_rehearsal_forbids_goes_to_people_and_the_rest_goes_on(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    world.go(plan.id, (State.REHEARSAL_FAILED, SYSTEM))
    set_aside(world.context, {plan.changes[0].cases[0]: "演练：修改后新出现 C03"})
    (again,) = world.propose(run="again")
    assert (len(again.changes), again.round, again.parent) == (4, 1, None)
    assert "演练：修改后新出现 C03" in reasons(world).values()


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ({"basis": " ", "decision": Decision.MANUAL}, "needs a reason"),
        ({"basis": "核查", "decision": Decision.BOTH_WRONG}, "needs the right value"),
        ({"basis": "核查", "decision": Decision.MANUAL, "case": "0" * 32}, "no such case"),
        ({"basis": "核查", "decision": Decision.BOTH_WRONG, "value": "十年"}, "give a whole number"),
    ],
    ids=["no reason", "no value", "no case", "no number"],
)
def test_a_decision_that_says_too_little_is_refused(world: World, what: dict[str, object], word: str) -> None:
    world.night(FIRST)
    with pytest.raises(CorrectionError, match=word):
        decide(world.context, **{"case": fingerprints(world)[0], "actor": "analyst", **what})  # type: ignore[arg-type]


def test_returned_cases_go_up_again_as_the_next_round(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    world.go(plan.id, *APPROVED)
    refused = [case for change in plan.changes[:2] for case in change.cases]
    with begin(world.context.ledger_url) as connection:
        assert release(connection, plan.id, cases=refused, reason="上级退回：档案不符") == 2
    (second,) = world.propose(run="second", parent=plan.id)
    assert (second.round, second.parent, sorted(second.cases)) == (2, plan.id, sorted(refused))
    world.go(second.id, *APPROVED)
    with begin(world.context.ledger_url) as connection:
        release(connection, second.id, cases=refused[:1], reason="再次退回")
    (third,) = world.propose(run="third")
    assert (third.round, third.parent, third.cases) == (3, second.id, (refused[0],))


def test_sizes_split_and_names_go_on(world: World) -> None:
    world.accounts |= {f"{number}": Account(number=f"{number}") for number in range(2000001000, 2000001020)}
    world.night(FIRST)
    (one,) = world.propose(limit=3)
    (rest,) = world.propose(run="rest")
    assert (one.id[-3:], rest.id[-3:]) == ("001", "002")
    assert (len(one.changes), len(rest.changes)) == (3, 22)


def test_a_settled_case_is_not_proposed_again_for_the_same_night(world: World) -> None:
    world.night(FIRST)
    world.make_table()
    (plan,) = world.propose()
    world.go(plan.id, *EXECUTED)
    with begin(world.context.ledger_url) as connection:
        verified(connection, plan.id, plan.cases)
    world.go(plan.id, (State.CLOSED, "reviewer"))
    assert world.propose(run="again") == ()
    with begin(world.context.ledger_url) as connection:
        assert {row.state for row in cases_of(connection, plan.id).values()} == {CaseState.CLOSED}


def test_a_word_that_is_no_value_of_the_field_holds_up_nothing_else(world: World) -> None:
    """One that stands in the ledger since before words were looked at."""
    world.night(FIRST)
    case = fingerprints(world)[0]
    decide(world.context, case=case, decision=Decision.BOTH_WRONG, basis="核查", actor="张科", value="126")
    with begin(world.context.ledger_url) as connection:
        connection.execute(text("UPDATE hedui.case_decision SET value = '126个月'"))
    (plan,) = world.propose()
    assert case not in plan.cases
    assert len(plan.changes) == 4
    assert reasons(world)[case] == "核查"  # the person's own words stay
    found = outline(world.context, date=FIRST, target="shebao", selection=Selection(cases=(case,)), proposer="analyst")
    assert [reason.basis for reason in found.reasons] == ["张科判定的值不是“实际缴费月数”可以有的值，须重新判定"]


def test_a_selection_narrows(world: World) -> None:
    world.night(FIRST)

    def rows(**selection: object) -> int:
        chosen = Selection.from_json(selection)
        return sum(len(plan.changes) for plan in outline(
            world.context, date=FIRST, target="shebao", selection=chosen, proposer="analyst").plans)  # fmt: skip

    assert rows() == 5
    assert rows(cases=fingerprints(world)[:2]) == 2
    assert rows(rules=["T09"]) == rows(regions=["990102"]) == rows(tiers=["national"]) == rows(fields=["name"]) == 0
    assert rows(rules=["T06"], regions=["990101"], tiers=["local"], fields=["months_paid"], agencies=["sb_local"]) == 5
    assert rows(min_age=1) == 0
    assert rows(tiers=["local"], agencies=["sb_province"]) == 0, "no agency is of that tier: none, not all"
    with pytest.raises(CorrectionError, match='no "colour"'):
        rows(colour="red")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tiers": ("national", "county")}, 'tiers "county"; for shebao there are .*local'),
        ({"agencies": ("sb_lokal",)}, 'agencies "sb_lokal"'),
        ({"kinds": ("ATT",)}, 'kinds "ATT".*ATTR'),
        ({"rules": ("T6",)}, 'rules "T6"'),
        ({"fields": ("month_paid",)}, 'fields "month_paid".*months_paid'),
        ({"comparisons": ("levy_payment",)}, 'comparisons "levy_payment"; for shebao there are .*accounts_tiers'),
    ],
    ids=["tier", "agency", "kind", "rule", "field", "a flow"],
)
def test_a_slip_of_the_pen_is_no_night_without_cases(world: World, given: dict[str, tuple[str, ...]], told: str) -> None:
    world.night(FIRST)
    with pytest.raises(CorrectionError, match=told):
        world.propose(**given)


@pytest.fixture
def planted(world: World) -> World:
    """Five cases on the second night: amounts, an age, kinds, insurances, regions and agencies each of its own."""
    amounts = {"field": "closing_fen", "rule": "T08", "sides": {"shebao": "10000", "guotong": "15000"}}
    old = world.finding("1000000001", amount_diff_fen=-5000, **amounts)
    world.night(FIRST, {"accounts_tiers": [old]})
    world.night(SECOND, {"accounts_tiers": [
        old,
        world.finding("1000000002", amount_diff_fen=1, **{**amounts, "sides": {"shebao": "10000", "guotong": "9999"}}),
        world.finding("1000000003", region="990102", kind="STATUS"),
        world.finding("1000000004", insurance="150", agency="sb_province"),
        world.finding("1000000005"),
    ]})  # fmt: skip
    return world


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({}, "12345"),
        ({"min_amount_fen": 1}, "12"),
        ({"min_amount_fen": 2}, "1"),
        ({"max_amount_fen": 4999}, "2"),
        ({"min_amount_fen": 1, "max_amount_fen": 5000}, "12"),
        ({"min_age": 1}, "1"),
        ({"max_age": 0}, "2345"),
        ({"min_age": 1, "max_age": 1}, "1"),
        ({"kinds": ("STATUS",)}, "3"),
        ({"kinds": ("STATUS", "ATTR"), "fields": ("months_paid",)}, "345"),
        ({"insurances": ("150",)}, "4"),
        ({"regions": ("990102",)}, "3"),
        ({"regions": ("990102", "990101"), "insurances": ("110",), "rules": ("T06",)}, "35"),
        ({"tiers": ("provincial",)}, "4"),
        ({"tiers": ("local",), "max_amount_fen": 10}, "2"),
        ({"agencies": ("sb_province", "sb_local"), "tiers": ("provincial",)}, "4"),
        ({"limit": 1}, "1"),
    ],
    ids=str,
)
def test_each_part_of_a_selection_takes_its_planted_cases(planted: World, selection: dict[str, object], chosen: str) -> None:
    found = open_cases(
        planted.context, date=SECOND, target=needed_settings(planted.context).target("shebao"), selection=Selection(**selection)
    )  # fmt: skip
    by_key = {account.raw["aac147"]: number[-1] for number, account in planted.accounts.items()}
    assert "".join(sorted(by_key[case.subject_key.partition("/")[0]] for case in found)) == chosen


def test_a_list_of_case_tokens_takes_those_cases(planted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MASK_KEY_VARIABLE, "a key for the tokens of these tests")
    named = fingerprints(planted)[1:3]
    tokens = tuple(str(pseudonym(name)) for name in named)
    target = needed_settings(planted.context).target("shebao")
    for cases in (tokens, (tokens[0], named[1])):
        found = open_cases(planted.context, date=SECOND, target=target, selection=Selection(cases=cases))
        assert {case.fingerprint for case in found} == set(named)
    with pytest.raises(LedgerError, match="no case 0000000000000000"):
        open_cases(planted.context, date=SECOND, target=target, selection=Selection(cases=("0" * 16,)))


def test_who_may_not_propose_is_told_who_may(world: World) -> None:
    world.night(FIRST)
    with pytest.raises(CorrectionError, match="manager may not propose corrections of shebao; analyst may"):
        propose(world.context, date=FIRST, target="shebao", selection=Selection(), proposer="manager", run="r")
