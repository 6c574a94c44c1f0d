"""``hedui fault``, ``hedui task``, ``hedui knowledge``, ``hedui operations``, ``hedui channels``: the operations' ledger by hand."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from hedui.context import Context, context_from_environment
from hedui.terminal import console

fault_app = typer.Typer(no_args_is_help=True, help="Faults: open, carry on, close, list. 故障。")
task_app = typer.Typer(no_args_is_help=True, help="Maintenance tasks. 维护任务处理单。")
knowledge_app = typer.Typer(no_args_is_help=True, help="Knowledge base. 知识库。")
operations_app = typer.Typer(no_args_is_help=True, help="Reports on operations. 运维工作报告。")
channels_app = typer.Typer(no_args_is_help=True, help="Bank channels. 渠道监控。")
out = console()
Moment = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d %H:%M"], help="YYYY-MM-DD HH:MM, local; none: now. 时间")]
Number = Annotated[str, typer.Argument(help="Its number. 编号")]


def _moment(context: Context, given: dt.datetime | None) -> dt.datetime:
    """A time as it was typed, in the site's time zone."""
    zone = ZoneInfo(context.site.timezone)
    return given.replace(tzinfo=zone) if given else dt.datetime.now(zone)


@fault_app.command("open")
def fault_open(
    summary: Annotated[str, typer.Argument(help="What happened, without personal data. 故障概要")],
    system: Annotated[str, typer.Option(help="System. 系统")],
    level: Annotated[int, typer.Option(min=1, max=3, help="1, 2, 3. 级别")] = 3,
    service: Annotated[str, typer.Option(help="hotline, onsite. 服务方式")] = "hotline",
    found_by: Annotated[str, typer.Option(help="user, inspection, monitor, run. 发现方式")] = "user",
    scope: Annotated[str, typer.Option(help="Who is affected. 影响范围")] = "",
    occurred: Moment = None,
    reported: Moment = None,
) -> None:
    """Enter a fault. 登记故障。"""
    from hedui.operations.faults import NewFault, open_fault

    context, actor = context_from_environment(), getpass.getuser()
    reported_at = _moment(context, reported)
    new = NewFault(
        level=level,
        system=system,
        summary=summary,
        occurred_at=_moment(context, occurred) if occurred else reported_at,
        reported_at=reported_at,
        found_by=found_by,
        service=service,
        reporter=actor,
        scope=scope,
    )
    out.print(f"[green]✓[/] 故障 {open_fault(context, new, actor=actor)}")


@fault_app.command("reach")
def fault_reach(
    number: Number,
    stage: Annotated[str, typer.Argument(help="respond, diagnose, repair. 响应、诊断、修复")],
    at: Moment = None,
    cause: Annotated[str, typer.Option(help="原因分析")] = "",
    process: Annotated[str, typer.Option(help="处理过程")] = "",
    result: Annotated[str, typer.Option(help="处理结果")] = "",
    prevention: Annotated[str, typer.Option(help="预防措施")] = "",
) -> None:
    """Note that a fault was responded to, diagnosed, repaired. 记录响应、诊断、修复。"""
    from hedui.operations.errors import OperationsError
    from hedui.operations.faults import STAGES, reach

    if stage not in STAGES:
        raise OperationsError(f"stage is {stage!r}; choose one of {', '.join(STAGES)}.")
    context = context_from_environment()
    texts = {"cause": cause, "process": process, "result": result, "prevention": prevention}
    reach(context, number, stage, at=_moment(context, at), actor=getpass.getuser(), **texts)  # type: ignore[arg-type]
    out.print(f"[green]✓[/] {number}")


@fault_app.command("close")
def fault_close(
    number: Number,
    confirmer: Annotated[str, typer.Option(help="Another person than the reporter. 确认人")],
    solved: Annotated[bool, typer.Option("--solved/--unsolved", help="是否处理成功")] = True,
    at: Moment = None,
    cause: Annotated[str, typer.Option(help="原因分析")] = "",
    result: Annotated[str, typer.Option(help="处理结果")] = "",
    prevention: Annotated[str, typer.Option(help="预防措施")] = "",
) -> None:
    """Confirm the end of a fault. 确认故障修复。"""
    from hedui.operations.faults import close_fault

    context = context_from_environment()
    texts = {"cause": cause, "result": result, "prevention": prevention}
    close_fault(context, number, solved=solved, confirmer=confirmer, at=_moment(context, at), actor=getpass.getuser(), **texts)
    out.print(f"[green]✓[/] {number} 已关闭")


@fault_app.command("list")
def fault_list() -> None:
    """List open faults with their time limits. 未关闭的故障及时限。"""
    from hedui.operations.faults import LEVELS, STAGE_NAMES, clock_of, limits_of, open_faults
    from hedui.operations.settings import load_operations

    context = context_from_environment()
    settings, clock, zone = load_operations(context.site), clock_of(context), ZoneInfo(context.site.timezone)
    table = Table("编号", "级别", "系统", "概要", "报告时间", "时限", box=None)
    for fault in open_faults(context):
        limits = limits_of(fault, settings)
        due = "\n".join(
            f"{label} {clock.after(fault.reported_at, minutes):%m-%d %H:%M}"
            for stage, label in STAGE_NAMES.items()
            if (minutes := getattr(limits, stage)) is not None
        )
        reported = f"{fault.reported_at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(fault.number, LEVELS[fault.level], fault.system, fault.summary, reported, due)
    out.print(table)


