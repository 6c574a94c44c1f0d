"""``hedui padis``: where the upload stands, its steps by hand, what people decide, and the reference server."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import socket
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hedui.terminal import console

padis_app = typer.Typer(no_args_is_help=True, help="Births and fertility registrations to PADIS. 出生与生育登记上报。")
out = console()

SiteOption = Annotated[Path, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")]
DateOption = Annotated[dt.datetime, typer.Option("--date", "-d", formats=["%Y-%m-%d"], help="Business date 业务日期, YYYY-MM-DD.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why. 理由")]


class KindName(StrEnum):
    """Kinds of records."""

    birth = "birth"
    registration = "registration"


class Result(StrEnum):
    """Results of a batch that a person may enter."""

    accepted = "accepted"
    rejected = "rejected"
    partial = "partial"
    pending = "pending"
    resend = "resend"


class Way(StrEnum):
    """Where a parked batch goes."""

    send = "send"
    ask = "ask"


def _office(site: Path) -> Any:
    from hedui.context import context_from_environment
    from hedui.padis.office import open_office

    return open_office(context_from_environment(), site, operator=getpass.getuser())


@padis_app.command("check")
def check(site: SiteOption) -> None:
    """Check padis.yaml and its profile. 检查上报配置。"""
    from hedui.padis.errors import PadisError
    from hedui.site.padis import FILE, load_padis

    found = load_padis(site)
    if found is None:
        raise PadisError(f"The site {site.name} has no {FILE}; see docs/padis.md.")
    profile = found.profile
    out.print(f"[green]✓[/] {profile.id} {profile.title}", highlight=False)
    if not profile.official:
        out.print("[yellow]该配置不是国家或对方正式发布的格式；上线前须按对方规范替换，见 docs/padis.md[/]")
    for name, record in profile.records.items():
        out.print(f"{name}：{len(record.fields)} 个字段，{profile.envelope.type}，{profile.transport.type}", highlight=False)


@padis_app.command("status")
def status(site: SiteOption) -> None:
    """Records by kind, month and state. 上报现状。"""
    from hedui.padis.fields import kinds
    from hedui.padis.model import STATE_LABELS
    from hedui.padis.standing import counts

    grid = Table("类别", "月份", "状态", "记录数", box=None)
    for row in counts(_office(site)):
        grid.add_row(kinds()[row["kind"]].label, row["period"], STATE_LABELS[row["state"]], f"{row['rows']:,}")
    out.print(grid)


@padis_app.command("batches")
def batches(site: SiteOption, every: Annotated[bool, typer.Option("--all", help="Settled ones too. 含已办结")] = False) -> None:
    """List batches. 批次。"""
    from hedui.padis.batches import open_batches
    from hedui.padis.model import OPEN_BATCH, STATE_LABELS, BatchState

    grid = Table("批次", "文件", "记录数", "状态", "发送次数", "下一步不早于", box=None)
    for batch in open_batches(_office(site), *(BatchState if every else OPEN_BATCH)):
        later = batch.next_at.isoformat(timespec="minutes") if batch.next_at else ""
        grid.add_row(batch.id, batch.name, str(batch.rows), STATE_LABELS[batch.state], str(batch.tries), later)
    out.print(grid)


@padis_app.command("refused")
def refused(site: SiteOption) -> None:
    """List records that wait for a correction, masked. 被拒与待更正记录。"""
    from hedui.padis.fields import kinds
    from hedui.padis.names import masked_key
    from hedui.padis.standing import refused as waiting

    grid = Table("编号", "类别", "业务编号", "月份", "批次", "行", "原因", box=None)
    for one in waiting(_office(site)):
        line = str(one.line or "")
        grid.add_row(
            *(str(one.id), kinds()[one.kind].label, masked_key(one.kind, one.business_key), one.period),
            *(one.batch or "", line, "；".join(one.reasons)),
        )
    out.print(grid)


@padis_app.command("package")
def package(
    site: SiteOption, kind: KindName, date: DateOption, period: Annotated[str, typer.Option(help="YYYYMM. 月份")] = ""
) -> None:
    """Judge and pack what waits. 校验并打包。"""
    from hedui.context import context_from_environment
    from hedui.padis import steps

    context = context_from_environment()
    for summary in (
        steps.check(context, site, kind.value, date=date.date()),
        steps.package(context, site, kind.value, date=date.date(), period=period),
    ):
        out.print(f"{summary.step} {summary.counts}", highlight=False)


@padis_app.command("upload")
def upload(site: SiteOption, date: DateOption) -> None:
    """Send, ask and take receipts once, as far as may be done now. 上报一轮。"""
    from hedui.context import context_from_environment
    from hedui.padis import steps

    summary = steps.upload(context_from_environment(), site, date=date.date(), operator=getpass.getuser())
    out.print(f"{summary.counts}", highlight=False)


@padis_app.command("receipt")
def receipt(
    site: SiteOption,
    batch: str,
    result: Result,
    line: Annotated[list[str] | None, typer.Option(help="A refused record: LINE=REASON; may be repeated. 行号=原因")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the batch. 原因")] = "",
) -> None:
    """Enter a receipt that was read elsewhere. 录入回执。"""
    from hedui.padis.errors import PadisError
    from hedui.padis.people import enter
    from hedui.padis.receipts import LineVerdict

    lines = []
    for text in line or []:
        number, _, why = text.partition("=")
        if not number.isdecimal():
            raise PadisError(f'--line takes LINE=REASON, found "{text[:40]}".')
        lines.append(LineVerdict(line=int(number), key="", business_key="", status="rejected", code="", reason=why))
    outcome = enter(_office(site), batch, status=result.value, lines=lines, reason=reason)
    out.print(f"[green]✓[/] {batch}：{outcome}", highlight=False)


@padis_app.command("resubmit")
def resubmit(site: SiteOption, record: int, reason: ReasonOption) -> None:
    """Send a refused record up again as it is. 重新上报。"""
    from hedui.padis.people import resubmit as again

    again(_office(site), record, reason=reason)
    out.print(f"[green]✓[/] {record}", highlight=False)


@padis_app.command("release")
def release(site: SiteOption, batch: str, to: Way, reason: ReasonOption) -> None:
    """Let a parked batch go on. 放行挂起批次。"""
    from hedui.padis.people import release as let_go

    let_go(_office(site), batch, to=to.value, reason=reason)
    out.print(f"[green]✓[/] {batch}", highlight=False)


@padis_app.command("close")
def close(site: SiteOption, kind: KindName, period: str) -> None:
    """Close a month. 月结。"""
    from hedui.padis.people import close_month

    out.print(f"[green]✓[/] {kind.value} {period} {close_month(_office(site), kind.value, period)}", highlight=False)


@padis_app.command("table")
def table(site: SiteOption, period: str, date: DateOption) -> None:
    """Make the monthly table of births; refused where details and acknowledged upload differ. 出生月报表。"""
    from hedui.context import context_from_environment
    from hedui.padis.errors import PadisError
    from hedui.padis.steps import monthly_tables

    summary = monthly_tables(context_from_environment(), site, period=period, date=date.date(), operator=getpass.getuser())
    for path in summary.paths.values():
        out.print(path, highlight=False, soft_wrap=True)
    if summary.counts.get("refused"):
        raise PadisError(f"{summary.counts['refused']} tables are refused: {summary.counts}; the workbook lists the cells.")


@padis_app.command("report")
def report(site: SiteOption, period: str) -> None:
    """Make the workbook of a month's upload. 上报月报。"""
    from hedui.padis.month_report import write_month_report

    office = _office(site)
    out.print(str(write_month_report(office, period, office.context.reports / "padis" / period)), highlight=False, soft_wrap=True)


