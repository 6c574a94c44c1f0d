"""Who gets the files: e-mail with the summary in the body, group robots, SFTP; every hand-over is in the audit chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from hedui.audit import LOCK_AUDIT, append
from hedui.context import Context
from hedui.corrections.dispatch.errors import DispatchConflictError
from hedui.corrections.dispatch.outbox import open_folder, put
from hedui.digests.files import file_digest
from hedui.errors import HeduiError
from hedui.ledger.database import begin
from hedui.ledger.models import AuditEntry
from hedui.notify import SMTP_CONNECTION, Notice, send_dingtalk, send_email, send_wecom
from hedui.site.corrections import Outbox
from hedui.site.statistics import Receiver
from hedui.sources.inbox import Place
from hedui.statistics.compute import settings_of
from hedui.statistics.errors import StatisticsError
from hedui.statistics.make import Made, wants
from hedui.statistics.periods import NAMES

BEGUN, SENT, FAILED = "statistics.begin", "statistics.send", "statistics.fail"
AGAIN: Final = "本次为重发：前一次发送未能确认送达，可能重复。"


def distribute(context: Context, made: Sequence[Made], *, actor: str) -> dict[str, int]:
    """Hands the files to the site's receivers.

    What is about to be handed over is in the audit chain first, and what came of it afterwards; nothing is locked in between. Called again
    by the same actor with the same files, those who have theirs are left alone; where nobody knows whether a message has gone out, it
    goes out again and says so. A receiver who cannot be reached does not keep the others waiting. A receiver outside gets editions
    that may leave the agency, and only those.

    Args:
        context: The step's context.
        made: The files.
        actor: Who: of a run its id, so that its repetitions are known.

    Returns:
        How many files each receiver was given this time.

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
    digests = {path.name: file_digest(path) for path in files}
    details = {
        "way": receiver.way,
        "outside": receiver.outside,
        "periods": sorted({f"{item.cycle}/{item.period.id}" for item in made}),
        "files": digests if receiver.way in ("email", "sftp") else {},
        "reports": sorted({item.report for item in made}),
        "content": hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest(),
    }
    before = _begin(context, receiver, details, actor=actor)
    if SENT in before:
        return 0
    try:
        _send(context, receiver, made, files, again=bool(before))
    except HeduiError as error:
        _note(context, receiver, FAILED, {**details, "error": type(error).__name__}, actor=actor)
        raise
    _note(context, receiver, SENT, {**details, "again": bool(before)}, actor=actor)
    return len(files)


def _begin(context: Context, receiver: Receiver, details: Mapping[str, Any], *, actor: str) -> set[str]:
    """Enters that the files are about to be handed over, unless they have been.

    Returns:
        What the actor has done with these files for this receiver before: actions of the audit chain.
    """
    query = select(AuditEntry.action).where(
        AuditEntry.action.in_((BEGUN, SENT, FAILED)),
        AuditEntry.actor == actor.strip(),
        AuditEntry.subject == receiver.id,
        AuditEntry.details["content"].astext == details["content"],
    )
    with begin(context.ledger_url, lock=LOCK_AUDIT) as connection:
        before = set(connection.scalars(query))
        if SENT not in before:
            append(connection, actor=actor, action=BEGUN, subject=receiver.id, details=details)
    return before


def _note(context: Context, receiver: Receiver, action: str, details: Mapping[str, Any], *, actor: str) -> None:
    with begin(context.ledger_url) as connection:
        append(connection, actor=actor, action=action, subject=receiver.id, details=details)


def _send(context: Context, receiver: Receiver, made: Sequence[Made], files: Sequence[Path], *, again: bool) -> None:
    message = notice(context, made, again=again)
    if receiver.way == "email":
        send_email(message, url=context.connection(SMTP_CONNECTION), recipients=receiver.to, attachments=files)
    elif receiver.way == "sftp":
        _put(context, receiver, made)
    else:
        send = send_dingtalk if receiver.way == "dingtalk" else send_wecom
        send(message, url=context.connection(receiver.connection or ""))


def notice(context: Context, made: Sequence[Made], *, again: bool = False) -> Notice:
    """The message: per report its period and headline figures; that it may have come before, where ``again``."""
    periods = "、".join(dict.fromkeys(item.period.label for item in made))
    lines = [AGAIN] if again else []
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
