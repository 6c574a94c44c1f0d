"""Single forms for signing: 故障修复情况报告单 and 维护任务处理单 (handbook §6.1, §6.2), a sheet of A4 each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hedui.context import Context
from hedui.ledger.database import session
from hedui.ledger.operations_models import Fault, MaintenanceTask
from hedui.operations.errors import OperationsError
from hedui.operations.faults import FOUND_BY, LEVELS, SERVICES, STAGE_NAMES, STAGES, clock_of, kept, limits_of, recovery
from hedui.operations.listing import shown_span
from hedui.operations.monthly import FOLDER
from hedui.operations.settings import load_operations
from hedui.operations.tasks import KINDS, in_time
from hedui.reports.content import Block, Column, Facts, Notes, Report, Sheet, Table
from hedui.reports.figures import organisation
from hedui.reports.workbook import write_workbook

FAULT_TITLE, TASK_TITLE = "故障修复情况报告单", "维护任务处理单"
GRID: Final = (12.0,) * 8
EMPTY: Final = "—"
STANDING: Final = {True: "按时", False: "超时", None: "未到时限"}


def write_fault_form(context: Context, number: str, *, now: dt.datetime) -> Path:
    """Writes a fault's form; equal faults give equal bytes, once it is closed.

    Args:
        context: The step's context.
        number: The fault.
        now: The time: by it a time limit is over or not.

    Returns:
        The workbook.

    Raises:
        OperationsError: There is no such fault.
    """
    fault = _one(context, Fault, number, "fault")
    zone = ZoneInfo(context.site.timezone)
    facts = (
        ("故障编号", fault.number), ("级别", LEVELS[fault.level]), ("系统", fault.system), ("发现方式", FOUND_BY[fault.found_by]),
        ("发生时间", _moment(fault.occurred_at, zone)), ("报告时间", _moment(fault.reported_at, zone)),
        ("修复时间", _moment(fault.repaired_at, zone)), ("恢复耗费时间", shown_span(recovery(fault))),
        ("服务方式", SERVICES[fault.service]), ("处理是否成功", {True: "是", False: "否", None: EMPTY}[fault.solved]),
        ("报告人", fault.reporter), ("确认人", fault.confirmer or EMPTY),
    )  # fmt: skip
    texts = (
        ("故障概要", fault.summary), ("影响范围", fault.scope), ("原因分析", fault.cause), ("处理过程", fault.process),
        ("处理结果", fault.result), ("预防措施", fault.prevention),
    )  # fmt: skip
    signed = "报告人（签字）：____________　　处理人（签字）：____________　　确认人（签字）：____________"
    blocks = (Facts(facts=facts), _texts(texts), _limits(context, fault, now), Notes(title="", lines=(signed,)))
    return _write(context, FAULT_TITLE, number, (fault.closed_at or now).astimezone(zone).date(), blocks)


def write_task_form(context: Context, number: str) -> Path:
    """Writes a task's form; equal tasks give equal bytes.

    Raises:
        OperationsError: There is no such task.
    """
    task = _one(context, MaintenanceTask, number, "task")
    zone = ZoneInfo(context.site.timezone)
    standing = ("按期" if in_time(context, task) else "超期") if task.finished_at else "办理中"
    facts = (
        ("任务编号", task.number), ("类别", KINDS[task.kind]), ("系统", task.system), ("是否修改代码", "是" if task.code_change else "否"),
        ("提出人", task.asked_by), ("承办人", task.assignee), ("受理时间", _moment(task.opened_at, zone)),
        ("办结期限", f"{task.due_on:%Y-%m-%d}"), ("办结时间", _moment(task.finished_at, zone)), ("结论", standing),
        ("办结人", task.finished_by or EMPTY), ("所属故障", task.fault or EMPTY),
    )  # fmt: skip
    texts = (("任务内容", task.title), ("问题原因分析", task.cause), ("解决方案说明", task.solution))
    signed = "承办人（签字）：____________　　审核人（签字）：____________　　提出人确认：____________"
    day = (task.finished_at or task.opened_at).astimezone(zone).date()
    return _write(context, TASK_TITLE, number, day, (Facts(facts=facts), _texts(texts), Notes(title="", lines=(signed,))))


def _one(context: Context, model: Any, number: str, what: str) -> Any:
    with session(context.ledger_url) as orm:
        found = orm.scalars(select(model).where(model.number == number)).one_or_none()
    if found is None:
        raise OperationsError(f'The ledger has no {what} "{number}"; numbers are like GZ-20260603-01 and WH-20260603-01.')
    return found


def _moment(moment: dt.datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else EMPTY


def _texts(texts: Sequence[tuple[str, str]]) -> Table:
    columns = (Column(key="name", title="项目", span=2), Column(key="text", title="内容", kind="wrap", span=6))
    return Table(title="", columns=columns, rows=tuple((name, text or EMPTY) for name, text in texts), id="texts")


def _limits(context: Context, fault: Fault, now: dt.datetime) -> Table:
    """The time limits: until when, when it was, how much working time it took."""
    settings, clock, zone = load_operations(context.site), clock_of(context), ZoneInfo(context.site.timezone)
    rows = []
    for stage, column in STAGES.items():
        minutes = getattr(limits_of(fault, settings), stage)
        if minutes is None:
            continue
        reached: dt.datetime | None = getattr(fault, column)
        used = dt.timedelta(minutes=clock.between(fault.reported_at, reached)) if reached else None
        standing = kept(fault, stage, settings=settings, clock=clock, by=now)  # type: ignore[arg-type]
        due, limit = clock.after(fault.reported_at, minutes), dt.timedelta(minutes=minutes)
        shown = (shown_span(limit), _moment(due, zone), _moment(reached, zone), shown_span(used), STANDING[standing])
        rows.append((STAGE_NAMES[stage], *shown))
    columns = (
        Column(key="stage", title="阶段"), Column(key="limit", title="时限"), Column(key="due", title="应于", span=2),
        Column(key="reached", title="实际", span=2), Column(key="used", title="用时"), Column(key="state", title="结论", kind="state"),
    )  # fmt: skip
    note = "自报告时间起，只计工作时间。"
    return Table(title="服务时限", columns=columns, rows=tuple(rows), note=note, empty="该服务方式没有约定时限", id="limits")


def _write(context: Context, title: str, number: str, day: dt.date, blocks: tuple[Block, ...]) -> Path:
    path = context.reports / FOLDER / "forms" / f"{title}_{number}.xlsx"
    sheet = Sheet(name=title, title=title, lead=f"编制单位：{organisation(context)}", blocks=blocks, grid=GRID, portrait=True)
    report = Report(
        title=f"{title} {number}",
        organisation=organisation(context),
        business_date=day,
        period=f"{day:%Y年%m月%d日}",
        sheets=(sheet,),
    )
    write_workbook(report, path)
    return path