@padis_app.command("certificates")
def certificates(site: SiteOption, file: Path, year: int) -> None:
    """Check the yearly stock of birth certificates. 出生医学证明年度核销。"""
    from hedui.context import context_from_environment
    from hedui.padis.certificates import read_stock, write_stock

    context = context_from_environment()
    stocks = read_stock(file, year)
    path = write_stock(stocks, context.reports / "padis" / str(year), year=year, organisation=context.site.name)
    out.print(f"{sum(bool(one.problems) for one in stocks)} / {len(stocks)} 不平：{path}", highlight=False, soft_wrap=True)


@padis_app.command("floating")
def floating(site: SiteOption, date: DateOption) -> None:
    """Compare the floating population with health records. 流动人口与健康档案比对。"""
    from hedui.context import context_from_environment
    from hedui.exchange.floating import write_comparison

    context = context_from_environment()
    out.print(str(write_comparison(context, context.reports / "exchange", date=date.date())), highlight=False, soft_wrap=True)


@padis_app.command("mock")
def mock(
    profile: Annotated[Path | None, typer.Option(help="Profile YAML; default: the reference profile. 配置")] = None,
    store: Annotated[Path, typer.Option(help="Where it keeps what it took (SQLite). 存储")] = Path("padis-mock.db"),
    port: Annotated[int, typer.Option(help="Port on this machine; 0: any. 端口")] = 8650,
    host: Annotated[str, typer.Option(help="Address to listen at; in a container 0.0.0.0. 监听地址")] = "127.0.0.1",
    fault: Annotated[list[str] | None, typer.Option(help="A fault by chance: NAME=SHARE; may be repeated. 故障=占比")] = None,
    refuse: Annotated[float, typer.Option(min=0, max=1, help="Share of records refused by line. 逐条拒收占比")] = 0,
    seed: Annotated[int, typer.Option(help="Start of chance. 随机种子")] = 0,
    plan: Annotated[
        Path | None, typer.Option(help="Records to refuse or to have had: the demo's padis_plan.json. 预定结果")
    ] = None,
    hold: Annotated[float, typer.Option(help="Seconds that a timeout holds the answer. 超时秒数")] = 5,
) -> None:
    """Run the reference PADIS server on this machine; for rehearsals, never for real data. 模拟对方服务。"""
    import uvicorn

    from hedui.padis.errors import PadisError
    from hedui.padis.mock.desk import Desk
    from hedui.padis.mock.faults import FAULTS, Faults
    from hedui.padis.mock.server import application
    from hedui.site.padis import SHIPPED, load_profile

    shares: dict[str, float] = {}
    for text in fault or []:
        name, _, share = text.partition("=")
        if name not in FAULTS:
            raise PadisError(f'There is no fault "{name}"; there are {", ".join(FAULTS)}.')
        shares[name] = float(share or 1)
    told = json.loads(plan.read_text("utf-8")) if plan else {"refused": {}, "had": []}
    faults = Faults(shares=shares, refuse=refuse, seed=seed, hold=hold, wrong=told["refused"], had=frozenset(told["had"]))
    desk = Desk(store, load_profile(profile or SHIPPED / "reference.yaml"), faults)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
        url = f"http://{host}:{listener.getsockname()[1]}"
        server = application(desk, started=lambda: print(url, flush=True))
        config = uvicorn.Config(server, log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])
