"""``hedui inspection``: inspects systems, lists what was found."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import context_from_environment
from hedui.terminal import console

inspection_app = typer.Typer(no_args_is_help=True, help="Inspections of systems and connections. 巡检。")
out = console()


@inspection_app.command("run")
def run(
    system: Annotated[list[str] | None, typer.Argument(help="Systems of inspection.yaml; none: all. 系统")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="daily, weekly, holiday, quarterly; none: those due. 巡检类型")] = None,
    inspector: Annotated[str, typer.Option(help="Who signs. 巡检人")] = "",
) -> None:
    """Inspect, write the 巡检报告单, record it, open and close cases. 巡检并登记。"""
    from hedui.inspection.run import inspect_and_record, settings_of

    context = context_from_environment()
    now, kinds = dt.datetime.now(dt.UTC), tuple(kind or ())
    for name in system or [item.id for item in settings_of(context).systems]:
        done = inspect_and_record(
            context,
            name,
            now=now,
            actor=getpass.getuser(),
            kinds=kinds,  # type: ignore[arg-type]  # checked there
            inspector=inspector,
        )
        mark = "[red]✗[/]" if done.abnormal else "[yellow]–[/]" if done.unmeasured else "[green]✓[/]"
        out.print(
            f"{mark} {done.number}：{done.items} 项，异常 {done.abnormal}，未检出 {done.unmeasured}，{done.path}", soft_wrap=True
        )
        for line in done.lines:
            out.print(f"    {line}", soft_wrap=True, highlight=False)


@inspection_app.command("due")
def due(date: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day. 日期")]) -> None:
    """Say which inspections a day is due. 当日应做的巡检。"""
    from hedui.inspection.calendar import kinds_due
    from hedui.inspection.model import KIND_NAMES

    kinds = kinds_due(context_from_environment().workdays, date.date())
    out.print("、".join(KIND_NAMES[kind] for kind in kinds))


@inspection_app.command("show")
def show(number: Annotated[str, typer.Argument(help="编号, XJ-20260603-shebao")]) -> None:
    """Show the items of an inspection. 查看巡检项目。"""
    from hedui.inspection.checks import CHECKS
    from hedui.inspection.model import VERDICT_NAMES
    from hedui.inspection.recording import items_of

    table = Table("检查项", "部位", "对象", "标准", "实测", "结论", box=None)
    for item in items_of(context_from_environment(), number):
        table.add_row(CHECKS[item.check].label, item.part, item.target, item.standard, item.measured, VERDICT_NAMES[item.verdict])
    out.print(table)
