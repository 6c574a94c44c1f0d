"""``hedui exemptions``: decisions that cases need no action until a date: enter, list, withdraw, see which end soon."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import context_from_environment
from hedui.terminal import console

exemptions_app = typer.Typer(no_args_is_help=True, help="Exemptions: known and accepted deviations, with an expiry. 豁免。")
out = console()

DayOption = Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD.")]


@exemptions_app.command("add")
def add(
    reason: Annotated[str, typer.Option(help="Why no action is needed. 理由")],
    approver: Annotated[str, typer.Option(help="Who decided. 批准人")],
    valid_from: DayOption,
    expires_on: DayOption,
    case: Annotated[str | None, typer.Option(help="One case: its token in the workbook. 案件代号")] = None,
    rule_id: Annotated[str | None, typer.Option("--rule", help="All cases of a rule, narrowed by the next two. 规则")] = None,
    region: Annotated[str | None, typer.Option(help="Region code. 行政区划")] = None,
    agency: Annotated[str | None, typer.Option(help="Responsible agency. 责任机构")] = None,
) -> None:
    """Enter an exemption; matching cases stay visible and are counted apart. 登记豁免。"""
    from hedui.cases.exemptions import NewExemption, add_exemption
    from hedui.cases.tokens import case_of_token

    context = context_from_environment()
    number = add_exemption(
        context,
        NewExemption(
            reason=reason,
            approver=approver,
            created_by=getpass.getuser(),
            valid_from=valid_from.date(),
            expires_on=expires_on.date(),
            fingerprint=case_of_token(context, case) if case else None,
            rule=rule_id,
            region=region,
            agency=agency,
        ),
    )
    out.print(f"[green]✓[/] 豁免 {number}，有效期 {valid_from:%Y-%m-%d} 至 {expires_on:%Y-%m-%d}")


@exemptions_app.command("withdraw")
def withdraw(number: int, on: DayOption, reason: Annotated[str, typer.Option(help="Why it no longer counts. 理由")]) -> None:
    """End an exemption from a business date on; the row stays. 撤销豁免。"""
    from hedui.cases.exemptions import withdraw_exemption

    withdraw_exemption(context_from_environment(), number, on=on.date(), by=getpass.getuser(), reason=reason)
    out.print(f"[green]✓[/] 豁免 {number} 自 {on:%Y-%m-%d} 起撤销")


@exemptions_app.command("list")
def list_all(
    at: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only those that count then. 业务日期")] = None,
    ending_within: Annotated[
        int | None, typer.Option(min=0, help="Only those that count on the date (default: today) and end within so many days. 天数")
    ] = None,
) -> None:
    """List exemptions, with the days that are left. 查看豁免；--ending-within 列出即将到期的。"""
    from hedui.cases.exemptions import list_exemptions

    day = at.date() if at else dt.date.today()
    rows = list_exemptions(context_from_environment(), at=day if at or ending_within is not None else None)
    if ending_within is not None:
        rows = [row for row in rows if (row.expires_on - day).days <= ending_within]
    table = Table("编号", "规则", "行政区划", "责任机构", "理由", "批准人", "起", "止", "剩余天数", "撤销", box=None)
    for row in rows:
        left = (row.expires_on - day).days
        counts = row.withdrawn_on is None and row.valid_from <= day
        values = (row.id, row.rule or "单个案件", row.region, row.agency, row.reason, row.approver, row.valid_from, row.expires_on)
        rest = ("已到期" if left < 0 else left) if counts else None
        table.add_row(*("" if value is None else str(value) for value in (*values, rest, row.withdrawn_on)))
    out.print(table if rows else "没有符合条件的豁免")
