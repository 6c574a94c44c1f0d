"""The correction run's DAG: its order, its form, and what answers in Airflow's pages become."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from hedui.corrections.approval import Answer, Stage
from hedui.errors import HeduiError
from hedui_airflow import corrections, receipts
from hedui_airflow.approval import AskAgainError, BundleApproval, answer

BUNDLE = "BUNDLE-990100-20260603-001"


@pytest.fixture(scope="module")
def dag(dag_bag: Any) -> Any:
    return dag_bag.dags["correction_run"]


def test_nothing_is_written_before_the_decisions_and_nothing_closed_before_the_proof(dag: Any) -> None:
    assert dag.get_task("plan").downstream_task_ids >= {"prepare", "gather"}
    assert dag.get_task("gather").upstream_task_ids == {"plan", "prepare"}
    assert dag.get_task("gather").trigger_rule == "all_done"  # a failed rehearsal must not hold up the other bundles
    assert dag.get_task("bundle.business").upstream_task_ids == {"gather"}
    order = ["business", "leader", "carry_out", "receipt", "prove", "review"]
    for before, after in pairwise(order):
        assert dag.get_task(f"bundle.{after}").upstream_task_ids >= {f"bundle.{before}"}
        assert dag.get_task(f"bundle.{after}").trigger_rule == "all_success"
    assert dag.get_task("fail_if_any_failed").upstream_task_ids == {"plan", "prepare", "gather", "bundle.review"}


def test_many_bundles_wait_at_once_without_a_worker(dag: Any) -> None:
    from airflow.sdk.definitions._internal.expandinput import DictOfListsExpandInput

    group = dag.task_group.children["bundle"]
    assert isinstance(group._expand_input, DictOfListsExpandInput)
    assert {dag.get_task(f"bundle.{name}").mode for name in ("receipt", "prove")} == {"reschedule"}
    assert {type(dag.get_task(f"bundle.{name}")) for name in ("business", "leader", "review")} == {BundleApproval}
    assert dag.max_active_runs >= 16


def test_the_form_takes_what_a_selection_may_have(dag: Any) -> None:
    from dataclasses import fields

    from hedui.corrections.select import Selection

    asked = set(dag.params) - {"target", "business_date", "dry_run", "rollback", "reason"}
    assert asked == {field.name for field in fields(Selection)}
    filled = {"rules": ["T06"], "min_age": 3, "regions": [], "parent": " BUNDLE-1 ", "limit": None, "target": "shebao"}
    assert corrections.selection_of(filled) == {"rules": ["T06"], "min_age": 3, "parent": "BUNDLE-1"}
    assert Selection.from_json(corrections.selection_of(filled)).to_json() == corrections.selection_of(filled)


def test_whoever_starts_the_run_proposes_and_nobody_cannot() -> None:
    run = SimpleNamespace(triggering_user_name="analyst")
    assert corrections.proposer_of({"dag_run": run}) == "analyst"
    with pytest.raises(HeduiError, match="nobody proposes"):
        corrections.proposer_of({"dag_run": SimpleNamespace(triggering_user_name=None)})


def event(option: str, *, by: str | None = "manager", **params: Any) -> dict[str, Any]:
    user = {"id": by, "name": by} if by else None
    return {
        "chosen_options": [option],
        "params_input": params,
        "responded_by_user": user,
        "responded_at": dt.datetime(2026, 6, 4, tzinfo=dt.UTC),
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (event("批准", reason=None), (True, "manager", "")),
        (event("驳回", reason=" 依据不足 "), (False, "manager", "依据不足")),
        (event("驳回", by=None), (False, "", "")),
    ],
    ids=["approved", "refused", "nobody in time"],
)
def test_what_was_answered(given: dict[str, Any], expected: tuple[bool, str, str]) -> None:
    said = answer(given, approve="批准")
    assert (said.approved, said.by, said.reason) == expected


@pytest.fixture
def approval(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An approval task outside of a DAG, and what it settled."""
    settled: list[tuple[str, Stage, Answer]] = []
    against, ended = {"text": ""}, {"text": ""}

    def settle(bundle: str, stage: Stage, given: Answer) -> str:
        settled.append((bundle, stage, given))
        return against["text"]

    monkeypatch.setattr(corrections, "settle", settle)
    monkeypatch.setattr(corrections, "taken", lambda bundle, stage: None)
    monkeypatch.setattr(corrections, "ended", lambda bundle: ended["text"])
    task = BundleApproval(task_id="business", stage="business", bundle=BUNDLE)
    return SimpleNamespace(task=task, settled=settled, against=against, ended=ended)


def test_an_approval_goes_on_and_is_settled(approval: Any) -> None:
    result = approval.task.execute_complete({}, event("批准"))
    assert result == {"needed": True, "by": "manager", "at": "2026-06-04T00:00:00+00:00"}
    assert [(bundle, stage, given.approved) for bundle, stage, given in approval.settled] == [(BUNDLE, Stage.BUSINESS, True)]


def test_a_refusal_ends_the_bundle_as_skipped_and_what_does_not_count_is_asked_again(approval: Any) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match=f"{BUNDLE}: manager refused"):
        approval.task.execute_complete({}, event("驳回", reason="依据不足"))
    with pytest.raises(AirflowSkipException, match="nobody in time"):
        approval.task.execute_complete({}, event("驳回", by=None))
    approval.against["text"] = "驳回须写明理由"
    with pytest.raises(AskAgainError, match="驳回须写明理由"):
        approval.task.execute_complete({}, event("驳回"))


