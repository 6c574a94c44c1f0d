"""Faults: opened by hand or by a failed run, carried through response, diagnosis and repair, confirmed by another person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql

from hedui.audit import append
from hedui.context import Context
from hedui.ledger.database import begin, session
from hedui.ledger.operations_models import Fault
from hedui.operations.clocks import WorkClock
from hedui.operations.errors import OperationsError
from hedui.operations.settings import Limits, OperationsSettings, load_operations
from hedui.security.logs import scrub

LEVELS: Final = {1: "一级", 2: "二级", 3: "三级"}
FOUND_BY: Final = {"run": "运行失败", "inspection": "巡检", "user": "用户报告", "monitor": "监控"}
SERVICES: Final = {"hotline": "热线", "onsite": "现场"}
STAGES: Final = {"respond": "responded_at", "diagnose": "diagnosed_at", "repair": "repaired_at"}
STAGE_NAMES: Final = {"respond": "响应", "diagnose": "诊断", "repair": "修复"}
LOCK_NUMBERS: Final = 0x6865647506
"""Advisory lock: one number at a time."""

Stage = Literal["respond", "diagnose", "repair"]


@dataclass(frozen=True, kw_only=True)
class NewFault:
    """What is known when a fault is reported; no text holds personal data.

    Attributes:
        level: 1 一级 (the service stands still), 2 二级, 3 三级.
        system: What it is about.
        summary: 故障概要.
        occurred_at: When it began.
        reported_at: When it was reported: the clocks start here.
        found_by: A key of :data:`FOUND_BY`.
        service: A key of :data:`SERVICES`.
        reporter: Who.
        scope: 影响范围.
        origin: The run that it comes from; one fault per origin.
    """

    level: int
    system: str
    summary: str
    occurred_at: dt.datetime
    reported_at: dt.datetime
    found_by: str
    service: str
    reporter: str
    scope: str = ""
    origin: str | None = None


def clock_of(context: Context) -> WorkClock:
    """The site's working time."""
    settings = load_operations(context.site)
    return WorkClock(workdays=context.workdays, shifts=settings.hours, zone=ZoneInfo(context.site.timezone))


def open_fault(context: Context, new: NewFault, *, actor: str) -> str | None:
    """Enters a fault and returns its number; None where its origin has one already.

    Raises:
        OperationsError: A value is not allowed.
    """
    _check(new)
    day = new.occurred_at.astimezone(ZoneInfo(context.site.timezone)).date()
    with begin(context.ledger_url, lock=LOCK_NUMBERS) as connection:
        number = next_number(connection, Fault.number, f"GZ-{day:%Y%m%d}")
        values = {**new.__dict__, "number": number, "summary": scrub(new.summary.strip()), "scope": scrub(new.scope)}
        statement = (
            postgresql.insert(Fault).values(values).on_conflict_do_nothing(index_elements=["origin"]).returning(Fault.number)
        )
        made = connection.execute(statement).scalar_one_or_none()
        if made is not None:
            append(
                connection, actor=actor, action="fault.open", subject=number, details={"level": new.level, "found_by": new.found_by}
            )
    return made


def _check(new: NewFault) -> None:
    for what, value, allowed in (
        ("level", new.level, LEVELS),
        ("found_by", new.found_by, FOUND_BY),
        ("service", new.service, SERVICES),
    ):
        if value not in allowed:
            raise OperationsError(f"{what} of a fault is {value!r}; choose one of {', '.join(map(str, allowed))}.")
    if not new.summary.strip():
        raise OperationsError("A fault needs a summary (故障概要); it is empty.")
    if new.reported_at < new.occurred_at:
        raise OperationsError(f"A fault is reported after it occurred; {new.reported_at} is before {new.occurred_at}.")


def next_number(connection: Connection, column: Any, prefix: str) -> str:
    """The next number of a day: ``GZ-20260603-01``; the caller holds :data:`LOCK_NUMBERS`."""
    count = connection.execute(select(func.count()).where(column.like(f"{prefix}-%"))).scalar_one()
    return f"{prefix}-{count + 1:02d}"


