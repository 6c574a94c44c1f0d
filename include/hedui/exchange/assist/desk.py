"""What people and the daily run do with requests for help: open, pair, answer, read, close. Every deed is in the audit chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from hedui import audit, engine
from hedui.context import Context
from hedui.exchange.assist import book
from hedui.exchange.assist.model import RESULTS, Assist, AssistError, State
from hedui.ledger.database import begin
from hedui.security.logs import scrub
from hedui.site.assist import AssistSettings

FIELDS: Final = {"name": "姓名", "id_number": "证件号码"}
"""What a request says of its person."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Who handles requests.

    Attributes:
        context: The step's surroundings.
        settings: ``assist.yaml``.
        operator: Who acts.
    """

    context: Context
    settings: AssistSettings
    operator: str

    @property
    def ledger(self) -> str:
        """URL of the ledger."""
        return self.context.ledger_url

    def due(self, topic: str, opened: dt.date) -> dt.date:
        """The term of a matter, in working days.

        Raises:
            AssistError: The site has no such matter.
        """
        found = self.settings.topic(topic)
        if found is None:
            listed = ", ".join(one.code for one in self.settings.topics)
            raise AssistError(f'There is no topic "{topic[:20]}" in assist.yaml; there are {listed}.')
        return self.context.workdays.add(opened, found.days)

    def note(self, connection: Connection, action: str, assist: Assist, **details: Any) -> None:
        """Writes a deed into the audit chain, without personal data."""
        facts = {"direction": assist.direction, "form": assist.form, "topic": assist.topic, **details}
        audit.append(connection, actor=self.operator, action=action, subject=f"协查 {assist.number}", details=facts)


def open_out(desk: Desk, *, topic: str, receiver: str, subject: Mapping[str, str], content: str, day: dt.date) -> str:
    """Opens a request or notice of ours; it goes out with the next run.

    Returns:
        Its number: our region, the day, a running number.

    Raises:
        AssistError: No such matter, or nobody named.
    """
    if not subject.get("id_number") and not subject.get("name"):
        raise AssistError("A request needs a name or an id number to ask about.")
    due, form = desk.due(topic, day), "request"
    found = desk.settings.topic(topic)
    if found is not None:
        form = found.form
    with begin(desk.ledger, lock=0x7061646906) as connection:
        prefix = (
            f"{'XC' if form == 'request' else 'TB'}{desk.settings.region}-{day:%Y%m%d}-"  # 18 digits would pass for an id number
        )
        number = f"{prefix}{_next(connection, prefix):04d}"
        made = book.enter(
            connection, number=number, direction="out", form="request" if form == "request" else "notice", topic=topic,
            sender=desk.settings.region, receiver=receiver, subject=subject, content=content, opened_on=day, due=due,
            state=State.DRAFT, operator=desk.operator,
        )  # fmt: skip
        assert made is not None
        desk.note(connection, "assist.open", made, receiver=receiver, due=due.isoformat())
    return number


def _next(connection: Connection, prefix: str) -> int:
    from sqlalchemy import text

    query = "SELECT count(*) + 1 FROM hedui.assist WHERE direction = 'out' AND starts_with(number, :prefix)"
    return int(connection.execute(text(query), {"prefix": prefix}).scalar_one())


def pair(desk: Desk, *, date: dt.date) -> dict[str, int]:
    """Looks for the persons of requests that have come, in the latest canonical rows up to a date; those found nowhere are asked again.

    Returns:
        Requests by result: ``one``, ``none``, ``several``.
    """
    waiting = [one for one in book.listed(desk.ledger, State.RECEIVED, State.UNPAIRED) if one.form == "request"]
    counted: dict[str, int] = {}
    for one in waiting:
        result = _look(desk, one.subject.get("id_number", ""), date)
        if one.state == State.UNPAIRED and result["result"] == "none":
            continue
        state = State.UNPAIRED if result["result"] == "none" else State.PAIRED
        with begin(desk.ledger) as connection:
            current = book.load(connection, one.number, "in")
            if current.state not in (State.RECEIVED, State.UNPAIRED):
                continue
            book.move(connection, current, state, "paired", desk.operator, pairing=result, **result)
            desk.note(connection, "assist.pair", current, **result)
        counted[result["result"]] = counted.get(result["result"], 0) + 1
    return counted


def _look(desk: Desk, id_number: str, date: dt.date) -> dict[str, Any]:
    """How many rows of which source have the id number; the first source that has any decides."""
    context = desk.context
    for place in desk.settings.pairing if id_number else ():
        days = [day for day in context.lake.dates("canonical", place.dataset, place.source) if day <= date]
        if not days:
            continue
        relation = engine.parquet(context.lake.files(context.canonical(place.dataset, place.source, days[-1])))
        query = f"SELECT count(*) FROM {relation} WHERE {engine.ident(place.field)} = ?"
        with engine.connect(threads=1) as duck:
            rows = duck.execute(query, [id_number]).fetchall()[0][0]
        if rows:
            return {"result": "one" if rows == 1 else "several", "source": place.source, "date": days[-1].isoformat(), "rows": rows}
    return {"result": "none"}


def answer(desk: Desk, number: str, *, result: str, said: str, day: dt.date) -> None:
    """Answers a request that has come; the answer goes out with the next run.

    Raises:
        AssistError: There is no such request or result, or it is answered already.
    """
    if result not in RESULTS:
        raise AssistError(
            f'There is no result "{result}"; there are {", ".join(f"{code} {name}" for code, name in RESULTS.items())}.'
        )
    with begin(desk.ledger) as connection:
        current = book.load(connection, number, "in")
        if current.form != "request":
            raise AssistError(f"{number} is a notice: it is read, not answered; `hedui assist read`.")
        given = {"result": result, "said": said, "on": day.isoformat(), "by": desk.operator, "late": day > current.due}
        book.move(
            connection, current, State.ANSWERED, "answered", desk.operator, answer=given, result=result, late=day > current.due
        )
        desk.note(connection, "assist.answer", current, result=result, late=day > current.due)


def read(desk: Desk, number: str, *, day: dt.date) -> None:
    """Notes that a notice that has come was read.

    Raises:
        AssistError: It is none, or was read before.
    """
    with begin(desk.ledger) as connection:
        current = book.load(connection, number, "in")
        if current.form != "notice":
            raise AssistError(f"{number} is a request: it is answered; `hedui assist answer`.")
        given = {"result": "read", "said": "", "on": day.isoformat(), "by": desk.operator, "late": day > current.due}
        book.move(connection, current, State.READ, "read", desk.operator, answer=given, late=day > current.due)
        desk.note(connection, "assist.answer", current, result="read", late=day > current.due)


def close(desk: Desk, number: str, *, reason: str = "") -> None:
    """Closes a request of ours that was answered; one that was not is withdrawn, with a reason.

    Raises:
        AssistError: It is closed already, or there is no reason.
    """
    with begin(desk.ledger) as connection:
        current = book.load(connection, number, "out")
        done = current.state in (State.ANSWERED, State.READ)
        if not done and not reason.strip():
            raise AssistError(f"{number} has no answer yet; withdrawing it needs a reason.")
        book.move(connection, current, State.CLOSED if done else State.CANCELLED, "closed" if done else "cancelled", desk.operator)
        desk.note(connection, "assist.close", current, answered=done, reason=scrub(reason))
