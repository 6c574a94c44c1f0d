"""``hedui bundle rehearse|execute|dispatch|receipt|rollback|void``: what the DAG does, by hand. Decisions are taken in Airflow."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from hedui.errors import HeduiError
from hedui.terminal import console

out = console()
CARRIED: Final = {"rows": "影响行数", "already": "此前已执行", "file": "上报文件", "size": "字节数", "due": "回执期限"}
"""Figures of an execution or a dispatch, as people read them."""
CHANNELS: Final = {"file": "文件", "form": "登记"}

BundleArgument = Annotated[str, typer.Argument(help="The bundle's id. 方案编号")]


def add_commands(app: typer.Typer) -> None:
    """Adds the commands to ``hedui bundle``."""
    for name, command in (
        ("rehearse", rehearse),
        ("execute", execute),
        ("dispatch", dispatch),
        ("receipt", receipt),
        ("rollback", rollback),
        ("void", void),
    ):
        app.command(name)(command)


def say(text: str) -> None:
    """Prints a line as it is: reasons and receipts are other people's words and may hold what Rich takes for markup."""
    out.print(Text(text))


def add_row(table: Table, *values: str) -> None:
    """Adds a row to a table, each value as it is; see :func:`say`."""
    table.add_row(*map(Text, values))


def _context() -> Any:
    from hedui.context import context_from_environment

    return context_from_environment()


def _done(bundle_id: str) -> None:
    from hedui.corrections.ledger import read_bundle

    bundle = read_bundle(_context(), bundle_id)
    say(f"{bundle.id}：{bundle.label}")
    if bundle.note:
        say(f"  {bundle.note}")


def rehearse(bundle: BundleArgument) -> None:
    """Freeze a draft and rehearse it on a copy. 冻结并演练。"""
    from hedui.corrections.flow import prepare
    from hedui.corrections.signed import rehearsal_lines

    for label, figure in rehearsal_lines(prepare(_context(), bundle)):
        say(f"{label}：{figure}")
    _done(bundle)


def _carry_out(bundle_id: str, *, mode: str) -> None:
    from hedui.corrections.flow import carry_out
    from hedui.corrections.ledger import check_four_eyes, read_bundle
    from hedui.corrections.states import Act
    from hedui.ledger.database import begin

    context = _context()
    known = read_bundle(context, bundle_id)
    if known.mode != mode:
        raise HeduiError(f"Bundle {bundle_id} is for {known.target}, whose mode is {known.mode}; use `hedui bundle {known.mode}`.")
    with begin(context.ledger_url) as connection:  # the one at the keyboard counts too, not only the account it is booked to
        check_four_eyes(connection, bundle_id, Act.EXECUTE, getpass.getuser())
    for name, value in carry_out(context, bundle_id).items():
        say(f"{CARRIED.get(name, name)}：{'是' if value is True else '否' if value is False else value}")
    _done(bundle_id)


def execute(bundle: BundleArgument) -> None:
    """Execute an approved bundle in one transaction; again changes nothing. 执行。"""
    _carry_out(bundle, mode="execute")


def dispatch(bundle: BundleArgument) -> None:
    """Pack and sign an approved bundle and put it into the outbox; again changes nothing. 上报。"""
    _carry_out(bundle, mode="dispatch")