@fault_app.command("form")
def fault_form(number: Number) -> None:
    """Write the 故障修复情况报告单 of a fault. 出具故障修复情况报告单。"""
    from hedui.operations.forms import write_fault_form

    out.print(str(write_fault_form(context_from_environment(), number, now=dt.datetime.now(dt.UTC))), soft_wrap=True)


@task_app.command("form")
def task_form(number: Number) -> None:
    """Write the 维护任务处理单 of a task. 出具维护任务处理单。"""
    from hedui.operations.forms import write_task_form

    out.print(str(write_task_form(context_from_environment(), number)), soft_wrap=True)


@task_app.command("open")
def task_open(
    title: Annotated[str, typer.Argument(help="What is to be done, without personal data. 任务内容")],
    kind: Annotated[str, typer.Option(help="routine, corrective, perfective. 类别")],
    system: Annotated[str, typer.Option(help="System. 系统")],
    asked_by: Annotated[str, typer.Option(help="Who wants it. 提出人")],
    assignee: Annotated[str, typer.Option(help="Who does it. 承办人")],
    code_change: Annotated[bool, typer.Option("--code-change", help="Programs change. 代码修改")] = False,
    fault: Annotated[str | None, typer.Option(help="所属故障")] = None,
    at: Moment = None,
) -> None:
    """Take on a task; its day follows from its kind. 登记维护任务。"""
    from hedui.operations.tasks import NewTask, open_task

    context = context_from_environment()
    new = NewTask(
        kind=kind,
        system=system,
        title=title,
        asked_by=asked_by,
        assignee=assignee,
        opened_at=_moment(context, at),
        code_change=code_change,
        fault=fault,
    )
    out.print(f"[green]✓[/] 任务 {open_task(context, new, actor=getpass.getuser())}")


@task_app.command("finish")
def task_finish(
    number: Number,
    cause: Annotated[str, typer.Option(help="问题原因分析")],
    solution: Annotated[str, typer.Option(help="解决方案说明")],
    at: Moment = None,
) -> None:
    """Finish a task, with cause and solution. 办结维护任务。"""
    from hedui.operations.tasks import finish_task

    context, actor = context_from_environment(), getpass.getuser()
    finish_task(context, number, cause=cause, solution=solution, at=_moment(context, at), by=actor, actor=actor)
    out.print(f"[green]✓[/] {number} 已办结")


@knowledge_app.command("add")
def knowledge_add(
    title: Annotated[str, typer.Argument(help="标题")],
    body: Annotated[str, typer.Argument(help="What helps, without personal data. 内容")],
    rule: Annotated[list[str] | None, typer.Option(help="Rules it is about. 关联规则")] = None,
    fault: Annotated[str | None, typer.Option(help="来自的故障")] = None,
) -> None:
    """Enter what was learned. 登记知识。"""
    from hedui.operations.knowledge import add_entry

    number = add_entry(
        context_from_environment(), title=title, body=body, actor=getpass.getuser(), rules=tuple(rule or ()), fault=fault
    )
    out.print(f"[green]✓[/] 知识 {number}")


@knowledge_app.command("search")
def knowledge_search(
    question: Annotated[str, typer.Argument(help="Words. 检索词")],
    rule: Annotated[str | None, typer.Option(help="Only entries about this rule. 规则")] = None,
) -> None:
    """Find entries that have all words. 全文检索。"""
    from hedui.operations.knowledge import search

    table = Table("编号", "标题", "内容", "规则", "故障", box=None)
    for entry in search(context_from_environment(), question, rule_id=rule):
        table.add_row(str(entry.number), entry.title, entry.body, " ".join(entry.rules), entry.fault or "")
    out.print(table)


@operations_app.command("report")
def report(
    date: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="A date in the period. 报告期内的任一天")],
    by: Annotated[str, typer.Option("--by", help="month, quarter, year. 月报、季报、年报")] = "month",
    problem: Annotated[list[str] | None, typer.Option(help="Line for 问题与建议.")] = None,
    plan: Annotated[list[str] | None, typer.Option(help="Line for 下期计划.")] = None,
) -> None:
    """Make the 运维工作月报告 (workbook and document). 编制运维工作报告。"""
    from hedui.operations.monthly import Remarks, make_report
    from hedui.statistics.periods import period_of

    context = context_from_environment()
    remarks = Remarks(problems=tuple(problem or ()), plans=tuple(plan or ()))
    made = make_report(context, period_of(by, date.date()), remarks)  # type: ignore[arg-type]  # checked there
    for line in (*made.files, *made.lines):
        out.print(line, soft_wrap=True, highlight=False)


@channels_app.command("show")
def channels_show() -> None:
    """Show every channel as it is now. 各渠道现状。"""
    from hedui.channels.monitor import lines, look

    for seen in look(context_from_environment(), dt.datetime.now(dt.UTC)):
        out.print(f"[bold]{seen.channel.name}[/]")
        for line in lines(seen):
            out.print(f"    {line}", soft_wrap=True, highlight=False)
