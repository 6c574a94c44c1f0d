"""Sends batches and asks for those whose fate is unknown.

A send is written down before the first byte leaves. What follows is one of three: certainly not delivered (the same bytes go again after
a pause), answered (the receipt is stored, then the state moves), or unknown. What is unknown is asked for; only the receiver's own word
that it has never seen the batch, given some time after the send, lets it go again. A process that dies in between leaves a send without
an end, which is unknown.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, text

from hedui.ledger.database import begin
from hedui.padis import batches
from hedui.padis.batches import Batch
from hedui.padis.errors import DeliveryError, NameTakenError, NotDeliveredError, UnansweredError
from hedui.padis.inbound import settle, store
from hedui.padis.model import OPEN_BATCH, BatchState
from hedui.padis.office import Office

Work = Literal["send", "ask"]
MINUTE: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a step did with a batch.

    Attributes:
        batch: Number.
        state: Where it stands now.
        done: Whether something was done; otherwise ``reason`` says why not.
        reason: In Chinese, without personal data.
        wait_until: From when on the step may be tried again.
    """

    batch: str
    state: BatchState
    done: bool
    reason: str = ""
    wait_until: dt.datetime | None = None


def due(office: Office) -> list[tuple[str, Work]]:
    """What may be done now, the oldest first: batches to send, and batches to ask for."""
    now = office.clock()
    found: list[tuple[str, Work]] = []
    for batch in batches.open_batches(office, *(state for state in OPEN_BATCH if state != BatchState.PARKED)):
        if batch.next_at is None or batch.next_at <= now:
            found.append((batch.id, "send" if batch.state == BatchState.PACKED else "ask"))
    return found


def send(office: Office, batch: str) -> Outcome:
    """Sends a batch that is packed; any other is left alone.

    Raises:
        PadisError: There is no such batch, or the profile does not fit the receiver.
    """
    with office.holding(batch) as held:
        if not held:
            return _left(batches.read(office, batch), "另一任务正在处理该批次")
        with begin(office.ledger) as connection:
            before = batches.load(connection, batch, lock=True)
            refusal = _refusal(connection, office, before)
            if refusal is not None:
                return refusal
            current = batches.move(connection, office, before, BatchState.SENDING, "sending", tries=before.tries + 1, asks=0)
        return _deliver(office, current)


def _refusal(connection: Connection, office: Office, batch: Batch) -> Outcome | None:
    """Why the batch does not go now."""
    now, retry = office.clock(), office.profile.retry
    if batch.state == BatchState.SENDING:  # whoever sent it is dead: the lock is ours
        moved = batches.move(connection, office, batch, BatchState.UNKNOWN, "abandoned", after=retry.query_after_seconds)
        return _left(moved, "上次发送中断，结果不明，先查询")
    if batch.state != BatchState.PACKED:
        return _left(batch, "不在待发状态")
    if batch.tries >= retry.tries:
        return _left(batches.move(connection, office, batch, BatchState.PARKED, "parked"), "发送次数已满，转人工")
    if batch.next_at is not None and batch.next_at > now:
        return _left(batch, "未到重试时间", batch.next_at)
    opens = opening(office, now)
    if opens > now:
        return _left(batch, "不在对方受理时间", opens)
    frees = _throttle(connection, office, now)
    return _left(batch, "已达每分钟上限", frees) if frees is not None else None


def opening(office: Office, moment: dt.datetime) -> dt.datetime:
    """The moment, where the receiver's hours allow it; else when they begin next."""
    hours = office.profile.hours
    local = moment.astimezone(office.zone)

    def works(day: dt.date) -> bool:
        return not hours.workdays or office.context.workdays.is_workday(day)

    if works(local.date()) and hours.begins <= local.time() <= hours.ends:
        return moment
    day = local.date() if local.time() < hours.begins else local.date() + dt.timedelta(days=1)
    while not works(day):
        day += dt.timedelta(days=1)
    return dt.datetime.combine(day, hours.begins, office.zone)


def _throttle(connection: Connection, office: Office, now: dt.datetime) -> dt.datetime | None:
    """When the next send is allowed, where the last minute has had its share; all processes count."""
    most = office.profile.per_minute
    if most is None:
        return None
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": 0x7061646903})
    query = "SELECT at FROM hedui.padis_event WHERE event = 'sending' AND at > :since ORDER BY at DESC LIMIT :most"
    sent = connection.execute(text(query), {"since": now - MINUTE, "most": most}).scalars().all()
    return sent[-1] + MINUTE if len(sent) >= most else None


def _deliver(office: Office, batch: Batch) -> Outcome:
    retry = office.profile.retry
    try:
        body = office.transport().send(batches.parcel(office, batch.id))
    except NotDeliveredError as error:
        return _again(office, batch, "not_delivered", error)
    except UnansweredError as error:
        return _unknown(office, batch, "unanswered", str(error), retry.query_after_seconds)
    except NameTakenError as error:
        return _parked(office, batch, "name_taken", "同名文件已存在且内容不同，转人工核实", said=str(error))
    if body is None:
        return _waiting(office, batch.id, "sent")
    return _answered(office, batch.id, body, way="answer")