def receipt(
    bundle: BundleArgument,
    result: Annotated[
        str | None, typer.Option(help="accepted, executed, partly or refused, of a receipt on paper. 受理、执行、部分执行、退回")
    ] = None,
    number: Annotated[str, typer.Option(help="The receipt's number. 回执编号")] = "",
    issuer: Annotated[str, typer.Option(help="Who issued it. 出具单位")] = "",
    document: Annotated[str, typer.Option(help="Number of the letter. 来文号")] = "",
    issued: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When it was issued. 出具日期")] = None,
    row: Annotated[list[str] | None, typer.Option(help="A refused row as NUMBER=REASON; may be repeated. 退回行=原因")] = None,
    note: Annotated[str, typer.Option(help="Remark; why, where all is refused. 说明")] = "",
) -> None:
    """Read the receipts that have come, or enter one from paper; then show them all. 回执。"""
    from hedui.corrections.dispatch.follow import enter, may_enter
    from hedui.corrections.dispatch.judge import VERDICT_LABELS
    from hedui.corrections.dispatch.send import today
    from hedui.corrections.flow import receipts
    from hedui.corrections.frozen import frozen_bundle

    context = _context()
    if result is None:
        receipts(context, bundle)
    else:
        form = {"number": number, "result": result, "issuer": issuer, "note": note, "rows": [_row(text) for text in row or ()]}
        form["issued_at"] = (issued or dt.datetime.now()).astimezone().isoformat()
        _, frozen = frozen_bundle(context, bundle)
        may_enter(frozen.plan.target, getpass.getuser())
        ruling = enter(context, frozen, form, document=document, actor=getpass.getuser(), today=today(context))
        say(f"{VERDICT_LABELS[ruling.verdict]} {ruling.reason}")
    _show_receipts(context, bundle)
    _done(bundle)


def _row(text: str) -> dict[str, Any]:
    number, equals, reason = text.partition("=")
    if not equals or not number.strip().isdecimal():
        raise HeduiError(f"--row {text[:20]!r} is not NUMBER=REASON, for example 3=缺少档案依据.")
    return {"number": int(number), "reason": reason}


def _show_receipts(context: Any, bundle_id: str) -> None:
    from hedui.corrections.dispatch import book
    from hedui.corrections.dispatch.judge import VERDICT_LABELS, Verdict
    from hedui.corrections.dispatch.receipts import RESULT_LABELS, Result
    from hedui.ledger.database import begin

    with begin(context.ledger_url) as connection:
        rows = book.receipt_rows(connection, bundle_id)
    table = Table("收到时间", "渠道", "名称", "结果", "退回行", "认定", "说明", box=None)
    for row in rows:
        content = row.content or {}
        said = RESULT_LABELS[Result(content["result"])] if content else "—"
        refused = "、".join(str(item["number"]) for item in content.get("rows", []))
        late = "（逾期）" if row.late else ""
        at = f"{row.received_at.astimezone():%Y-%m-%d %H:%M}"
        verdict = VERDICT_LABELS[Verdict(row.verdict)] + late
        add_row(table, at, CHANNELS.get(row.channel, row.channel), row.name, said, refused, verdict, row.reason)
    out.print(table)


def rollback(
    bundle: BundleArgument,
    reason: Annotated[str, typer.Option(help="Why. 理由")] = "",
) -> None:
    """Ask for an executed bundle to be put back; once that is approved in Airflow, put it back. 回退。"""
    from hedui.corrections.flow import carry_out, request_rollback
    from hedui.corrections.ledger import check_four_eyes, read_bundle
    from hedui.corrections.states import Act, State
    from hedui.ledger.database import begin

    context = _context()
    if read_bundle(context, bundle).state is State.ROLLBACK_APPROVED:
        with begin(context.ledger_url) as connection:
            check_four_eyes(connection, bundle, Act.ROLLBACK_EXECUTE, getpass.getuser())
        carry_out(context, bundle)
    elif not reason.strip():
        raise HeduiError(f"Putting {bundle} back needs a reason and an approval of its own; add --reason.")
    else:
        request_rollback(context, bundle, actor=getpass.getuser(), reason=reason)
        say("请在 Airflow 运行“数据修正”，“回退方案”填本方案编号，由有权人员审批。")
    _done(bundle)


def void(
    bundle: BundleArgument,
    reason: Annotated[str, typer.Option(help="Why. 理由")],
) -> None:
    """Give up a bundle that was not executed; its cases are open again. 作废。"""
    from hedui.corrections.flow import void as give_up

    give_up(_context(), bundle, actor=getpass.getuser(), reason=reason)
    _done(bundle)
