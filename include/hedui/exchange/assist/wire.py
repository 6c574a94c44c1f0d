"""The files that carry requests, notices and answers. Their layout is ours: no public document describes the real one.

A file of each sender and day holds one kind of line: ``XC`` requests and notices, ``FK`` answers. Taking a file twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from hedui.exchange.assist import book
from hedui.exchange.assist.desk import Desk
from hedui.exchange.assist.model import RESULTS, Assist, AssistError, State
from hedui.ledger.database import begin
from hedui.padis.crypto import sha256
from hedui.padis.envelopes import read, write
from hedui.padis.errors import PackageError
from hedui.padis.packing import Parcel
from hedui.padis.transports.folder import FolderWay
from hedui.security.logs import scrub

REQUEST: Final = ("协查号", "类别", "事项", "发送地区划", "接收地区划", "姓名", "证件号码", "发出日期", "内容")
ANSWER: Final = ("协查号", "发送地区划", "接收地区划", "结果", "说明", "反馈日期")
FORMS: Final = {"request": "1", "notice": "2"}
NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""A number (协查号) goes into logs, messages and cases: one that holds anything else, an id number say, is not taken."""
PLACE: Final = re.compile(r"[1-9][0-9]{5}([0-9]{3}){0,2}")


def send(desk: Desk, *, day: dt.date) -> dict[str, int]:
    """Sends what waits: our requests and notices, and answers to others'; a file for each receiver.

    The file is written first and the state follows; killed in between, the same file is written again under the same name.
    """
    counted = Counter[str]()
    drafts = book.listed(desk.ledger, State.DRAFT)
    answers = [one for one in book.listed(desk.ledger, State.ANSWERED, State.READ) if one.direction == "in"]
    for kind, names, waiting in (("XC", REQUEST, drafts), ("FK", ANSWER, answers)):
        for place in sorted({_to(one) for one in waiting}):
            mine = sorted((one for one in waiting if _to(one) == place), key=lambda one: one.number)
            rows = [_request(one) if kind == "XC" else _answer(one) for one in mine]
            content = write(desk.settings.envelope, names=names, rows=rows, head={})
            name = f"{kind}_{desk.settings.region}_{place}_{day:%Y%m%d}_{sha256(content)[:12]}.csv"
            parcel = Parcel(batch=name, name=name, content=content, places={"name": name}, sidecars={}, columns=names)
            FolderWay(desk.settings.transport, context=desk.context).send(parcel)
            for one in mine:
                _sent(desk, one, name, sha256(content))
            counted["requests" if kind == "XC" else "answers"] += len(mine)
    return dict(counted)


def _to(one: Assist) -> str:
    return one.receiver if one.direction == "out" else one.sender


def _sent(desk: Desk, one: Assist, name: str, digest: str) -> None:
    with begin(desk.ledger) as connection:
        current = book.load(connection, one.number, one.direction)
        if current.state != one.state:
            return
        state = State.SENT if one.direction == "out" else State.CLOSED
        book.move(connection, current, state, "sent", desk.operator, file=name, sha256=digest)
        desk.note(connection, "assist.send", current, to=_to(one), file=name, sha256=digest)


def _request(one: Assist) -> list[str]:
    person = [one.subject.get("name", ""), one.subject.get("id_number", "")]
    return [one.number, FORMS[one.form], one.topic, one.sender, one.receiver, *person, one.opened_on.isoformat(), one.content]


def _answer(one: Assist) -> list[str]:
    said = one.answer
    return [one.number, one.receiver, one.sender, str(said["result"]), str(said["said"]), str(said["on"])]


def receive(desk: Desk, *, day: dt.date) -> dict[str, int]:
    """Takes the files that have come: requests and notices are entered, answers are matched with our requests.

    Returns:
        Lines by outcome: ``entered``, ``answered``, ``known`` (taken before), ``stray`` (no request of ours, or not to us), ``unreadable``
        (files, and lines that make no sense).
    """
    counted = Counter[str]()
    for _, content in FolderWay(desk.settings.transport, context=desk.context).receipts(batches=(), known=lambda name: False):
        try:
            rows: Sequence[Mapping[str, str]] = read(desk.settings.envelope, content).rows
        except PackageError:
            counted["unreadable"] += 1
            continue
        for row in rows:
            counted[_take(desk, row, day)] += 1
    return dict(counted)


def _take(desk: Desk, row: Mapping[str, str], day: dt.date) -> str:
    if set(row) == set(REQUEST):
        return _take_request(desk, row, day)
    return _take_answer(desk, row) if set(row) == set(ANSWER) else "unreadable"


def _take_request(desk: Desk, row: Mapping[str, str], day: dt.date) -> str:
    if not NUMBER.fullmatch(row["协查号"]) or scrub(row["协查号"]) != row["协查号"] or not PLACE.fullmatch(row["发送地区划"]):
        return "unreadable"
    topic = desk.settings.topic(row["事项"])
    if not row["接收地区划"].startswith(desk.settings.region[:4]) or topic is None:
        return "stray"
    with begin(desk.ledger) as connection:
        made = book.enter(
            connection, number=row["协查号"], direction="in", form=topic.form, topic=topic.code, sender=row["发送地区划"],
            receiver=row["接收地区划"], subject={"name": row["姓名"], "id_number": row["证件号码"]}, content=row["内容"], opened_on=day,
            due=desk.due(topic.code, day), state=State.RECEIVED, operator=desk.operator,
        )  # fmt: skip
        if made is None:
            return "known"
        desk.note(connection, "assist.open", made, sender=made.sender, due=made.due.isoformat())
    return "entered"


def _sound(row: Mapping[str, str]) -> bool:
    """Whether an answer has an agreed result and a date; anything else could bring a person's data into the log."""
    try:
        dt.date.fromisoformat(row["反馈日期"])
    except ValueError:
        return False
    return row["结果"] in (*RESULTS, "read")


def _take_answer(desk: Desk, row: Mapping[str, str]) -> str:
    if not _sound(row):
        return "unreadable"
    with begin(desk.ledger) as connection:
        try:
            current = book.load(connection, row["协查号"], "out")
        except AssistError:
            return "stray"
        if current.state != State.SENT or row["发送地区划"] != current.receiver:
            return "known" if current.state in (State.ANSWERED, State.READ, State.CLOSED) else "stray"
        given = {
            "result": row["结果"],
            "said": row["说明"],
            "on": row["反馈日期"],
            "late": row["反馈日期"] > current.due.isoformat(),
        }
        state = State.READ if current.form == "notice" else State.ANSWERED
        book.move(connection, current, state, "answer_received", desk.operator, answer=given, result=row["结果"])
        desk.note(connection, "assist.answer", current, result=row["结果"])
    return "answered"
