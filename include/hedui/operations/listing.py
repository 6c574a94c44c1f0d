"""Faults and tasks as a report lists them: as they stood at the end of its period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hedui.context import Context
from hedui.operations.faults import LEVELS, faults_between, recovery
from hedui.operations.tasks import KINDS, tasks_alive
from hedui.reports.content import Column, Table


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    """A fault of a report; times are the site's own."""

    number: str
    level: str
    system: str
    summary: str
    occurred_at: dt.datetime
    repaired_at: dt.datetime | None
    recovery: dt.timedelta | None
    result: str


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """A task of a report."""

    number: str
    kind: str
    title: str
    assignee: str
    due_on: dt.date
    finished: dt.date | None
    overdue: bool
    cause: str
    solution: str


def fault_rows(context: Context, start: dt.datetime, end: dt.datetime) -> list[FaultRow]:
    """The faults that were reported in a period; a repair after its end is not known to its report."""
    zone = ZoneInfo(context.site.timezone)
    made = []
    for fault in faults_between(context, start, end):
        repaired = fault.repaired_at if fault.repaired_at and fault.repaired_at < end else None
        made.append(
            FaultRow(
                number=fault.number,
                level=LEVELS[fault.level],
                system=fault.system,
                summary=fault.summary,
                occurred_at=fault.occurred_at.astimezone(zone),
                repaired_at=repaired.astimezone(zone) if repaired else None,
                recovery=recovery(fault) if repaired else None,
                result=fault.result if repaired else "处理中",
            )
        )
    return made


def task_rows(context: Context, start: dt.datetime, end: dt.datetime) -> list[TaskRow]:
    """The tasks that were alive in a period, as they stood at its end."""
    zone, made = ZoneInfo(context.site.timezone), []
    last = end.astimezone(zone).date() - dt.timedelta(days=1)
    for task in tasks_alive(context, start, end):
        finished = task.finished_at.astimezone(zone).date() if task.finished_at and task.finished_at < end else None
        made.append(
            TaskRow(
                number=task.number,
                kind=KINDS[task.kind],
                title=task.title,
                assignee=task.assignee,
                due_on=task.due_on,
                finished=finished,
                overdue=finished is None and task.due_on <= last,
                cause=task.cause if finished else "",
                solution=task.solution if finished else "",
            )
        )
    return made


def shown_span(span: dt.timedelta | None) -> str:
    """A span of time in words: 3 天 4 小时 5 分."""
    if span is None:
        return "—"
    minutes = int(span.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [f"{days} 天" if days else "", f"{hours} 小时" if hours else "", f"{minutes % 60} 分" if minutes % 60 else ""]
    return " ".join(filter(None, parts)) or "0 分"


def fault_table(faults: Sequence[FaultRow]) -> Table:
    """故障修复情况."""
    columns = (
        Column(key="number", title="故障编号", width=17),
        Column(key="level", title="级别", width=8),
        Column(key="system", title="系统", kind="wrap", width=14),
        Column(key="summary", title="故障概要", kind="wrap", width=34),
        Column(key="occurred", title="发生时间", width=18),
        Column(key="repaired", title="修复时间", width=18),
        Column(key="recovery", title="恢复耗费时间", width=16),
        Column(key="result", title="处理结果", kind="wrap", width=24),
    )
    rows = tuple(
        (
            row.number,
            row.level,
            row.system,
            row.summary,
            f"{row.occurred_at:%Y-%m-%d %H:%M}",
            f"{row.repaired_at:%Y-%m-%d %H:%M}" if row.repaired_at else "—",
            shown_span(row.recovery),
            row.result or "—",
        )
        for row in faults
    )
    return Table(title="故障修复情况", columns=columns, rows=rows, empty="本期无故障")


def task_table(tasks: Sequence[TaskRow]) -> Table:
    """维护任务."""
    columns = (
        Column(key="number", title="任务编号", width=17),
        Column(key="kind", title="类别", width=10),
        Column(key="title", title="任务内容", kind="wrap", width=30),
        Column(key="assignee", title="承办人", width=12),
        Column(key="due", title="期限", kind="date", width=13),
        Column(key="finished", title="办结", kind="date", width=13),
        Column(key="cause", title="问题原因分析", kind="wrap", width=26),
        Column(key="solution", title="解决方案说明", kind="wrap", width=26),
    )
    rows = tuple((r.number, r.kind, r.title, r.assignee, r.due_on, r.finished, r.cause or "—", r.solution or "—") for r in tasks)
    return Table(title="", columns=columns, rows=rows, empty="本期无维护任务")
