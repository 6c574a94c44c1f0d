"""Nights made by hand: accounts of the city, what comparisons say about them, the ledger that follows, and the city's table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.corrections.ledger import advance
from hedui.corrections.model import BundlePlan
from hedui.corrections.plan import propose
from hedui.corrections.select import Selection
from hedui.corrections.states import SYSTEM, State
from hedui.demo.writers import connect_postgres
from hedui.findings import FINDING_COLUMNS, fingerprint_sql
from hedui.lake import Manifest, Partition
from hedui.ledger.database import begin

FIRST, SECOND = dt.date(2026, 6, 4), dt.date(2026, 6, 5)
TYPES = {"VARCHAR": pa.string(), "DATE": pa.date32(), "BIGINT": pa.int64()}
SCHEMA = pa.schema([(name, TYPES[kind]) for name, kind in FINDING_COLUMNS.items() if name != "fingerprint"])


@dataclass(kw_only=True)
class Account:
    """A row of the city's accounts."""

    number: str
    months: int = 120
    closing: str = "100.00"
    state: str = "1"
    insurance: str = "110"

    @property
    def raw(self) -> dict[str, str]:
        """As the city delivers it; what the test does not need is empty."""
        return {
            "aac001": self.number,
            "aac147": f"99010119860101{self.number[-4:]}",
            "aae140": self.insurance,
            "aae001": "2025",
            "aae201": str(self.months),
            "zzb005": self.closing,
            "eac040": self.state,
        }


@dataclass
class World:
    """A lake that tests write into, the ledger that follows it and the city's database."""

    context: Context
    accounts: dict[str, Account] = field(default_factory=dict)

    def deliver(self, date: dt.date) -> None:
        """The city's accounts as a night's raw batch."""
        spec = self.context.site.source("shebao").datasets["pension_account"]
        columns = [column.column for column in spec.columns.values() if column.column is not None]
        rows = [account.raw for account in self.accounts.values()]
        table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in dict.fromkeys(columns)})
        table = table.append_column("source_row", pa.array(range(1, len(rows) + 1), pa.int64()))
        with self.context.lake.writer(Partition(layer="raw", parts=("shebao", "pension_account"), date=date)) as writer:
            pq.write_table(table, writer.new_file())
            writer.commit(Manifest(rows=len(rows)))

    def row_of(self, number: str) -> int:
        """The number of an account's row in the batch."""
        return list(self.accounts).index(number) + 1

    def finding(self, number: str, **values: Any) -> dict[str, Any]:
        """A finding about an account: the nation has 132 months."""
        account = self.accounts[number]
        sides = values.pop("sides", {"shebao": str(account.months), "sheng": "132", "guotong": "132"})
        given: dict[str, Any] = {**dict.fromkeys(SCHEMA.names)}
        given |= {"scope": "accounts_tiers", "rule": "T06", "kind": "ATTR", "severity": "error", "dataset": "pension_account"}
        given |= {"source": "shebao", "agency": "sb_local", "subject_type": "person", "region": "990101", "insurance": "110"}
        given |= {"subject_key": f"{account.raw['aac147']}/2025", "field": "months_paid", "right_source": "guotong"}
        given |= {"side_values": json.dumps(sides), "evidence": json.dumps({"source_row": {"shebao": self.row_of(number)}})}
        return given | values

    def night(self, date: dt.date, findings: Mapping[str, Sequence[dict[str, Any]]] | None = None) -> None:
        """Delivers, writes the findings of scopes and records the night; by default every account with other than 132 months."""
        self.deliver(date)
        wrong = [self.finding(number) for number, account in self.accounts.items() if account.months != 132]
        for scope, rows in (findings if findings is not None else {"accounts_tiers": wrong}).items():
            self.write(scope, date, rows)
        record_findings(self.context, date)

    def write(self, scope: str, date: dt.date, rows: Sequence[dict[str, Any]]) -> None:
        """Replaces a findings partition."""
        table = pa.Table.from_pylist([{**row, "scope": scope, "business_date": date} for row in rows], schema=SCHEMA)
        mark = fingerprint_sql(
            scope="scope", rule="rule", subject_key="subject_key", insurance="insurance", period="period", field="field"
        )
        with duckdb.connect() as duck, self.context.lake.writer(self.context.findings(scope, date)) as writer:
            duck.register("rows", table)
            duck.execute(f"COPY (SELECT *, {mark} AS fingerprint FROM rows) TO '{writer.new_file()}' (FORMAT parquet)")
            writer.commit(Manifest(rows=len(rows)))

    def propose(self, *, run: str = "run", date: dt.date = FIRST, **selection: Any) -> tuple[BundlePlan, ...]:
        """Proposes for the city as the analyst."""
        return propose(self.context, date=date, target="shebao", selection=Selection(**selection), proposer="analyst", run=run)

    def go(self, bundle: str, *steps: tuple[State, str], note: str = "理由") -> None:
        """Brings a bundle through states."""
        for to, actor in steps:
            with begin(self.context.ledger_url) as connection:
                advance(connection, bundle, to=to, actor=actor, note=note)

    def make_table(self) -> None:
        """The city's table with the present accounts, each with an old version that is not in force."""
        with connect_postgres(self.context.connection("shebao_db")) as connection:
            connection.execute("DROP SCHEMA IF EXISTS shebao CASCADE; CREATE SCHEMA shebao")
            connection.execute(
                "CREATE TABLE shebao.ac51 (aac001 text, aac147 text, aae140 text, aae001 text, aae201 integer, zzb005 numeric(16,2), "
                "eac040 text, ksrq date, jsrq date)"
            )
            for account in self.accounts.values():
                raw = account.raw
                insert = sql.SQL("INSERT INTO shebao.ac51 ({}, ksrq, jsrq) VALUES ({}, %s, %s)").format(
                    sql.SQL(", ").join(map(sql.Identifier, raw)), sql.SQL(", ").join(sql.Placeholder() * len(raw))
                )
                connection.execute(insert, [*raw.values(), "2020-01-01", "2026-01-01"])
                connection.execute(insert, [*raw.values(), "2026-01-01", "9999-12-31"])

    def correct(self, plan: BundlePlan, *, leave_out: Sequence[int] = ()) -> None:
        """Does by hand what a bundle says, in the table and in the accounts of the next delivery."""
        with connect_postgres(self.context.connection("shebao_db")) as connection:
            for change in plan.changes:
                if change.number in leave_out:
                    continue
                self.accounts[str(change.key[0])].months = int(str(change.cells[0].new))
                done = connection.execute(
                    "UPDATE shebao.ac51 SET aae201 = %s WHERE aac001 = %s AND aae201 = %s AND jsrq = '9999-12-31'",
                    [change.cells[0].new, change.key[0], change.cells[0].old],
                )
                assert done.rowcount == 1


APPROVED = ((State.REHEARSED, SYSTEM), (State.PENDING, SYSTEM), (State.APPROVED, "manager"))
EXECUTED = (*APPROVED, (State.EXECUTING, "engineer"), (State.EXECUTED, SYSTEM))