def test_a_request_whose_bundle_was_voided_ends_as_skipped_with_the_reason(approval: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    approval.against["text"] = approval.ended["text"] = "方案的状态已是“作废”，不再需要决定"
    with pytest.raises(AirflowSkipException, match=f"{BUNDLE}: 方案的状态已是“作废”"):
        approval.task.execute_complete({}, event("批准"))
    assert len(approval.settled) == 1, "the answer is noted all the same"
    monkeypatch.setattr(corrections, "request", lambda *_, **__: pytest.fail("nobody is asked"))
    with pytest.raises(AirflowSkipException, match="作废"):
        approval.task.execute({})


def test_each_bundle_asks_its_own_people_until_its_own_term(approval: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.standard.operators.hitl import HITLOperator

    from hedui.corrections.decisions import Asked

    now = dt.datetime.now(dt.UTC)
    asked = Asked(subject="业务部门审批", page="## 页面", users=("manager", "deputy"), until=now + dt.timedelta(hours=72))
    monkeypatch.setattr(corrections, "request", lambda bundle, stage, facts: asked)
    monkeypatch.setattr(HITLOperator, "execute", lambda self, context: "parked")
    assert approval.task.execute({}) == "parked"
    assert approval.task.assigned_users == [{"id": "manager", "name": "manager"}, {"id": "deputy", "name": "deputy"}]
    assert approval.task.body == "## 页面"
    assert dt.timedelta(hours=71) < approval.task.response_timeout <= dt.timedelta(hours=72)
    monkeypatch.setattr(corrections, "request", lambda bundle, stage, facts: None)
    assert approval.task.execute({}) == {"needed": False}


def test_a_decision_that_an_earlier_try_has_taken_is_not_asked_for_again(approval: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    at = dt.datetime(2026, 6, 4, tzinfo=dt.UTC)
    taken = SimpleNamespace(actor="manager", at=at, details={"approved": True})
    monkeypatch.setattr(corrections, "taken", lambda bundle, stage: taken)
    assert approval.task.execute({}) == {"needed": True, "by": "manager", "at": at.isoformat()}
    taken.details = {"approved": False}
    with pytest.raises(AirflowSkipException, match=f"{BUNDLE}: manager refused"):
        approval.task.execute({})


def test_a_term_that_has_passed_lapses_at_once(approval: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.standard.operators.hitl import HITLOperator

    from hedui.corrections.decisions import Asked

    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    monkeypatch.setattr(corrections, "request", lambda *_, **__: Asked(subject="s", page="p", users=("manager",), until=past))
    monkeypatch.setattr(HITLOperator, "execute", lambda self, context: self.response_timeout)
    assert approval.task.execute({}) == dt.timedelta(seconds=1)
    assert approval.task.defaults == ["驳回"]


def test_reminders_go_out_every_morning(dag_bag: Any) -> None:
    from zoneinfo import ZoneInfo

    from airflow.serialization.serialized_objects import DagSerialization

    shanghai = ZoneInfo("Asia/Shanghai")
    scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag_bag.dags["correction_reminders"]))
    first = dt.datetime(2026, 6, 3, tzinfo=shanghai)
    runs = list(scheduled.iter_dagrun_infos_between(first, first + dt.timedelta(days=2)))
    assert [run.run_after.astimezone(shanghai) for run in runs] == [first + dt.timedelta(days=day, hours=9.5) for day in (0, 1)]


NOW = dt.datetime(2026, 6, 9, 2, tzinfo=dt.UTC)
FILLED = {"bundle": f" {BUNDLE} ", "result": "partly", "number": "粤社函1号", "issuer": "省社会保险局", "document": "〔2026〕1号"}


def test_the_form_of_a_receipt_on_paper(dag_bag: Any) -> None:
    asked = dag_bag.dags["correction_receipt"].params
    assert set(asked) == {"bundle", "result", "number", "issuer", "document", "issued", "rows", "note"}
    filled = {**{name: asked[name] for name in asked}, **FILLED, "rows": "3=缺少缴费凭证\n\n 7 ＝ 档案不符", "issued": "2026-06-08"}
    bundle, document, receipt = receipts.receipt_form(filled, now=NOW)
    assert (bundle, document) == (BUNDLE, "〔2026〕1号")
    assert receipt["rows"] == [{"number": 3, "reason": "缺少缴费凭证"}, {"number": 7, "reason": "档案不符"}]
    assert receipt["issued_at"].startswith("2026-06-08T00:00:00")
    assert receipts.receipt_form(FILLED, now=NOW)[2]["issued_at"] == NOW.isoformat()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"document": " "}, "缺少：来文号"),
        ({"number": None, "issuer": None}, "缺少：回执编号、出具单位"),
        ({"rows": "3 缺凭证"}, "行号=原因"),
    ],
    ids=["no letter", "two missing", "no reason"],
)
def test_a_form_that_is_not_filled_in_well_says_what_to_do(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(HeduiError, match=told):
        receipts.receipt_form({**FILLED, **wrong}, now=NOW)
