"""The form by which a receipt on paper is entered, and what its task does. XCom carries verdicts, never a value of a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hedui.errors import HeduiError
from hedui_airflow.corrections import proposer_of
from hedui_airflow.tasks import Summary, masked, task_context

if TYPE_CHECKING:
    from hedui.context import Context
    from hedui.corrections.dispatch.judge import Ruling

RESULTS: Final = {"accepted": "已受理", "executed": "已执行", "partly": "部分执行", "refused": "退回"}
NEEDED: Final = {"bundle": "方案编号", "number": "回执编号", "issuer": "出具单位", "document": "来文号"}


def form() -> dict[str, Any]:
    """The form: parameters of the DAG. Airflow's own check is loose on purpose, so that what is wrong is told in Chinese."""
    from airflow.sdk import Param

    from hedui_airflow.forms import optional_date

    text = ["null", "string"]
    return {
        "bundle": Param(None, type=text, title="方案编号（必填）", description="如 BUNDLE-990100-20260603-002"),
        "result": Param("executed", type="string", enum=list(RESULTS), values_display=RESULTS, title="结果"),
        "number": Param(None, type=text, title="回执编号（必填）"),
        "issuer": Param(None, type=text, title="出具单位（必填）"),
        "document": Param(None, type=text, title="来文号（必填）"),
        "issued": optional_date("出具日期", "不填则为今天"),
        "rows": Param(
            None, type=text, format="multiline", title="退回的行", description="部分执行时填写，一行一条：行号=原因，如 3=缺少缴费凭证"
        ),
        "note": Param(None, type=text, title="说明", description="整件退回时填写理由"),
    }  # fmt: skip


def receipt_form(params: Mapping[str, Any], *, now: dt.datetime) -> tuple[str, str, dict[str, Any]]:
    """Bundle, number of the letter and the receipt of what was filled in; without a day of issue it is of ``now``.

    Raises:
        HeduiError: Something is missing, or a line of refused rows is not ``number=reason``.
    """
    given = {name: str(params.get(name) or "").strip() for name in (*NEEDED, "result", "issued", "rows", "note")}
    missing = [label for name, label in NEEDED.items() if not given[name]]
    if missing:
        raise HeduiError(f"回执登记缺少：{'、'.join(missing)}；请重新填写。")
    issued = dt.date.fromisoformat(given["issued"]) if given["issued"] else None
    at = dt.datetime.combine(issued, dt.time()).astimezone() if issued else now
    rows = [_row(line) for line in given["rows"].splitlines() if line.strip()]
    content = {"number": given["number"], "result": given["result"], "issuer": given["issuer"], "note": given["note"], "rows": rows}
    return given["bundle"], given["document"], {**content, "issued_at": at.isoformat()}


def _row(line: str) -> dict[str, Any]:
    number, _, reason = line.replace("＝", "=").partition("=")
    if not number.strip().isdecimal() or not reason.strip():
        raise HeduiError("退回的行须一行一条写成“行号=原因”，如 3=缺少缴费凭证；请重新填写。")
    return {"number": int(number), "reason": reason.strip()}


def run_enter() -> Summary:
    """Enters the receipt of the run's form as whoever started the run; what is only noted ends as skipped, with the reason."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.corrections.dispatch.judge import VERDICT_LABELS, Verdict

    airflow = get_current_context()
    try:
        bundle, ruling = masked(_enter, task_context(), airflow)
    except HeduiError as error:
        if getattr(error, "cause", None) is not None:  # a connection that comes back: try again
            raise
        raise AirflowFailException(str(error)) from error
    told = f"{bundle}：{VERDICT_LABELS[ruling.verdict]} {ruling.reason}".strip()
    if ruling.verdict is not Verdict.COUNTS:
        raise AirflowSkipException(told)
    return {"bundle": bundle, "verdict": str(ruling.verdict), "late": ruling.late}


def _enter(context: Context, airflow: Mapping[str, Any]) -> tuple[str, Ruling]:
    from hedui.corrections.dispatch.follow import enter, may_enter
    from hedui.corrections.dispatch.send import today
    from hedui.corrections.frozen import frozen_bundle

    # The run's own time: a task that is run again enters the very same receipt.
    bundle, document, form_ = receipt_form(airflow["params"], now=airflow["dag_run"].start_date or dt.datetime.now(dt.UTC))
    actor = proposer_of(airflow)
    _, frozen = frozen_bundle(context, bundle)
    may_enter(frozen.plan.target, actor)
    return bundle, enter(context, frozen, form_, document=document, actor=actor, today=today(context))
