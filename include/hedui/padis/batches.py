"""A batch in the ledger: read, locked, moved from state to state with a line in the log for every move."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from hedui.ledger.database import begin
from hedui.padis.errors import PadisError
from hedui.padis.model import BATCH_STEPS, BatchState
from hedui.padis.office import Office
from hedui.padis.outgoing import note
from hedui.padis.packing import Parcel

_COLUMNS: Final = "id, sender, kind, period, purpose, rows, name, sha256, state, tries, asks, next_at, created_at"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch as the ledger has it; see :class:`~hedui.ledger.padis_models.PadisBatch`."""

    id: str
    sender: str
    kind: str
    period: str
    purpose: str
    rows: int
    name: str
    sha256: str
    state: BatchState
    tries: int
    asks: int
    next_at: dt.datetime | None
    created_at: dt.datetime


def load(connection: Connection, batch: str, *, lock: bool = False) -> Batch:
    """A batch, for changing it or not.

    Raises:
        PadisError: There is none of that number.
    """
    query = f"SELECT {_COLUMNS} FROM hedui.padis_batch WHERE id = :id {'FOR UPDATE' if lock else ''}"
    row = connection.execute(text(query), {"id": batch}).mappings().one_or_none()
    if row is None:
        raise PadisError(f'There is no batch "{batch[:60]}"; `hedui padis batches` lists them.')
    return Batch(**{**row, "state": BatchState(row["state"])})


def read(office: Office, batch: str) -> Batch:
    """A batch as it stands now."""
    with begin(office.ledger) as connection:
        return load(connection, batch)


def open_batches(office: Office, *states: BatchState) -> list[Batch]:
    """Batches in the given states, the oldest first."""
    query = f"SELECT {_COLUMNS} FROM hedui.padis_batch WHERE sender = :sender AND state = ANY(:states) ORDER BY created_at, id"
    with begin(office.ledger) as connection:
        rows = connection.execute(text(query), {"sender": office.settings.sender, "states": [str(state) for state in states]})
        return [Batch(**{**row, "state": BatchState(row["state"])}) for row in rows.mappings()]


def move(
    connection: Connection,
    office: Office,
    batch: Batch,
    state: BatchState,
    event: str,
    *,
    after: float | None = None,
    tries: int | None = None,
    asks: int | None = None,
    **detail: Any,
) -> Batch:
    """Moves a batch that is locked in this transaction, and logs it.

    Args:
        connection: The transaction.
        office: Who acts.
        batch: As it was read in this transaction.
        state: Where to; the same state only logs.
        event: What happened.
        after: Seconds before the next step may be taken; None: at any time.
        tries: Sends so far, where they change.
        asks: Queries since the last send, where they change.
        detail: For the log; no personal data.

    Raises:
        PadisError: That state does not follow.
    """
    if state != batch.state and state not in BATCH_STEPS[batch.state]:
        raise PadisError(f"Batch {batch.id}: {state} does not follow {batch.state}.")
    now = office.clock()
    values = {
        "id": batch.id,
        "state": str(state),
        "now": now,
        "next": now + dt.timedelta(seconds=after) if after is not None else None,
        "tries": batch.tries if tries is None else tries,
        "asks": batch.asks if asks is None else asks,
    }
    connection.execute(
        text(
            "UPDATE hedui.padis_batch SET state = :state, state_at = CASE WHEN state = :state THEN state_at ELSE :now END, "
            "next_at = :next, tries = :tries, asks = :asks WHERE id = :id"
        ),
        values,
    )
    note(connection, office, batch.id, event, str(state), batch.sha256, **detail)
    return load(connection, batch.id)


def parcel(office: Office, batch: str) -> Parcel:
    """The batch's file, byte by byte as it was packed.

    Raises:
        PadisError: There is no such batch.
    """
    with begin(office.ledger) as connection:
        joined = "hedui.padis_batch AS b JOIN hedui.padis_parcel AS p ON p.batch_id = b.id"
        query = text(f"SELECT b.name, p.content, p.facts FROM {joined} WHERE b.id = :id")
        row = connection.execute(query, {"id": batch}).mappings().one_or_none()
    if row is None:
        raise PadisError(f'There is no file of batch "{batch[:60]}".')
    facts = row["facts"]
    return Parcel(
        batch=batch,
        name=row["name"],
        content=bytes(row["content"]),
        places=facts["places"],
        sidecars={name: text_.encode("ascii") for name, text_ in facts["sidecars"].items()},
        columns=tuple(facts["columns"]),
    )
