"""``hedui audit``: reads and proves the audit chain."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import connection_from_environment
from hedui.terminal import console

audit_app = typer.Typer(no_args_is_help=True, help="The audit chain: who decided or did what. 审计链。")
out = console()

BROKEN = 1


@audit_app.command("list")
def list_entries(
    since: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on. 起始日期")] = None,
    action: Annotated[list[str] | None, typer.Option(help="Only these actions, for example exemption.add. 操作")] = None,
) -> None:
    """List what was done. 查看。"""
    from hedui.audit import ACTIONS, entries

    table = Table("序号", "时间", "操作人", "操作", "对象", "内容", box=None)
    for entry in entries(
        connection_from_environment("hedui_ledger"), since=since.astimezone() if since else None, actions=action or ()
    ):
        done = ACTIONS.get(entry.action, entry.action)
        details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True)
        table.add_row(str(entry.number), f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}", entry.actor, done, entry.subject, details)
    out.print(table)


@audit_app.command("verify")
def verify_chain(
    head: Annotated[str | None, typer.Option(help="A digest kept elsewhere; the chain must have it. 留存的摘要")] = None,
) -> None:
    """Prove that nothing was changed, removed or slipped in; exit code 1 where it was. 核验。"""
    from hedui.audit import verify

    verdict = verify(connection_from_environment("hedui_ledger"), known=head)
    if verdict.broken is not None:
        out.print(f"[red]✗[/] 第 {verdict.broken} 条起不可信：{verdict.reason}（此前 {verdict.entries:,} 条完好）")
        raise typer.Exit(BROKEN)
    out.print(f"[green]✓[/] {verdict.entries:,} 条，逐条相扣；末条摘要 {verdict.head}", soft_wrap=True)
