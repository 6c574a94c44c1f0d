"""The reference server's desk: takes files by a profile, judges every record, keeps what it took, and writes receipts.

It judges by what a receiver can see: its own store and the profile. It knows nothing of the sender's ledger.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hedui.padis.crypto import sha256, sm3
from hedui.padis.errors import PackageError, PadisError
from hedui.padis.fields import kinds
from hedui.padis.mock.faults import Faults
from hedui.padis.packing import unpack, wire_digest
from hedui.padis.receipts import LineVerdict, write_receipt
from hedui.site.padis_profile import BatchStatus, Profile, RecordProfile

SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS arrival (
  id INTEGER PRIMARY KEY, batch TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
  batch TEXT PRIMARY KEY, sha256 TEXT NOT NULL, receipt BLOB NOT NULL, late INTEGER NOT NULL DEFAULT 0,
  asked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS record (
  kind TEXT NOT NULL, business_key TEXT NOT NULL, key TEXT NOT NULL, action TEXT NOT NULL, wire TEXT NOT NULL, batch TEXT NOT NULL,
  line INTEGER NOT NULL, live INTEGER NOT NULL, PRIMARY KEY (kind, business_key, key));
CREATE TABLE IF NOT EXISTS refusal (batch TEXT NOT NULL, line INTEGER NOT NULL, business_key TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS later (name TEXT PRIMARY KEY, batch TEXT NOT NULL);
"""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A record in the server's store: the latest that it has acknowledged of its number."""

    kind: str
    business_key: str
    key: str
    action: str
    wire: str
    batch: str
    line: int


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What the desk knows of a kind's fields on the wire."""

    kind: str
    record: RecordProfile
    names: list[str]
    business: str
    key: str | None
    action: str | None
    actions: Mapping[str, str]


