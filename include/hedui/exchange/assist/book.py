"""Requests for help in the ledger: entered once, moved from state to state with a line in the log for every step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hedui.exchange.assist.model import STEPS, Assist, AssistError, Direction, Form, State
from hedui.ledger.database import begin

COLUMNS: Final = "id, number, direction, form, topic, sender, receiver, subject, content, opened_on, due, state, pairing, answer"
JSON: Final = tuple(bindparam(name, type_=JSONB) for name in ("subject", "pairing", "answer"))

ENTER: Final = text(f"""
INSERT INTO hedui.assist (number, direction, form, topic, sender, receiver, subject, content, opened_on, due, state, state_at, pairing,
                          answer)
VALUES (:number, :direction, :form, :topic, :sender, :receiver, :subject, :content, :opened_on, :due, :state, :now, :pairing, :answer)
ON CONFLICT (direction, number) DO NOTHING RETURNING {COLUMNS}
""").bindparams(*JSON)

EVENT: Final = text("""
INSERT INTO hedui.assist_event (assist_id, at, operator, event, state, detail) VALUES (:id, :now, :operator, :event, :state, :detail)
""").bindparams(bindparam("detail", type_=JSONB))

MOVE: Final = text("""
UPDATE hedui.assist SET state = :state, state_at = :now, pairing = :pairing, answer = :answer WHERE id = :id
""").bindparams(bindparam("pairing", type_=JSONB), bindparam("answer", type_=JSONB))


def now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


def enter(
    connection: Connection, *, number: str, direction: Direction, form: Form, topic: str, sender: str, receiver: str,
    subject: Mapping[str, str], content: str, opened_on: dt.date, due: dt.date, state: State, operator: str,
) -> Assist | None:  # fmt: skip
    """Enters a request; None where its number is known for that direction."""
    values = {
        **{"number": number, "direction": direction, "form": form, "topic": topic, "sender": sender, "receiver": receiver},
        **{"subject": dict(subject), "content": content, "opened_on": opened_on, "due": due, "state": str(state), "now": now()},
    }
    row = connection.execute(ENTER, {**values, "pairing": {}, "answer": {}}).mappings().one_or_none()
    if row is None:
        return None
    made = _of(row)
    note(connection, made.id, "entered", made.state, operator)
    return made


def note(connection: Connection, number: int, event: str, state: State, operator: str, **detail: Any) -> None:
    """Adds a line to the log; no personal data in it."""
    values = {"id": number, "now": now(), "operator": operator, "event": event, "state": str(state), "detail": detail}
    connection.execute(EVENT, values)


def move(
    connection: Connection, assist: Assist, state: State, event: str, operator: str, *, pairing: Mapping[str, Any] | None = None,
    answer: Mapping[str, Any] | None = None, **detail: Any,
) -> None:  # fmt: skip
    """Moves a request that is locked in this transaction.

    Raises:
        AssistError: That state does not follow.
    """
    if state not in STEPS[assist.state]:
        raise AssistError(f"{assist.number}: {state} does not follow {assist.state}; `hedui assist list` shows where it stands.")
    kept = {"pairing": dict(pairing or assist.pairing), "answer": dict(answer or assist.answer)}
    connection.execute(MOVE, {"id": assist.id, "state": str(state), "now": now(), **kept})
    note(connection, assist.id, event, state, operator, **detail)


def load(connection: Connection, number: str, direction: Direction) -> Assist:
    """A request, locked for changing.

    Raises:
        AssistError: There is none of that number.
    """
    query = text(f"SELECT {COLUMNS} FROM hedui.assist WHERE number = :number AND direction = :direction FOR UPDATE")
    row = connection.execute(query, {"number": number, "direction": direction}).mappings().one_or_none()
    if row is None:
        raise AssistError(f'There is no request "{number[:40]}" ({direction}); `hedui assist list` shows all.')
    return _of(row)


def listed(url: str, *states: State) -> list[Assist]:
    """Requests in the given states (none: all), the earliest due first."""
    query = text(f"SELECT {COLUMNS} FROM hedui.assist WHERE :all OR state = ANY(:states) ORDER BY due, direction, number")
    with begin(url) as connection:
        rows = connection.execute(query, {"all": not states, "states": [str(state) for state in states]}).mappings()
        return [_of(row) for row in rows]


def remind_once(connection: Connection, assist: Assist, day: dt.date) -> bool:
    """Notes a reminder; False where one went out that day already."""
    query = text("INSERT INTO hedui.assist_reminder (assist_id, day) VALUES (:id, :day) ON CONFLICT DO NOTHING")
    return bool(connection.execute(query, {"id": assist.id, "day": day}).rowcount)


def _of(row: Mapping[Any, Any]) -> Assist:
    return Assist(**{**row, "state": State(row["state"])})
