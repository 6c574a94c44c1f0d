"""The bodies of the correction run's tasks. XCom carries bundle ids and figures, never a value of a row."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hedui.errors import HeduiError
from hedui_airflow.tasks import Summary, masked, task_context

if TYPE_CHECKING:
    from hedui.context import Context
    from hedui.corrections.approval import Answer, Stage
    from hedui.corrections.decisions import Asked
    from hedui.corrections.ledger import Event
    from hedui.corrections.model import BundlePlan

log = logging.getLogger(__name__)
PAGES: Final = "/hedui/corrections"
LISTS: Final = {
    "rules": "规则",
    "comparisons": "比对项目",
    "kinds": "差异类型",
    "fields": "字段",
    "agencies": "责任单位",
    "tiers": "层级",
    "regions": "行政区划",
    "insurances": "险种",
    "cases": "案件编号",
}
"""Parts of a selection that are lists, with their labels on the form."""
NUMBERS: Final = {
    "min_age": "账龄不少于（工作日）",
    "max_age": "账龄不超过（工作日）",
    "min_amount_fen": "金额不少于（分）",
    "max_amount_fen": "金额不超过（分）",
    "limit": "最多案件数（取账龄最长的）",
}
"""Parts of a selection that are numbers."""


def form() -> dict[str, Any]:
    """The form by which a run is started: parameters of the DAG."""
    from airflow.sdk import Param

    from hedui_airflow.forms import optional_date

    text, scope, back = ["null", "string"], "选择范围", "回退"
    lists = {
        name: Param(None, type=["null", "array"], items={"type": "string"}, title=label, section=scope)
        for name, label in LISTS.items()
    }
    numbers = {
        name: Param(None, type=["null", "integer"], minimum=0, title=label, section=scope) for name, label in NUMBERS.items()
    }
    return {
        "target": Param(None, type=text, title="目标系统", description="corrections.yaml 中的编号，如 shebao"),
        "business_date": optional_date("业务日期", "不填则取最近一夜"),
        "dry_run": Param(False, type="boolean", title="试算", description="只编制、冻结、演练，不提交审批"),
        **lists,
        **numbers,
        "parent": Param(None, type=text, title="上一轮方案", description="只取该方案退回、再打开的案件", section=scope),
        "rollback": Param(None, type=text, title="回退方案", description="已执行方案的编号", section=back),
        "reason": Param(None, type=text, title="回退理由", section=back),
    }


def selection_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """What the form asks for, without what was left empty."""
    chosen: dict[str, Any] = {name: list(params[name]) for name in LISTS if params.get(name)}
    chosen |= {name: int(params[name]) for name in NUMBERS if params.get(name) is not None}
    if params.get("parent"):
        chosen["parent"] = str(params["parent"]).strip()
    return chosen


def proposer_of(airflow: Mapping[str, Any]) -> str:
    """Who started the run: they propose.

    Raises:
        HeduiError: Airflow does not know.
    """
    name = getattr(airflow["dag_run"], "triggering_user_name", None)
    if not name:
        raise HeduiError(
            "Airflow does not say who started this run, so nobody proposes; start it by the button or the API, logged in."
        )
    return str(name)


def run_plan() -> list[str]:
    """Plans bundles of open cases, and gives their ids; for a rollback, the id of the bundle that is to be put back."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowFailException

    from hedui.corrections.errors import BundleStateError, CorrectionError, FourEyesError
    from hedui.errors import SiteError

    airflow = get_current_context()
    try:
        return masked(_plan, task_context(), airflow)
    except (CorrectionError, SiteError, BundleStateError, FourEyesError) as error:
        raise AirflowFailException(str(error)) from error


def _plan(context: Context, airflow: Mapping[str, Any]) -> list[str]:
    from hedui.corrections.flow import request_rollback

    params, proposer = airflow["params"], proposer_of(airflow)
    given = str(params.get("rollback") or "").strip()
    if given:
        request_rollback(context, given, actor=proposer, reason=str(params.get("reason") or "").strip())
        return [given]
    plans = _propose(context, airflow, run=airflow["dag_run"].run_id)
    return [plan.id for plan in plans]


def _propose(context: Context, airflow: Mapping[str, Any], *, run: str) -> tuple[BundlePlan, ...]:
    from hedui.corrections.plan import propose
    from hedui.corrections.select import Selection

    params = airflow["params"]
    selection = Selection.from_json(selection_of(params))
    date, target = _date(params, context), str(params.get("target") or "")
    plans = propose(context, date=date, target=target, selection=selection, proposer=proposer_of(airflow), run=run)
    for plan in plans:
        log.info("%s: %d cases, %d rows, round %d", plan.id, len(plan.cases), len(plan.changes), plan.round)
    return plans


def _date(params: Mapping[str, Any], context: Context) -> dt.date:
    from hedui.corrections.nights import latest_night

    given = params.get("business_date")
    if not given:
        return latest_night(context)
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        raise HeduiError(f"business_date is {given!r}; write it like 2026-06-03.") from None


