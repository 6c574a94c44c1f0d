"""Maintenance tasks (维护任务处理单): due by kind in working days; finished with an analysis of the cause and the solution only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select, update

from hedui.audit import append
from hedui.context import Context
from hedui.ledger.database import begin, session
from hedui.ledger.operations_models import MaintenanceTask
from hedui.operations.errors import OperationsError
from hedui.operations.faults import LOCK_NUMBERS, clock_of, next_number
from hedui.operations.settings import load_operations
from hedui.security.logs import scrub

KINDS: Final = {"routine": "日常性", "corrective": "改正性", "perfective": "完善性"}


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """A task as it is taken on; no text holds personal data.

    Attributes:
        kind: A key of :data:`KINDS`.
        system: What it is about.
        title: What is to be done.
        asked_by: Who wants it.
        assignee: Who does it.
        opened_at: When it was taken on.
        code_change: Whether programs change.
        fault: The fault that it belongs to.
    """

    kind: str
    system: str
    title: str
    asked_by: str
    assignee: str
    opened_at: dt.datetime
    code_change: bool = False
    fault: str | None = None


def open_task(context: Context, new: NewTask, *, actor: str) -> str:
    """Enters a task and returns its number.

    Raises:
        OperationsError: A value is not allowed. LedgerError: there is no such fault.
    """
    if new.kind not in KINDS:
        raise OperationsError(f"kind of a task is {new.kind!r}; choose one of {', '.join(KINDS)}.")
    if not new.title.strip():
        raise OperationsError("A task needs a title; it is empty.")
    days = getattr(load_operations(context.site).task_days, new.kind)
    due = clock_of(context).due_date(new.opened_at, days)
    day = new.opened_at.astimezone(ZoneInfo(context.site.timezone)).date()
    with begin(context.ledger_url, lock=LOCK_NUMBERS) as connection:
        number = next_number(connection, MaintenanceTask.number, f"WH-{day:%Y%m%d}")
        values = {**new.__dict__, "number": number, "due_on": due, "title": scrub(new.title.strip())}
        connection.execute(insert(MaintenanceTask).values(values))
        append(connection, actor=actor, action="task.open", subject=number, details={"kind": new.kind, "due_on": due.isoformat()})
    return number


def finish_task(context: Context, number: str, *, cause: str, solution: str, at: dt.datetime, by: str, actor: str) -> None:
    """Finishes a task.

    Raises:
        OperationsError: There is no such open task, or 问题原因分析 or 解决方案说明 is empty.
    """
    if not cause.strip() or not solution.strip():
        raise OperationsError(f"{number} is finished with 问题原因分析 and 解决方案说明 only; one of them is empty.")
    with begin(context.ledger_url) as connection:
        statement = (
            update(MaintenanceTask)
            .where(MaintenanceTask.number == number, MaintenanceTask.finished_at.is_(None), MaintenanceTask.opened_at <= at)
            .values(cause=scrub(cause.strip()), solution=scrub(solution.strip()), finished_at=at, finished_by=by)
        )
        if connection.execute(statement).rowcount != 1:
            raise OperationsError(
                f'The ledger has no open task "{number}" that was taken on before {at}; numbers are like WH-20260603-01.'
            )
        append(connection, actor=actor, action="task.finish", subject=number, details={"at": at.isoformat()})


def in_time(context: Context, task: MaintenanceTask) -> bool:
    """Whether a task was finished by its day."""
    zone = ZoneInfo(context.site.timezone)
    return task.finished_at is not None and task.finished_at.astimezone(zone).date() <= task.due_on


def tasks_due(context: Context, first: dt.date, last: dt.date) -> list[MaintenanceTask]:
    """The tasks that are due from a day to a day, both included, in order."""
    query = select(MaintenanceTask).where(MaintenanceTask.due_on.between(first, last))
    with session(context.ledger_url) as orm:
        return list(orm.scalars(query.order_by(MaintenanceTask.due_on, MaintenanceTask.number)))


def tasks_alive(context: Context, first: dt.datetime, end: dt.datetime) -> list[MaintenanceTask]:
    """The tasks that were taken on before ``end`` and not finished before ``first``, in order."""
    query = select(MaintenanceTask).where(
        MaintenanceTask.opened_at < end, or_(MaintenanceTask.finished_at.is_(None), MaintenanceTask.finished_at >= first)
    )
    with session(context.ledger_url) as orm:
        return list(orm.scalars(query.order_by(MaintenanceTask.opened_at, MaintenanceTask.number)))
