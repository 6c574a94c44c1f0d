"""Nights of a few made-up people, delivered, converted, compared and checked as real ones are, with the city's tables beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hedui import engine
from hedui.canonical.convert import RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.cases.record import record_findings
from hedui.checks.run import run_source_checks
from hedui.compare.run import run_comparison
from hedui.context import Context
from hedui.corrections.model import BundlePlan
from hedui.corrections.plan import propose
from hedui.corrections.select import Selection
from hedui.lake import Manifest, Partition
from hedui.sources.postgres_connect import connect

DAY = dt.date(2026, 6, 4)
TIERS = ("shebao", "sheng", "guotong")
Record = dict[str, Any]
ACCOUNT: Record = {
    "insurance": "110", "year": "2025", "opening_fen": 0, "principal_fen": 10000, "interest_fen": 0, "expense_fen": 0,
    "closing_fen": 10000, "accumulated_fen": 10000, "months_before": 108, "months_year": 12, "months_paid": 120, "months_deemed": 0,
    "months_total": 120, "account_state": "1", "pool_region": "990101",
}  # fmt: skip
MONTH: Record = {
    "insurance": "110", "period": "202604", "payment_type": "10", "uscc": "91990101MA0000001X", "pool_region": "990101",
    "pay_base_fen": 500000, "unit_paid_fen": 80000, "person_paid_fen": 40000, "account_fen": 40000,
}  # fmt: skip
COMPARED = {"pension_account": "accounts_tiers", "contribution_month": "months_tiers"}
TABLES = {"person": "ac01", "pension_account": "ac51", "contribution_month": "ac50"}
IDENTITIES = ("990101198601010017", "990101198601010033", "990101198601010050", "990101198601010076", "990101198601010092")
NUMBERS = {"shebao": "1", "sheng": "2", "guotong": "3"}


def number(source: str, person: int) -> str:
    """A system's own number of a person."""
    return f"{NUMBERS[source]}{person:09d}"


def record(source: str, person: int, dataset: str = "pension_account", **values: Any) -> Record:
    """A person's record in a system."""
    base = {"pension_account": ACCOUNT, "contribution_month": MONTH, "person": {"id_type": "01", "name": "张三"}}[dataset]
    return {**base, "person_no": number(source, person), "id_number": IDENTITIES[person], **values}