def run_prepare(bundle: str) -> Summary:
    """Freezes and rehearses a bundle; one whose rehearsal fails ends as skipped, with the reason."""
    from airflow.sdk.exceptions import AirflowSkipException

    from hedui.corrections.flow import prepare
    from hedui.corrections.signed import rehearsal_lines
    from hedui.corrections.states import State

    made = masked(prepare, task_context(), bundle)
    for label, figure in rehearsal_lines(made):
        log.info("%s: %s", label, figure)
    if made.state is State.REHEARSAL_FAILED:
        raise AirflowSkipException(f"{bundle}: {made.note}")
    return {"bundle": bundle, "figures": dict(made.figures), "round": made.round}


def run_gather(planned: Sequence[str] | None) -> list[str]:
    """The bundles that are put to the managers: those that passed, and the rest of the others; none in a dry run."""
    from airflow.sdk import get_current_context

    from hedui.corrections.decisions import propose
    from hedui.corrections.flow import withdraw, without_failures
    from hedui.corrections.ledger import read_bundle

    airflow, context = get_current_context(), task_context()
    run = airflow["dag_run"].run_id
    ready: list[str] = masked(
        without_failures, context, list(planned or ()), lambda number: _propose(context, airflow, run=f"{run}#{number}")
    )  # fmt: skip
    for bundle in ready:
        if airflow["params"].get("dry_run"):
            withdraw(context, bundle, actor=read_bundle(context, bundle).proposer, reason="试算，不提交审批")
        else:
            propose(context, bundle)
    return [] if airflow["params"].get("dry_run") else ready


def request(bundle: str, stage: Stage, *, facts: Any = None) -> Asked | None:
    """The page, the people and the term of a decision; None where the bundle needs none at the stage."""
    from hedui.corrections.decisions import ask

    given = facts if isinstance(facts, Mapping) else {}
    lines = tuple((str(label), str(figure)) for label, figure in given.get("lines", []))
    asked: Asked | None = masked(partial(ask, files=f"{base_url()}{PAGES}/{bundle}/", reread=lines), task_context(), bundle, stage)
    return asked


def taken(bundle: str, stage: Stage) -> Event | None:
    """The decision that an earlier try of the task has taken into the ledger before it was killed; None where it is still to be taken."""
    from hedui.corrections.decisions import decided

    context = task_context()
    found: Event | None = masked(decided, context, bundle, stage)
    if found is not None:
        _tidy(context, bundle, stage)
    return found


def ended(bundle: str) -> str:
    """Why nobody is asked about a bundle any more: it was voided while its request was open; empty where somebody is."""
    from hedui.corrections.decisions import ended as why
    from hedui.corrections.ledger import read_bundle

    return why(masked(read_bundle, task_context(), bundle))


def settle(bundle: str, stage: Stage, answer: Answer) -> str:
    """Takes a decision into the ledger; why it does not count where it does not."""
    from hedui.corrections.decisions import decide

    context = task_context()
    against: str = masked(decide, context, bundle, stage, answer)
    if not against:
        _tidy(context, bundle, stage)
    return against


def _tidy(context: Context, bundle: str, stage: Stage) -> None:
    from hedui.corrections.flow import tidy

    if stage == "review":
        masked(tidy, context, bundle)


def base_url() -> str:
    """Airflow's address, for links."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def run_carry_out(bundle: str) -> Summary:
    """Executes or dispatches an approved bundle, or puts one back; what a retry cannot mend fails at once."""
    from airflow.sdk.exceptions import AirflowFailException

    from hedui.corrections.dispatch.errors import DispatchConflictError, SigningKeyError
    from hedui.corrections.errors import BundleChangedError, BundleStateError, FourEyesError
    from hedui.corrections.flow import carry_out
    from hedui.corrections.run.errors import RunError, TransientTargetError

    useless = (
        BundleChangedError,
        BundleStateError,
        FourEyesError,
        RunError,
        DispatchConflictError,
        SigningKeyError,
    )
    try:
        return masked(carry_out, task_context(), bundle)
    except TransientTargetError:
        raise
    except useless as error:
        raise AirflowFailException(str(error)) from error


def look_for_receipt(bundle: str) -> bool:
    """Whether there is nothing more to wait for: executed here, or the final receipt is there. Skips where nothing more is to be done."""
    from airflow.sdk.exceptions import AirflowSkipException

    from hedui.corrections.flow import receipts
    from hedui.corrections.states import GONE, STATE_LABELS, State

    state = masked(receipts, task_context(), bundle)
    if state in GONE or state is State.ROLLED_BACK:
        raise AirflowSkipException(f"{bundle}: {STATE_LABELS[state]}")
    return state not in (State.DISPATCHED, State.ACCEPTED)


def look_again(bundle: str) -> Summary | None:
    """Reads the changed rows again; None while the data that could show it has not come."""
    from hedui.corrections.flow import prove

    lines = masked(prove, task_context(), bundle)
    return None if lines is None else {"lines": [list(line) for line in lines]}


def run_reminders() -> Summary:
    """Reminds of bundles that wait for a decision, a receipt or a review."""
    from hedui.corrections.reminders import remind_all

    sent: int = masked(remind_all, task_context())
    log.info("reminders: %d", sent)
    return {"sent": sent}