class Desk:
    """Takes files.

    Args:
        store: SQLite file with what was taken; it outlives the process.
        profile: What files look like.
        faults: What is refused on purpose.
    """

    def __init__(self, store: Path, profile: Profile, faults: Faults) -> None:
        self.profile = profile
        self.faults = faults
        self._store = store
        self._shapes = [_shape(profile, kind, record) for kind, record in profile.records.items()]
        with self._open() as connection:
            connection.executescript(SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._store, timeout=60, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            if connection.in_transaction:
                connection.execute("COMMIT")
        finally:
            connection.close()

    def accept(self, *, batch: str, name: str, content: bytes, digest: str = "", late: bool = False) -> bytes:
        """Takes a file whole: its records and its receipt are there together, or nothing is.

        Args:
            batch: The batch's number.
            name: The file's name.
            content: Its bytes.
            digest: What the sender says their digest is; empty: nothing was said.
            late: Whether the receipt is held back.

        Returns:
            The receipt. The same file under the same number gets the same receipt and is not taken again.
        """
        told = sha256(content)
        with self._open() as connection:
            known = connection.execute("SELECT sha256, receipt FROM batch WHERE batch = ?", (batch,)).fetchone()
            if known is not None:
                same = known[0] == told
                self._arrived(connection, batch, name, told, "again" if same else "number used")
                return bytes(known[1]) if same else self._refusal(batch, "PC01", "批次号已被另一文件使用")
            wrong = digest and digest not in (told, sm3(content))
            receipt = self._refusal(batch, "ZY01", "摘要与文件不符") if wrong else self._judged(connection, batch, content)
            self._arrived(connection, batch, name, told, "refused" if wrong else "taken")
            if not wrong:
                connection.execute("INSERT INTO batch VALUES (?, ?, ?, ?, 0)", (batch, told, receipt, int(late)))
                if late:
                    self._later(connection, batch, 1)
            return receipt

    def deliver_again(self, batch: str) -> None:
        """Puts a receipt twice among the later ones."""
        with self._open() as connection:
            self._later(connection, batch, 2)

    @staticmethod
    def _later(connection: sqlite3.Connection, batch: str, times: int) -> None:
        connection.executemany(
            "INSERT OR IGNORE INTO later VALUES (?, ?)", [(f"HZ_{batch}_{at}.txt", batch) for at in range(times)]
        )

    @staticmethod
    def _arrived(connection: sqlite3.Connection, batch: str, name: str, told: str, outcome: str) -> None:
        connection.execute("INSERT INTO arrival (batch, name, sha256, outcome) VALUES (?, ?, ?, ?)", (batch, name, told, outcome))

    def _refusal(self, batch: str, code: str, reason: str) -> bytes:
        return write_receipt(self.profile, batch, status="rejected", code=code, reason=reason)

    def _judged(self, connection: sqlite3.Connection, batch: str, content: bytes) -> bytes:
        try:
            rows = unpack(self.profile, content).rows
        except PadisError as error:
            outcome: BatchStatus = "resend" if "resend" in self.profile.receipts.batch.values() else "rejected"
            reason = "文件无法读取" if isinstance(error, PackageError) else "文件无法解密"
            return write_receipt(self.profile, batch, status=outcome, code="WJ01", reason=reason)
        if not rows:
            return write_receipt(self.profile, batch, status="accepted")
        shape = next((one for one in self._shapes if list(rows[0]) == one.names), None)
        if shape is None:
            return self._refusal(batch, "WJ02", "表头与约定不符")
        lines = [self._line(connection, shape, batch, number, row) for number, row in enumerate(rows, 1)]
        told = [line for line in lines if line.status != "accepted"]
        refused = sum(line.status == "rejected" for line in told)
        status: BatchStatus = "rejected" if refused == len(rows) else "partial" if refused else "accepted"
        return write_receipt(self.profile, batch, status=status, lines=told)

    def _line(self, connection: sqlite3.Connection, shape: _Shape, batch: str, number: int, row: Mapping[str, str]) -> LineVerdict:
        business = row[shape.business]
        action = shape.actions.get(row[shape.action], "new") if shape.action else "new"
        wire = wire_digest(list(row.values()))
        key = row[shape.key] if shape.key else wire
        if connection.execute("SELECT 1 FROM record WHERE kind = ? AND key = ?", (shape.kind, key)).fetchone():
            return _verdict(number, "duplicate", "CF01", "该记录此前已接收")
        live = connection.execute(
            "SELECT 1 FROM record WHERE kind = ? AND business_key = ? AND live = 1 AND action <> 'withdraw'", (shape.kind, business)
        ).fetchone()
        reason = self._wrong(shape, row, action, live is not None) or self.faults.refuses(key)
        if reason:
            connection.execute("INSERT INTO refusal VALUES (?, ?, ?, ?)", (batch, number, business, reason))
            return _verdict(number, "rejected", "JL01", reason)
        connection.execute("UPDATE record SET live = 0 WHERE kind = ? AND business_key = ?", (shape.kind, business))
        connection.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, 1)", (shape.kind, business, key, action, wire, batch, number)
        )
        if key in self.faults.had:
            return _verdict(number, "duplicate", "CF01", "该记录此前已接收")
        return _verdict(number, "accepted", "", "")

    def _wrong(self, shape: _Shape, row: Mapping[str, str], action: str, live: bool) -> str:
        for field in shape.record.fields:
            value = row[field.to]
            if not value and (field.required is True or (isinstance(field.required, tuple) and action in field.required)):
                return f"{field.to} 不能为空"
            if field.length is not None and len(value) > field.length:
                return f"{field.to} 超长"
        if shape.action is None:
            return ""
        if action == "new" and live:
            return "该编号的记录已存在，不能新增"
        return "" if action == "new" or live else "没有可变更或撤销的记录"

    def receipt(self, batch: str) -> bytes | None:
        """The receipt of a batch; empty bytes while it is held back, None where the batch has never arrived."""
        with self._open() as connection:
            row = connection.execute("SELECT receipt, late, asked FROM batch WHERE batch = ?", (batch,)).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE batch SET asked = asked + 1 WHERE batch = ?", (batch,))
            return b"" if row[1] and row[2] < self.faults.late_asks else bytes(row[0])

    def later(self) -> list[str]:
        """Names of receipts that are given later."""
        with self._open() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM later ORDER BY name")]

    def later_receipt(self, name: str) -> bytes | None:
        """One of them."""
        with self._open() as connection:
            query = "SELECT b.receipt FROM later AS l JOIN batch AS b ON b.batch = l.batch WHERE l.name = ?"
            row = connection.execute(query, (name,)).fetchone()
            return bytes(row[0]) if row else None

    def batch_of(self, name: str) -> str:
        """The batch's number from a file's name, by the profile's template.

        Raises:
            PadisError: The name does not have it.
        """
        pattern = re.sub(
            r"\\\{(\w+)[^}]*\\\}", lambda found: "(?P<batch>[^_]+?)" if found[1] == "batch" else ".+?", re.escape(self.profile.name)
        )
        suffix = re.escape(self.profile.encryption.suffix) if self.profile.encryption else ""
        found = re.fullmatch(pattern + suffix, name)
        if found is None or "batch" not in found.groupdict():
            raise PadisError(f"The file name {name} does not have the batch's number where the profile's name has {{batch}}.")
        return found["batch"]

    def clear(self) -> None:
        """Forgets everything."""
        with self._open() as connection:
            for table in ("arrival", "batch", "record", "refusal", "later"):
                connection.execute(f"DELETE FROM {table}")

    def kept(self) -> list[Kept]:
        """Everything that stands, by kind and number."""
        return [
            Kept(**row)
            for row in self._rows(
                "SELECT kind, business_key, key, action, wire, batch, line FROM record WHERE live = 1 ORDER BY 1, 2"
            )
        ]

    def told(self) -> dict[str, list[dict[str, Any]]]:
        """The whole store, for comparing."""
        return {table: self._rows(f"SELECT * FROM {table}") for table in ("arrival", "record", "refusal")}

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with self._open() as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]


def _verdict(line: int, status: str, code: str, reason: str) -> LineVerdict:
    return LineVerdict(line=line, key="", business_key="", status=status, code=code, reason=reason)  # type: ignore[arg-type]


def _shape(profile: Profile, kind: str, record: RecordProfile) -> _Shape:
    by_source = {field.source: field for field in record.fields if field.source}
    business = by_source.get(kinds()[kind].key)
    if business is None:
        raise PadisError(f"The profile's {kind} records do not carry their number; the reference server cannot tell them apart.")
    action = by_source.get("action")
    codes = (
        profile.codes[action.codes]
        if action is not None and action.codes
        else {name: name for name in ("new", "change", "withdraw")}
    )
    spelled: dict[str, str] = {value: name for name, value in codes.items() if isinstance(value, str)}
    key = by_source.get("key")
    names: Sequence[str] = [field.to for field in record.fields]
    return _Shape(
        kind=kind, record=record, names=list(names), business=business.to, key=key.to if key else None,
        action=action.to if action else None, actions=spelled,
    )  # fmt: skip
