"""Who gets the files: e-mail with the summary in the body, group robots, SFTP; every hand-over is in the audit chain."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from hedui.audit import append
from hedui.context import Context
from hedui.corrections.dispatch.errors import DispatchConflictError
from hedui.corrections.dispatch.outbox import open_folder, put
from hedui.digests.files import file_digest
from hedui.errors import HeduiError
from hedui.ledger.database import begin
from hedui.notify import SMTP_CONNECTION, Notice, send_dingtalk, send_email, send_wecom
from hedui.site.corrections import Outbox
from hedui.site.statistics import Receiver
from hedui.sources.inbox import Place
from hedui.statistics.compute import settings_of
from hedui.statistics.errors import StatisticsError
from hedui.statistics.make import Made, wants
from hedui.statistics.periods import NAMES


def distribute(context: Context, made: Sequence[Made], *, actor: str) -> dict[str, int]:
    """Hands the files to the site's receivers.

    The entry in the audit chain and the hand-over stand or fall together; a receiver who cannot be reached does not keep the others
    waiting. A receiver outside gets editions that may leave the agency, and only those.

    Returns:
        How many files each receiver was given.

    Raises:
        StatisticsError: A receiver could not be reached; the others have theirs.
    """
    given: dict[str, int] = {}
    problems = []
    for receiver in settings_of(context).receivers:
        mine = [item for item in made if item.outside == receiver.outside and wants(receiver, item.report, item.period)]
        if not mine:
            continue
        try:
            given[receiver.id] = _hand_over(context, receiver, mine, actor=actor)
        except HeduiError as error:
            problems.append(f"{receiver.id}: {error}")
    if problems:
        raise StatisticsError("Some receivers did not get their files; run the task again. " + " ".join(problems))
    return given


def _hand_over(context: Context, receiver: Receiver, made: Sequence[Made], *, actor: str) -> int:
    files = [Path(path) for item in made for path in item.files]
    shown = sorted({f"{item.cycle}/{item.period.id}" for item in made})
    with begin(context.ledger_url) as connection:
        append(
            connection,
            actor=actor,
            action="statistics.send",
            subject=receiver.id,
            details={
                "way": receiver.way,
                "outside": receiver.outside,
                "periods": shown,
                "files": {path.name: file_digest(path) for path in files} if receiver.way in ("email", "sftp") else {},
                "reports": sorted({item.report for item in made}),
            },
        )
        _send(context, receiver, made, files)
    return len(files)


def _send(context: Context, receiver: Receiver, made: Sequence[Made], files: Sequence[Path]) -> None:
    message = notice(context, made)
    if receiver.way == "email":
        send_email(message, url=context.connection(SMTP_CONNECTION), recipients=receiver.to, attachments=files)
    elif receiver.way == "sftp":
        _put(context, receiver, made)
    else:
        send = send_dingtalk if receiver.way == "dingtalk" else send_wecom
        send(message, url=context.connection(receiver.connection or ""))


def notice(context: Context, made: Sequence[Made]) -> Notice:
    """The message: per report its period and headline figures."""
    periods = "、".join(dict.fromkeys(item.period.label for item in made))
    lines: list[str] = []
    for item in made:
        lines.append(f"{item.title}（{NAMES[item.cycle]}，{item.period.label}）")
        lines += [f"  {line}" for line in item.lines]
    return Notice(title=f"【{context.site.title}】统计报表：{periods}", lines=tuple(lines))


def _put(context: Context, receiver: Receiver, made: Sequence[Made]) -> None:
    """Puts the files into a folder per period; a file that is there with another content stays, the new one is called by its digest."""
    outbox = Outbox(url=receiver.folder or ".", receipts=".", connection=receiver.connection)
    with ExitStack() as stack:
        places: dict[str, Place] = {}
        for item in made:
            target = f"{receiver.folder}/{item.cycle}/{item.period.id}".strip("/")
            if target not in places:
                places[target] = stack.enter_context(open_folder(context, receiver.id, outbox, target))
            for path in map(Path, item.files):
                try:
                    put(places[target], path.name, path)
                except DispatchConflictError:
                    put(places[target], f"{path.stem}_{file_digest(path)[:8]}{path.suffix}", path)
