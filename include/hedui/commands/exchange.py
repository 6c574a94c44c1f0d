"""``hedui assist``: requests for help and notices; ``hedui push``: what leaves for other agencies."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hedui.terminal import console

assist_app = typer.Typer(no_args_is_help=True, help="Requests for help and notices. 协查与通报。")
push_app = typer.Typer(no_args_is_help=True, help="Pushes to other agencies. 对外推送。")
out = console()

SiteOption = Annotated[Path, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")]
DateOption = Annotated[dt.datetime, typer.Option("--date", "-d", formats=["%Y-%m-%d"], help="Business date 业务日期, YYYY-MM-DD.")]


def _desk(site: Path) -> Any:
    from hedui.context import context_from_environment
    from hedui.exchange.assist.day import open_desk

    return open_desk(context_from_environment(), site, operator=getpass.getuser())


@assist_app.command("list")
def listed(site: SiteOption, every: Annotated[bool, typer.Option("--all", help="Closed ones too. 含已办结")] = False) -> None:
    """List requests and notices. 列出协查与通报。"""
    from hedui.exchange.assist import book
    from hedui.exchange.assist.model import DIRECTIONS, FORMS, LABELS, PAIRINGS, State

    states = () if every else tuple(state for state in State if state not in (State.CLOSED, State.CANCELLED))
    grid = Table("编号", "方向", "形式", "事项", "期限", "状态", "配对", box=None)
    for one in book.listed(_desk(site).ledger, *states):
        pairing = PAIRINGS.get(str(one.pairing.get("result", "")), "")
        grid.add_row(
            one.number, DIRECTIONS[one.direction], FORMS[one.form], one.topic, one.due.isoformat(), LABELS[one.state], pairing
        )
    out.print(grid)


@assist_app.command("open")
def opened(
    site: SiteOption,
    topic: Annotated[str, typer.Option(help="Topic's code. 事项代码")],
    to: Annotated[str, typer.Option(help="Receiver's region code. 接收地区划")],
    name: Annotated[str, typer.Option(prompt="姓名", help="Whom it is about. 姓名")],
    id_number: Annotated[str, typer.Option(prompt="证件号码", hide_input=True, help="Better left out: it is asked for. 证件号码")],
    content: Annotated[str, typer.Option(help="What is asked or told. 内容")] = "",
) -> None:
    """Open a request or notice; it goes out with the next run. 发起协查或通报。"""
    from hedui.exchange.assist.desk import open_out

    subject = {"name": name, "id_number": id_number}
    number = open_out(_desk(site), topic=topic, receiver=to, subject=subject, content=content, day=dt.date.today())
    out.print(f"[green]✓[/] {number}", highlight=False)


@assist_app.command("answer")
def answered(
    site: SiteOption,
    number: str,
    result: Annotated[str, typer.Option(help="1 属实, 2 不属实, 3 查无此人, 9 其他.")],
    said: Annotated[str, typer.Option(help="Explanation. 说明")] = "",
) -> None:
    """Answer a request that has come. 反馈协查。"""
    from hedui.exchange.assist.desk import answer

    answer(_desk(site), number, result=result, said=said, day=dt.date.today())
    out.print(f"[green]✓[/] {number}", highlight=False)


@assist_app.command("read")
def was_read(site: SiteOption, number: str) -> None:
    """Note that a notice was read. 登记通报已读。"""
    from hedui.exchange.assist.desk import read

    read(_desk(site), number, day=dt.date.today())
    out.print(f"[green]✓[/] {number}", highlight=False)


@assist_app.command("close")
def closed(
    site: SiteOption, number: str, reason: Annotated[str, typer.Option(help="Why, where unanswered. 撤回理由")] = ""
) -> None:
    """Close an answered request of ours, or withdraw it. 办结或撤回。"""
    from hedui.exchange.assist.desk import close

    close(_desk(site), number, reason=reason)
    out.print(f"[green]✓[/] {number}", highlight=False)


@assist_app.command("follow")
def followed(site: SiteOption, date: DateOption) -> None:
    """Take, pair, send and remind once. 办理一轮。"""
    from hedui.context import context_from_environment
    from hedui.exchange.assist.day import follow

    out.print(follow(context_from_environment(), site, date=date.date(), operator=getpass.getuser()), highlight=False)


@assist_app.command("report")
def reported(site: SiteOption, date: DateOption) -> None:
    """Write the workbook. 生成协查台账。"""
    from hedui.exchange.assist.report import write_book

    desk = _desk(site)
    out.print(str(write_book(desk, desk.context.reports / "assist", day=date.date())), highlight=False, soft_wrap=True)


@push_app.command("run")
def run(
    site: SiteOption, date: DateOption, push: Annotated[list[str] | None, typer.Argument(help="Which; none: all.")] = None
) -> None:
    """Take receipts and send what is new. 登记回执并推送。"""
    from hedui.context import context_from_environment
    from hedui.errors import HeduiError
    from hedui.exchange.pushing import push_out, take_receipts
    from hedui.regions.receiving import ReceiverCodes
    from hedui.site.pushes import FILE, load_pushes

    context, codes = context_from_environment(), ReceiverCodes(site)
    settings = load_pushes(site, context.site)
    if settings is None:
        raise HeduiError(f"The site {site.name} has no {FILE}; see docs/padis.md.")
    for one in settings.pushes:
        if push and one.id not in push:
            continue
        taken = take_receipts(context, one, operator=getpass.getuser())
        done = push_out(context, one, date=date.date(), codes=codes, operator=getpass.getuser())
        out.print(f"{one.name}：{done} {taken}", highlight=False)


@push_app.command("list")
def sent(site: SiteOption) -> None:
    """List what has left. 推送台账。"""
    from sqlalchemy import text

    from hedui.context import context_from_environment
    from hedui.exchange.pushing import STATE_LABELS
    from hedui.ledger.database import begin

    grid = Table("批次", "接收单位", "行数", "隐去", "状态", "摘要（SM3）", box=None)
    with begin(context_from_environment().ledger_url) as connection:
        query = "SELECT id, receiver, rows, suppressed, state, sm3 FROM hedui.push ORDER BY made_at DESC LIMIT 200"
        for row in connection.execute(text(query)):
            grid.add_row(row.id, row.receiver, f"{row.rows:,}", str(row.suppressed), STATE_LABELS[row.state], row.sm3)
    out.print(grid)