def reach(context: Context, number: str, stage: Stage, *, at: dt.datetime, actor: str, **texts: str) -> None:
    """Notes that a stage was reached, with what is known by then.

    Args:
        context: The step's context.
        number: The fault.
        stage: ``respond``, ``diagnose``, ``repair``.
        at: When.
        actor: Who.
        **texts: ``cause``, ``process``, ``result``, ``prevention``, ``scope``: no personal data.

    Raises:
        OperationsError: There is no such open fault, the stage was noted already, or it lies before the fault.
    """
    column = STAGES[stage]
    with begin(context.ledger_url) as connection:
        fault = _open(connection, number)
        if fault[column] is not None:
            raise OperationsError(
                f"{STAGE_NAMES[stage]} of {number} was noted at {fault[column]:%Y-%m-%d %H:%M}; it is not noted again."
            )
        if at < fault["occurred_at"]:
            raise OperationsError(f"{number} occurred at {fault['occurred_at']}; {STAGE_NAMES[stage]} cannot be at {at}.")
        known = {name: scrub(value) for name, value in texts.items() if value}
        connection.execute(update(Fault).where(Fault.number == number).values({column: at, **known}))
        append(connection, actor=actor, action="fault.update", subject=number, details={"stage": stage, "at": at.isoformat()})


def close_fault(context: Context, number: str, *, solved: bool, confirmer: str, at: dt.datetime, actor: str, **texts: str) -> None:
    """Confirms a fault's end.

    Raises:
        OperationsError: It is not repaired, has no result or cause, or the confirmer is its reporter.
    """
    with begin(context.ledger_url) as connection:
        fault = _open(connection, number)
        known = {name: scrub(value) for name, value in texts.items() if value}
        merged = {**fault, **known}
        missing = [name for name in ("repaired_at", "result", "cause", "prevention") if not merged[name]]
        if missing:
            raise OperationsError(f"{number} cannot be closed without {', '.join(missing)}; enter them first.")
        if confirmer.strip() == fault["reporter"] or not confirmer.strip():
            raise OperationsError(f"{number} is confirmed by another person than its reporter; confirmer is {confirmer!r}.")
        connection.execute(
            update(Fault).where(Fault.number == number).values(solved=solved, confirmer=confirmer.strip(), closed_at=at, **known)
        )
        append(connection, actor=actor, action="fault.close", subject=number, details={"solved": solved, "confirmer": confirmer})


def _open(connection: Connection, number: str) -> dict[str, Any]:
    row = (
        connection.execute(select(*Fault.__table__.columns).where(Fault.number == number).with_for_update())
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise OperationsError(f'The ledger has no fault "{number}"; `hedui fault list` shows them.')
    if row["closed_at"] is not None:
        raise OperationsError(f"{number} was closed at {row['closed_at']:%Y-%m-%d %H:%M}; open another fault.")
    return dict(row)


def faults_between(context: Context, first: dt.datetime, end: dt.datetime) -> list[Fault]:
    """The faults that were reported from a moment to another, the second excluded, in order."""
    query = select(Fault).where(Fault.reported_at >= first, Fault.reported_at < end).order_by(Fault.reported_at, Fault.number)
    with session(context.ledger_url) as orm:
        return list(orm.scalars(query))


def open_faults(context: Context) -> list[Fault]:
    """The faults that are not closed, the oldest first."""
    with session(context.ledger_url) as orm:
        return list(orm.scalars(select(Fault).where(Fault.closed_at.is_(None)).order_by(Fault.reported_at)))


def recovery(fault: Fault) -> dt.timedelta | None:
    """恢复耗费时间: repair minus occurrence by the wall clock; None where it is not repaired."""
    return fault.repaired_at - fault.occurred_at if fault.repaired_at else None


def limits_of(fault: Fault, settings: OperationsSettings) -> Limits:
    """The time limits of a fault by how it is served."""
    return settings.onsite if fault.service == "onsite" else settings.hotline


def kept(fault: Fault, stage: Stage, *, settings: OperationsSettings, clock: WorkClock, by: dt.datetime) -> bool | None:
    """Whether a stage was reached in time, as of a moment; None where nothing was agreed, or it may still be reached in time."""
    limit = getattr(limits_of(fault, settings), stage)
    if limit is None:
        return None
    due = clock.after(fault.reported_at, limit)
    reached: dt.datetime | None = getattr(fault, STAGES[stage])
    if reached is not None and reached < by:
        return reached <= due
    return False if by > due else None
