"""``hedui batches``: where batches stand, and why."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import context_from_environment
from hedui.errors import HeduiError
from hedui.terminal import console

batches_app = typer.Typer(no_args_is_help=True, help="Batches: what was sent, what became of it. 批次。")
out = console()

SourceArgument = Annotated[str, typer.Argument(help="Source id. 来源")]
DayOption = Annotated[dt.datetime | None, typer.Option("--date", "-d", formats=["%Y-%m-%d"], help="Business date 业务日期.")]
StateOption = Annotated[str | None, typer.Option("--state", help="Only batches that stand there, for example rejected. 状态")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON lines.")]


@batches_app.command("list")
def batches_list(source: SourceArgument, date: DayOption = None, state: StateOption = None, as_json: JsonOption = False) -> None:
    """List a source's batches with where each stands. 列出批次及现状。"""
    from hedui.batches.events import EVENTS, events_of, latest

    context = context_from_environment()
    if state is not None and state not in EVENTS:
        raise HeduiError(f'There is no state "{state}"; choose one of {", ".join(EVENTS)}.')
    rows = [
        event
        for event in latest(events_of(context, context.site.source(source)).values())
        if (date is None or event.belongs == date.date()) and (state is None or event.event == state)
    ]
    if as_json:
        for event in rows:
            print(json.dumps(event.__dict__, ensure_ascii=False, default=str))
        return
    table = Table("批次", "归属日期", "现状", "自", "记录数", box=None)
    for event in rows:
        count = "" if event.rows is None else f"{event.rows:,}"
        table.add_row(event.batch, event.belongs.isoformat(), EVENTS[event.event], event.date.isoformat(), count)
    out.print(table)


@batches_app.command("show")
def batches_show(source: SourceArgument, batch: str, as_json: JsonOption = False) -> None:
    """Show a batch's life: every event in order. 显示一个批次的全过程。"""
    from hedui.batches.events import EVENTS, events_of

    context = context_from_environment()
    life = events_of(context, context.site.source(source)).get(batch)
    if life is None:
        raise HeduiError(f'Source {source} has no batch "{batch}"; `hedui batches list {source}` lists them.')
    if as_json:
        for event in life:
            print(json.dumps(event.__dict__, ensure_ascii=False, default=str))
        return
    table = Table("业务日期", "事件", box=None)
    table.add_column("文件", no_wrap=True)  # a name that is broken or cut cannot be searched for
    table.add_column("记录数")
    table.add_column("详情", overflow="fold")
    for event in life:
        detail = json.dumps(event.detail, ensure_ascii=False) if event.detail else ""
        count = "" if event.rows is None else f"{event.rows:,}"
        table.add_row(event.date.isoformat(), EVENTS[event.event], event.name or "", count, detail)
    out.print(table)


@batches_app.command("explain")
def batches_explain(source: SourceArgument, batch: str) -> None:
    """Say what is wrong with a batch, and what puts it right. 说明批次的问题和处理办法。"""
    from hedui.batches.explain import explain

    context = context_from_environment()
    for line in explain(context, context.site.source(source), batch):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
