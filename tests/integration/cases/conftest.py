"""A small site, a lake and a ledger of its own per test, and a plain-Python model of what the cases must be."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import text

from hedui.context import Context
from hedui.findings import FINDING_COLUMNS, fingerprint_sql
from hedui.lake import Lake, Manifest
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.site import Site

TYPES = {"VARCHAR": pa.string(), "DATE": pa.date32(), "BIGINT": pa.int64()}
SCHEMA = pa.schema([(name, TYPES[kind]) for name, kind in FINDING_COLUMNS.items() if name != "fingerprint"])


def finding(scope: str, date: dt.date, key: str, **values: Any) -> dict[str, Any]:
    """A finding with everything that a test does not name filled in."""
    row: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    row.update(business_date=date, scope=scope, rule="T03", kind="ATTR", severity="error", dataset="person", source="shebao")
    row.update(agency="shebao", subject_type="person", subject_key=key, region="990102", insurance="110", field="birth_date")
    row.update(values)
    return row


@dataclass
class World:
    """A lake that tests write findings into, and the ledger that follows it."""

    context: Context
    nights: dict[tuple[str, dt.date], dict[str, dict[str, Any]]] = field(default_factory=dict)
    recorded: dict[tuple[str, dt.date], dict[str, dict[str, Any]]] = field(default_factory=dict)

    def write(self, scope: str, date: dt.date, findings: Mapping[str, Mapping[str, Any]]) -> None:
        """Replaces a findings partition; ``findings`` maps subject keys to values that differ from the standard ones."""
        rows = [finding(scope, date, key, **values) for key, values in findings.items()]
        self.write_rows(scope, date, rows)
        self.nights[scope, date] = {row["subject_key"]: row for row in rows}

    def write_rows(self, scope: str, date: dt.date, rows: list[dict[str, Any]]) -> None:
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        mark = fingerprint_sql(
            scope="scope", rule="rule", subject_key="subject_key", insurance="insurance", period="period", field="field"
        )
        lake = self.context.lake
        with duckdb.connect() as duck, lake.writer(self.context.findings(scope, date)) as writer:
            duck.register("rows", table)
            duck.execute(f"COPY (SELECT *, {mark} AS fingerprint FROM rows) TO '{writer.new_file()}' (FORMAT parquet)")
            writer.commit(Manifest(rows=len(rows)))

    def remove(self, scope: str, date: dt.date) -> None:
        """Removes a findings partition: the scope could not run."""
        self.context.lake.remove(self.context.findings(scope, date))
        self.nights.pop((scope, date), None)

    def cases(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What the ledger says now, by scope and subject key."""
        with begin(self.context.ledger_url) as connection:
            rows = connection.execute(text("SELECT * FROM hedui.case_view")).mappings().all()
        return {(row["scope"], row["subject_key"]): dict(row) for row in rows}

    def spells(self) -> list[tuple[Any, ...]]:
        """The stored runs in a comparable form."""
        with begin(self.context.ledger_url) as connection:
            rows = connection.execute(
                text(
                    "SELECT c.fingerprint, s.first_seen, s.last_seen FROM hedui.spell s "
                    "JOIN hedui.reconciliation_case c ON c.id = s.case_id AND c.scope_id = s.scope_id ORDER BY 1, 2"
                )
            ).all()
        return [tuple(row) for row in rows]

    def reset(self) -> None:
        """Empties lake and ledger."""
        shutil.rmtree(self.context.lake.root, ignore_errors=True)
        self.nights.clear()
        with begin(self.context.ledger_url) as connection:
            connection.execute(
                text(
                    "TRUNCATE hedui.scope, hedui.recorded_night, hedui.reconciliation_case, hedui.spell, hedui.exemption, hedui.night"
                )
            )


def model(
    nights: Mapping[tuple[str, dt.date], Mapping[str, Mapping[str, Any]]], at: dt.date = dt.date.max
) -> dict[tuple[str, str], dict[str, Any]]:
    """Cases computed the plain way: walk each scope's nights in order and remember what was seen."""
    cases: dict[tuple[str, str], dict[str, Any]] = {}
    for scope in sorted({scope for scope, _ in nights}):
        previous: set[str] = set()
        for date in sorted(date for name, date in nights if name == scope and date <= at):
            seen = nights[scope, date]
            for key in previous - seen.keys():
                cases[scope, key].update(state="cleared", cleared_on=date)
            for key, row in seen.items():
                case = cases.setdefault((scope, key), {"first_seen": date, "reopened_count": -1})
                if key not in previous:
                    case["opened_on"] = date
                    case["reopened_count"] += 1
                case.update(state="open", cleared_on=None, last_seen=date, side_values=row["side_values"], severity=row["severity"])
            previous = set(seen)
    return cases


def facts(case: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a case that the model knows."""
    names = ("first_seen", "opened_on", "last_seen", "cleared_on", "reopened_count", "state", "side_values", "severity")
    return {name: case[name] for name in names}


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> World:
    """One ledger for a module."""
    url = new_database()
    upgrade(url)
    folder: Path = tmp_path_factory.mktemp("cases")
    site = Site(id="probe", name="probe", region="990100", agencies=(), sources=(), comparisons=())
    return World(
        context=Context(
            site=site, lake=Lake(str(folder / "lake")), reports=folder, inbox=str(folder), ledger_url=url, memory_limit="1GB"
        )
    )


@pytest.fixture
def world(shared_world: World) -> World:
    """An empty lake and an empty ledger."""
    shared_world.reset()
    return shared_world
