"""Decisions on correction bundles in Airflow's own pages: parked without a worker, asked again where a decision does not count."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context as TaskContext

    from hedui.corrections.approval import Answer, Stage

FOREVER = dt.timedelta(days=3650)
REASON = {"reason": Param(None, type=["null", "string"], title="意见（驳回必填）")}
"""The form beside the page. Without a schema: Airflow takes what does not fit, and the task would fail instead of asking again."""


class AskAgainError(AirflowException):
    """A decision that does not count; the task's next try asks anew and says why."""


class BundleApproval(ApprovalOperator):
    """Asks whom the site names for a decision on a bundle, with the bundle's own page, people and term.

    Airflow takes one answer and looks neither at who gave it before nor at the reason, so the answer is judged here: one that does not
    count is noted in the audit chain and the task tries again, which asks again. A refusal ends the bundle's later tasks as skipped.
    """

    APPROVE = "批准"
    REJECT = "驳回"
    template_fields = ("bundle", "facts")

    def __init__(self, *, stage: str, bundle: Any, facts: Any = None, **kwargs: Any) -> None:
        super().__init__(
            subject="",
            body="",
            defaults=self.REJECT,
            response_timeout=FOREVER,  # the bundle's own term is set when it is asked
            **kwargs,
        )
        self.stage = stage
        self.bundle = bundle
        self.facts = facts

    def execute(self, context: TaskContext) -> Any:
        """Parks the task with its page; returns at once where the bundle needs no decision at this stage.

        A task that was killed after its answer had been taken finds the decision in the ledger and does not ask again.

        Raises:
            AirflowSkipException: It was refused, or has ended otherwise.
        """
        from hedui.corrections.approval import NobodyMayDecideError
        from hedui_airflow.corrections import request, taken

        self._skip_if_ended()
        earlier = taken(self.bundle, self._stage)
        if earlier is not None:
            return self._outcome(approved=bool(earlier.details.get("approved")), by=earlier.actor, at=earlier.at)
        try:
            asked = request(self.bundle, self._stage, facts=self.facts)
        except NobodyMayDecideError as error:
            raise AirflowFailException(str(error)) from error
        if asked is None:
            return {"needed": False}
        self.subject, self.body = asked.subject, asked.page
        self.assigned_users = [{"id": user, "name": user} for user in asked.users]
        left = asked.until - dt.datetime.now(dt.UTC) if asked.until else FOREVER
        self.response_timeout = max(left, dt.timedelta(seconds=1))
        return super().execute(context)

    def execute_complete(self, context: TaskContext, event: dict[str, Any]) -> Any:
        """Judges the answer and takes it into the ledger.

        Raises:
            AskAgainError: It does not count. AirflowSkipException: it is a refusal, or the bundle was voided while the request was open.
        """
        from hedui_airflow.corrections import settle

        if "error" in event:
            self.process_trigger_event_error(event)
        given = answer(event, approve=self.APPROVE)
        against = settle(self.bundle, self._stage, given)
        if against:
            self._skip_if_ended()
            raise AskAgainError(against)
        return self._outcome(approved=given.approved, by=given.by, at=given.at)

    def _skip_if_ended(self) -> None:
        from hedui_airflow.corrections import ended

        why = ended(self.bundle)
        if why:
            raise AirflowSkipException(f"{self.bundle}: {why}")

    def _outcome(self, *, approved: bool, by: str, at: dt.datetime) -> dict[str, Any]:
        if not approved:
            raise AirflowSkipException(f"{self.bundle}: {by or 'nobody in time'} refused at stage {self.stage}")
        return {"needed": True, "by": by, "at": at.isoformat()}

    @property
    def _stage(self) -> Stage:
        from hedui.corrections.approval import Stage

        return Stage(self.stage)


def answer(event: Mapping[str, Any], *, approve: str) -> Answer:
    """What was answered, of the event by which Airflow resumes the task; a time-out has nobody."""
    from hedui.corrections.approval import Answer

    by = event.get("responded_by_user") or {}
    at = event.get("responded_at") or dt.datetime.now(dt.UTC)
    return Answer(
        approved=event["chosen_options"] == [approve],
        by=str(by.get("id") or by.get("name") or ""),
        name=str(by.get("name") or ""),
        at=dt.datetime.fromisoformat(at) if isinstance(at, str) else at,
        reason=str((event.get("params_input") or {}).get("reason") or "").strip(),
    )
