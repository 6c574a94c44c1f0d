"""``hedui statistics``: lists the reports, makes them, writes the index page."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import context_from_environment
from hedui.statistics.periods import NAMES, Cycle, period_of
from hedui.terminal import console

statistics_app = typer.Typer(no_args_is_help=True, help="Statistics: workbooks by period. 统计报表。")
out = console()
Day = Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="A date in the period. 报表期内的任一天")]
Kind = Annotated[str, typer.Option("--by", help="day, week, month, quarter, year. 报表期类型")]


@statistics_app.command("list")
def list_reports() -> None:
    """List the reports and what they wait for. 列出报表。"""
    from hedui.statistics.definitions import awaits, definitions

    table = Table("名称", "标题", "报表期", "待数据", box=None)
    for name, item in definitions().items():
        table.add_row(name, item.title, "、".join(NAMES[cycle] for cycle in item.cycles), "、".join(awaits(item)))
    out.print(table)


@statistics_app.command("make")
def make_reports(
    date: Day,
    by: Kind = "month",
    report: Annotated[list[str] | None, typer.Option(help="Only these reports. 报表")] = None,
    restated: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Region table. 重述到区划版本")] = None,
    outside: Annotated[bool, typer.Option(help="Make the edition that may leave the agency too. 对外版本")] = False,
) -> None:
    """Make the reports of a period. 编制。"""
    from hedui.statistics.definitions import awaits, definitions
    from hedui.statistics.errors import NothingThereError
    from hedui.statistics.folder import write_index
    from hedui.statistics.make import make

    context = context_from_environment()
    cycle: Cycle = by  # type: ignore[assignment]
    period = period_of(cycle, date.date())
    for name in report or [name for name, item in definitions().items() if not awaits(item)]:
        try:
            made = make(context, name, period, restated=restated.date() if restated else None, outside=outside)
        except NothingThereError as error:
            out.print(f"[yellow]–[/] {name}: {error}", soft_wrap=True)
            continue
        for item in made:
            out.print(f"[green]✓[/] {'，'.join(item.files)}", soft_wrap=True, highlight=False)
    out.print(f"目录页 {write_index(context)}", soft_wrap=True, highlight=False)