def _again(office: Office, batch: Batch, event: str, error: DeliveryError | None = None) -> Outcome:
    """The same bytes may go again after a pause; when the tries are used up, a person looks."""
    retry = office.profile.retry
    pause = min(retry.pause_seconds * retry.factor ** max(batch.tries - 1, 0), retry.most_seconds)
    pause = max(pause, (error.wait if error else None) or 0)
    parked = batch.tries >= retry.tries
    with begin(office.ledger) as connection:
        current = batches.load(connection, batch.id, lock=True)
        if current.state not in (BatchState.SENDING, BatchState.QUERY):  # a receipt came meanwhile
            return _left(current, "期间已收到回执")
        state = BatchState.PARKED if parked else BatchState.PACKED
        moved = batches.move(connection, office, current, state, event, after=None if parked else pause, said=str(error or ""))
    reason = "发送次数已满，转人工" if parked else "没有送达，稍后重发"
    return Outcome(batch=batch.id, state=moved.state, done=True, reason=reason, wait_until=moved.next_at)


def _waiting(office: Office, batch: str, event: str) -> Outcome:
    with begin(office.ledger) as connection:
        current = batches.load(connection, batch, lock=True)
        if current.state not in (BatchState.SENDING, BatchState.QUERY):
            return _left(current, "期间已收到回执")
        seconds = office.profile.retry.receipt_hours * 3600
        if event == "pending":
            seconds = min(seconds, _ask_pause(office, current))
        moved = batches.move(connection, office, current, BatchState.SENT, event, after=seconds)
    return Outcome(batch=batch, state=moved.state, done=True, reason="已送达，等待回执", wait_until=moved.next_at)


def _answered(office: Office, batch: str, body: bytes, *, way: Literal["answer", "query"]) -> Outcome:
    receipt = store(office, way=way, name="", content=body, batch=batch)
    settle(office, receipt)
    moved = batches.read(office, batch)
    if moved.state in (BatchState.SENDING, BatchState.QUERY):  # the receipt does not speak of this batch, or cannot be read
        with begin(office.ledger) as connection:
            current = batches.load(connection, batch, lock=True)
            if current.state == moved.state:
                after = _ask_pause(office, current)
                moved = batches.move(connection, office, current, BatchState.UNKNOWN, "unreadable", after=after, receipt=receipt)
    return Outcome(batch=batch, state=moved.state, done=True, reason="已收到回执", wait_until=moved.next_at)


def ask(office: Office, batch: str) -> Outcome:
    """Asks the receiver what became of a batch that is out: sent without receipt, unknown, or left by a process that died.

    Raises:
        PadisError: There is no such batch, or the profile does not fit the receiver.
    """
    with office.holding(batch) as held:
        if not held:
            return _left(batches.read(office, batch), "另一任务正在处理该批次")
        with begin(office.ledger) as connection:
            before = batches.load(connection, batch, lock=True)
            if before.state == BatchState.SENDING:
                after = office.profile.retry.query_after_seconds
                return _left(batches.move(connection, office, before, BatchState.UNKNOWN, "abandoned", after=after), "上次发送中断")
            if before.state not in (BatchState.SENT, BatchState.UNKNOWN, BatchState.QUERY):
                return _left(before, "不在可查询状态")
            if before.next_at is not None and before.next_at > office.clock():
                return _left(before, "未到查询时间", before.next_at)
            current = batches.move(connection, office, before, BatchState.QUERY, "query", asks=before.asks + 1)
        return _asked(office, current)


def _asked(office: Office, batch: Batch) -> Outcome:
    try:
        found = office.transport().ask(batches.parcel(office, batch.id))
    except DeliveryError as error:
        return _unknown(office, batch, "query_failed", str(error), _ask_pause(office, batch, error.wait))
    except NameTakenError as error:
        return _parked(office, batch, "name_taken", "同名文件已存在且内容不同，转人工核实", said=str(error))
    if found.state == "answered":
        return _answered(office, batch.id, found.body, way="query")
    if found.state == "pending":
        return _waiting(office, batch.id, "pending")
    if found.state == "absent":
        return _again(office, batch, "absent")
    return _parked(office, batch, "cannot_ask", "无法查询，转人工核实")


def _parked(office: Office, batch: Batch, event: str, reason: str, *, said: str = "") -> Outcome:
    """No program can tell what became of the batch: a person has to find out."""
    with begin(office.ledger) as connection:
        current = batches.load(connection, batch.id, lock=True)
        if current.state not in (BatchState.SENDING, BatchState.QUERY):
            return _left(current, "期间已收到回执")
        moved = batches.move(connection, office, current, BatchState.PARKED, event, said=said)
    return Outcome(batch=batch.id, state=moved.state, done=True, reason=reason)


def _unknown(office: Office, batch: Batch, event: str, said: str, pause: float) -> Outcome:
    with begin(office.ledger) as connection:
        current = batches.load(connection, batch.id, lock=True)
        if current.state not in (BatchState.SENDING, BatchState.QUERY):
            return _left(current, "期间已收到回执")
        moved = batches.move(connection, office, current, BatchState.UNKNOWN, event, after=pause, said=said)
    return Outcome(batch=batch.id, state=moved.state, done=True, reason="结果不明，稍后查询", wait_until=moved.next_at)


def _ask_pause(office: Office, batch: Batch, wait: float | None = None) -> float:
    retry = office.profile.retry
    return max(min(retry.pause_seconds * retry.factor ** max(batch.asks - 1, 0), retry.most_seconds), wait or 0)


def _left(batch: Batch, reason: str, until: dt.datetime | None = None) -> Outcome:
    return Outcome(batch=batch.id, state=batch.state, done=False, reason=reason, wait_until=until)
