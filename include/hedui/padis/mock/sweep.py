"""The reference server's other doors: a folder that files are dropped in, and the tables of a front-end database."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from hedui.engine import ident
from hedui.padis.envelopes import write
from hedui.padis.mock.desk import Desk
from hedui.padis.packing import archived
from hedui.padis.receipts import LineVerdict, Verdict, read_receipt
from hedui.site.padis_profile import Profile
from hedui.site.padis_transport import TableTransport

ENDINGS: Final = (".sm3", ".sha256", ".sig", ".part")


def sweep_folder(desk: Desk, drop: Path, receipts: Path) -> int:
    """Takes every file of a folder and puts its receipt beside; a fault ``late`` leaves it for the next sweep, ``twice`` doubles it.

    Returns:
        Files that were judged.
    """
    receipts.mkdir(parents=True, exist_ok=True)
    judged = 0
    for path in sorted(drop.iterdir()) if drop.is_dir() else []:
        if path.name.endswith(ENDINGS):
            continue
        batch = desk.batch_of(path.name)
        fault = desk.faults.next()
        if fault == "late" or (receipts / f"HZ_{batch}.txt").exists():
            continue
        sidecar = path.with_name(path.name + (desk.profile.digest.sidecar or ".none"))
        digest = sidecar.read_text("ascii") if sidecar.exists() else ""
        receipt = desk.accept(batch=batch, name=path.name, content=path.read_bytes(), digest=digest)
        for name in (f"HZ_{batch}.txt", *([f"HZ_{batch}_2.txt"] if fault == "twice" else [])):
            (receipts / name).write_bytes(receipt)
        judged += 1
    return judged


def create_tables(engine: Engine, profile: Profile) -> None:
    """The tables of a front-end database, as the receiver would set them up."""
    how = profile.transport
    assert isinstance(how, TableTransport)
    names = dict.fromkeys(field.to for record in profile.records.values() for field in record.fields)
    results = ", ".join(f"{ident(name)} text" for name in (how.status, how.code, how.reason))
    with engine.begin() as connection:
        fields = ", ".join(f"{ident(name)} text" for name in names)
        connection.execute(
            text(f"CREATE TABLE {ident(how.table)} ({ident(how.batch)} text, {ident(how.line)} int, {fields}, {results})")
        )
        connection.execute(
            text(f"CREATE TABLE {ident(how.whole)} ({ident(how.batch)} text PRIMARY KEY, {ident(how.rows)} int, {results})")
        )


def sweep_table(desk: Desk, engine: Engine) -> int:
    """Takes every batch of the tables and writes its results beside.

    Returns:
        Batches that were judged.
    """
    profile, how = desk.profile, desk.profile.transport
    assert isinstance(how, TableTransport)
    whole, table = ident(how.whole), ident(how.table)
    judged = 0
    with engine.begin() as connection:
        waiting = (
            connection.execute(text(f"SELECT {ident(how.batch)} FROM {whole} WHERE {ident(how.status)} IS NULL")).scalars().all()
        )
        for batch in waiting:
            if desk.faults.next() == "late":
                continue
            found = connection.execute(
                text(f"SELECT * FROM {table} WHERE {ident(how.batch)} = :batch ORDER BY {ident(how.line)}"), {"batch": batch}
            )
            receipt = desk.accept(batch=batch, name=batch, content=_content(profile, [dict(row) for row in found.mappings()]))
            (verdict,) = read_receipt(profile, receipt)
            for line in verdict.lines:
                values = _results(profile, line, profile.receipts.lines)
                where = f"{ident(how.batch)} = :batch AND {ident(how.line)} = :line"
                connection.execute(
                    text(f"UPDATE {table} SET {_set(how)} WHERE {where}"), {**values, "batch": batch, "line": line.line}
                )
            values = _results(profile, verdict, profile.receipts.batch)
            connection.execute(
                text(f"UPDATE {whole} SET {_set(how)} WHERE {ident(how.batch)} = :batch"), {**values, "batch": batch}
            )
            judged += 1
    return judged


def _content(profile: Profile, rows: list[dict[str, Any]]) -> bytes:
    """The records as the file that they would have been."""
    names = [field.to for field in next(iter(profile.records.values())).fields]
    for record in profile.records.values():
        mine = [field.to for field in record.fields]
        if rows and all(rows[0][name] is not None for name in mine):
            names = mine
    content = write(profile.envelope, names=names, rows=[[row[name] or "" for name in names] for row in rows], head={})
    return archived(profile, content, member="records.txt")


def _set(how: TableTransport) -> str:
    return f"{ident(how.status)} = :status, {ident(how.code)} = :code, {ident(how.reason)} = :reason"


def _results(profile: Profile, verdict: LineVerdict | Verdict, codes: Any) -> dict[str, str]:
    spelled = next(name for name, meaning in codes.items() if meaning == verdict.status)
    return {"status": spelled, "code": verdict.code, "reason": verdict.reason}