@dataclass(kw_only=True)
class NightWorld:
    """A lake, a ledger and the city's database; the records of each system's datasets, in their order."""

    context: Context
    url: str
    records: dict[tuple[str, str], list[Record]] = field(default_factory=dict)

    def everywhere(self, dataset: str = "pension_account", people: Sequence[int] = (0, 1, 2)) -> None:
        """The people in the person tables of all systems, and a record of each in a dataset."""
        for source in TIERS:
            self.records[source, "person"] = [record(source, person, "person") for person in people]
            self.records[source, dataset] = [record(source, person, dataset) for person in people]

    def of(self, source: str, dataset: str = "pension_account") -> list[Record]:
        """The records that a test changes."""
        return self.records[source, dataset]

    def night(self, *, checked: bool = True) -> None:
        """Delivers everything, compares, checks and records."""
        for (source, dataset), rows in self.records.items():
            self.deliver(source, dataset, rows)
        datasets = {dataset for _, dataset in self.records}
        for dataset, comparison in COMPARED.items():
            if dataset in datasets:
                run_comparison(self.context, comparison, DAY)
        for source in TIERS if checked else ():
            run_source_checks(self.context, source, DAY)
        record_findings(self.context, DAY)

    def raw(self, source: str, dataset: str, values: Mapping[str, Any]) -> dict[str, str | None]:
        """A record as its system writes it."""
        row: dict[str, str | None] = {}
        for name, column in self.context.site.source(source).datasets[dataset].columns.items():
            value = values.get(name)
            if column.column is None:
                continue
            if value is not None and column.codes:
                value = self._own_code(source, column.codes, value)
            if value is not None and name.endswith("_fen") and column.unit == "yuan":
                value = f"{value / 100:.2f}"
            row[column.column] = None if value is None else str(value)
        return row

    def _own_code(self, source: str, table: str, value: str) -> str:
        entries = code_entries(codes=self.context.site.codes, source=source, date=DAY)
        found = [entry.code for entry in entries if entry.table_name == table and entry.canonical == value and not entry.insurance]
        own = [row.code for row in self.context.site.codes[table] if row.source == source and row.canonical == value]
        return (own or found)[0]

    def deliver(self, source: str, dataset: str, records: Sequence[Record]) -> None:
        """A batch in the lake, raw and canonical."""
        context, spec = self.context, self.context.site.source(source).datasets[dataset]
        rows = [self.raw(source, dataset, values) for values in records]
        columns = list(dict.fromkeys(column.column for column in spec.columns.values() if column.column is not None))
        table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})
        table = table.append_column("source_row", pa.array(range(1, len(rows) + 1), pa.int64()))
        raw = Partition(layer="raw", parts=(source, dataset), date=DAY)
        with context.lake.writer(raw) as writer:
            pq.write_table(table, writer.new_file())
            writer.commit(Manifest(rows=len(rows), meta={"columns": columns, "source_rows": len(rows)}))
        plans = field_plans(dataset=canonical_dataset(dataset), spec=spec, columns=columns, codes=context.site.codes)
        relation = RawRelation(data=context.lake.files(raw), bad=[], columns=columns, records=len(rows), source_rows=len(rows))
        with engine.connect() as duck, context.lake.writer(context.canonical(dataset, source, DAY)) as writer:
            prepare(duck, code_entries(codes=context.site.codes, source=source, date=DAY))
            made = convert(
                connection=duck, lake=context.lake, writer=writer, dataset=canonical_dataset(dataset), plans=plans, raw=relation
            )
            names = {name: column.column for name, column in spec.columns.items() if column.column is not None}
            meta = {"raw_columns": names, "source_rows": len(rows)}
            writer.commit(Manifest(rows=made.rows, rejected=made.rejected, meta=meta))

    def make_table(self, dataset: str = "pension_account") -> None:
        """The city's table: each record in force and in an old version, a serial number of the table's own, an empty batch column."""
        rows = [self.raw("shebao", dataset, values) for values in self.of("shebao", dataset)]
        spec = self.context.site.source("shebao").datasets[dataset]
        kinds = {}
        for name, column in spec.columns.items():
            kind = {"fen": "numeric(16,2)", "int": "integer"}.get(canonical_dataset(dataset).fields[name].type, "text")
            kinds[str(column.column)] = kind
        definition = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        with closing(connect(self.url, autocommit=True)) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS shebao")
            connection.execute(f"DROP TABLE IF EXISTS shebao.{TABLES[dataset]}".encode())
            connection.execute(
                f"CREATE TABLE shebao.{TABLES[dataset]} ({definition}, ksrq date, jsrq date, xgpc varchar(60))".encode()
            )
            for row in rows:
                for begin, end in (("2020-01-01", "2026-01-01"), ("2026-01-01", "9999-12-31")):
                    given = {**row, "ksrq": begin, "jsrq": end}
                    places = ", ".join(["%s"] * len(given))
                    insert = f"INSERT INTO shebao.{TABLES[dataset]} ({', '.join(given)}) VALUES ({places})"
                    connection.execute(insert.encode(), list(given.values()))

    def rows(self, dataset: str = "pension_account", columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows in force of the city's table."""
        query = f"SELECT {columns} FROM shebao.{TABLES[dataset]} WHERE jsrq = '9999-12-31' ORDER BY aac001"
        with closing(connect(self.url, autocommit=True)) as connection:
            return connection.execute(query.encode()).fetchall()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Anything else in the city's database."""
        with closing(connect(self.url, autocommit=True)) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def propose(self, target: str = "shebao", *, run: str = "run", **selection: Any) -> tuple[BundlePlan, ...]:
        """Proposes as the analyst."""
        chosen = Selection(**selection)
        return propose(self.context, date=DAY, target=target, selection=chosen, proposer="analyst", run=run)
