"""The journal: one row per bundle in the target, which is its lock while it runs and says afterwards whether it was applied.

The row is made beforehand and locked first thing in the transaction, so that two runs of a bundle come one after the other. It says
``applied`` by the same COMMIT as the changes. Who has lost a connection asks by locking the row again: while the lost session lives in
the server, the row is held, so that the answer is never one that a late COMMIT overtakes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from hedui.corrections.model import Dialect
from hedui.corrections.run.records import Outcome, Standing
from hedui.corrections.run.session import Session

TABLE: Final = "HEDUI_CORRECTION_JOURNAL"
_BEGUN: Final = "begun"
_COLUMNS: Final = (
    "BUNDLE {text}(80) NOT NULL PRIMARY KEY, DIGEST {text}(64) NOT NULL, STATE {text}(12) NOT NULL, ROW_COUNT {integer} NOT NULL, "
    "BEGUN_AT {text}(32) NOT NULL, APPLIED_AT {text}(32), APPLIED_BY {text}(200), UNDONE_AT {text}(32), UNDONE_BY {text}(200)"
)
_TYPES: Final = {
    Dialect.POSTGRESQL: {"text": "varchar", "integer": "bigint"},
    Dialect.ORACLE: {"text": "VARCHAR2", "integer": "NUMBER(12)"},
}
_FIND: Final = f"SELECT DIGEST, STATE, ROW_COUNT, APPLIED_AT, APPLIED_BY, UNDONE_AT, UNDONE_BY FROM {TABLE} WHERE BUNDLE = :1"
_BEGIN: Final = f"INSERT INTO {TABLE} (BUNDLE, DIGEST, STATE, ROW_COUNT, BEGUN_AT) VALUES (:1, :2, '{_BEGUN}', 0, :3)"
_ENTER: Final = {
    Standing.APPLIED: "STATE = 'applied', DIGEST = :1, ROW_COUNT = :2, APPLIED_AT = :3, APPLIED_BY = :4",
    Standing.ROLLED_BACK: "STATE = 'rolled_back', DIGEST = :1, ROW_COUNT = :2, UNDONE_AT = :3, UNDONE_BY = :4",
}


@dataclass(frozen=True, kw_only=True)
class Journal:
    """A bundle's row in the journal of a target."""

    session: Session
    bundle: str

    def open(self, digest: str) -> None:
        """Makes the table and the row where they are missing; commits."""
        types = _TYPES[self.session.dialect]
        self.session.define(f"CREATE TABLE {TABLE} ({_COLUMNS.format(**types)})")
        self.session.add(_BEGIN, (self.bundle, digest, _now()))

    def claim(self) -> Outcome:
        """Locks the row until the transaction ends, and says how the bundle stands.

        Raises:
            TransientTargetError: Another run of the bundle holds it.
        """
        rows = self.session.lock(f"{_FIND} FOR UPDATE", (self.bundle,))
        if not rows:
            return Outcome(bundle=self.bundle, digest="", state=Standing.NOT_APPLIED)
        digest, state, count, applied_at, applied_by, undone_at, undone_by = rows[0]
        if state == _BEGUN:
            return Outcome(bundle=self.bundle, digest="", state=Standing.NOT_APPLIED)
        undone = state == Standing.ROLLED_BACK
        return Outcome(
            bundle=self.bundle,
            digest=digest,
            state=Standing(state),
            rows=int(count),
            already=True,
            at=(undone_at if undone else applied_at) or "",
            by=(undone_by if undone else applied_by) or "",
        )

    def enter(self, standing: Standing, *, digest: str, rows: int, by: str) -> Outcome:
        """Says in the caller's transaction that the bundle was applied (or rolled back)."""
        at = _now()
        self.session.change(f"UPDATE {TABLE} SET {_ENTER[standing]} WHERE BUNDLE = :5", (digest, rows, at, by, self.bundle))
        return Outcome(bundle=self.bundle, digest=digest, state=standing, rows=rows, at=at, by=by)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
