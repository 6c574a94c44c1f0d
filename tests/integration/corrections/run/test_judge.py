"""The night's rules judge a rehearsed bundle: the difference must be gone, and nothing new may appear."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui import engine
from hedui.canonical.convert import RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.checks.run import run_source_checks
from hedui.compare.run import run_comparison
from hedui.context import Context
from hedui.corrections.model import BundlePlan, Cell, Change, Column, Decision, Dialect, Operation, Table, Target
from hedui.corrections.run import rehearse
from hedui.corrections.site import target_of
from hedui.lake import Lake, Manifest, Partition
from hedui.sources.postgres_connect import connect
from integration.corrections.run.made import Bundle

DAY = dt.date(2026, 6, 3)
DATASET = "pension_account"
ACCOUNT: dict[str, Any] = {
    "insurance": "110", "year": "2025", "opening_fen": 0, "principal_fen": 10000, "interest_fen": 0, "expense_fen": 0,
    "closing_fen": 10000, "accumulated_fen": 10000, "months_before": 108, "months_year": 12, "months_paid": 120, "months_deemed": 0,
    "months_total": 120, "account_state": "1",
}  # fmt: skip
PEOPLE = {"9990000001": "990101198601010017", "9990000002": "990101198601010033"}


def deliver(context: Context, source: str, wrong: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """A source's accounts of the night in the lake; gives its raw rows."""
    spec = context.site.source(source).datasets[DATASET]
    rows = []
    for number, identity in PEOPLE.items():
        values = ACCOUNT | {"person_no": number, "id_number": identity} | wrong.get(number, {})
        row: dict[str, Any] = {}
        for field, column in spec.columns.items():
            value = values.get(field)
            if column.column is not None and value is not None:
                own = _own_code(context, source, column.codes, value) if column.codes else value
                row[column.column] = str(own / 100 if field.endswith("_fen") and column.unit == "yuan" else own)
        rows.append(row)
    columns = [column.column for column in spec.columns.values() if column.column is not None]
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})
    table = table.append_column("source_row", pa.array(range(1, len(rows) + 1), pa.int64()))
    raw = Partition(layer="raw", parts=(source, DATASET), date=DAY)
    with context.lake.writer(raw) as writer:
        pq.write_table(table, writer.new_file())
        writer.commit(Manifest(rows=len(rows), meta={"columns": columns, "source_rows": len(rows)}))
    plans = field_plans(dataset=canonical_dataset(DATASET), spec=spec, columns=columns, codes=context.site.codes)
    relation = RawRelation(data=context.lake.files(raw), bad=[], columns=columns, records=len(rows), source_rows=len(rows))
    with engine.connect() as duck, context.lake.writer(context.canonical(DATASET, source, DAY)) as writer:
        prepare(duck, code_entries(codes=context.site.codes, source=source, date=DAY))
        made = convert(
            connection=duck, lake=context.lake, writer=writer, dataset=canonical_dataset(DATASET), plans=plans, raw=relation
        )
        raw_columns = {field: column.column for field, column in spec.columns.items() if column.column is not None}
        writer.commit(Manifest(rows=made.rows, rejected=made.rejected, meta={"raw_columns": raw_columns, "source_rows": len(rows)}))
    return rows


def _own_code(context: Context, source: str, table: str, value: str) -> str:
    entries = code_entries(codes=context.site.codes, source=source, date=DAY)
    found = [entry.code for entry in entries if entry.table_name == table and entry.canonical == value and not entry.insurance]
    own = [row.code for row in context.site.codes[table] if row.source == source and row.canonical == value]
    return (own or found)[0]


@pytest.fixture
def night(tmp_path: Path, target_url: str, context: Context) -> Callable[[dict[str, dict[str, Any]]], Context]:
    """A night in which the city's (and the province's) accounts are wrong, with the city's table."""

    def make(wrong: dict[str, dict[str, Any]], *, of: str = "shebao") -> Context:
        made = replace(context, lake=Lake(str(tmp_path / "lake")), connection={"shebao_db": target_url}.__getitem__)
        rows = {source: deliver(made, source, wrong if source == of else {}) for source in ("shebao", "sheng", "guotong")}
        run_comparison(made, "accounts_tiers", DAY)
        for source in rows:
            run_source_checks(made, source, DAY)
        names = list(rows["shebao"][0])
        with closing(connect(target_url, autocommit=True)) as connection:
            connection.execute("DROP SCHEMA IF EXISTS shebao CASCADE")
            connection.execute("CREATE SCHEMA shebao")
            money = ("aic200", "zzb001", "zzb002", "aic340", "zzb005", "aic268")
            whole = ("aic042", "aic079", "aae201", "aae200", "eac047")
            kinds = {name: "numeric(16,2)" if name in money else "integer" if name in whole else "text" for name in names}
            connection.execute(
                f"CREATE TABLE shebao.ac51 ({', '.join(f'{n} {k}' for n, k in kinds.items())}, jsrq date, xgpc text)".encode()
            )
            for row in rows["shebao"]:
                for end in ("2025-01-01", "9999-12-31"):
                    places = ", ".join(["%s"] * (len(names) + 1))
                    insert = f"INSERT INTO shebao.ac51 ({', '.join(names)}, jsrq) VALUES ({places})"
                    connection.execute(insert.encode(), [*row.values(), end])
        return made

    return make


def cases(context: Context, field: str) -> tuple[str, ...]:
    files = engine.parquet(context.lake.files(context.findings("accounts_tiers", DAY)))
    with engine.connect() as duck:
        return tuple(name for (name,) in duck.execute(f"SELECT fingerprint FROM {files} WHERE field = '{field}'").fetchall())


def bundle(context: Context, target: Target, column: Column, old: Any, new: Any, found: tuple[str, ...]) -> Bundle:
    spec = next(table for table in target.tables if table.dataset == DATASET)
    row = ("9990000001", _own_code(context, target.source, "insurance", "110"), "2025")
    batch = Column(name=spec.batch_column or "", length=40)
    more = (Column(name="jsrq", kind="date"), batch) if target.id == "shebao" else (batch,)
    key = tuple(Column(name=name, length=20, nullable=False) for name in spec.key)
    name = spec.table or context.site.source(target.source).datasets[DATASET].table
    table = Table(
        name=name,
        key=spec.key,
        columns=(*key, column, *more),
        batch_column=spec.batch_column,
        live=tuple(spec.live.items()),
        label="账户",
    )
    change = Change(
        number=1, operation=Operation.UPDATE, table=name, key=row, cells=(Cell(column=column.name, old=old, new=new),),
        cases=found, rule="T06", field="months_paid", person="p",
    )  # fmt: skip
    return Bundle(
        BundlePlan(
            id="BUNDLE-990100-20260603-009",
            target=target,
            business_date=DAY,
            tables=(table,),
            changes=(change,),
            decision=Decision.UPPER_RIGHT,
            reasons=(),
            proposer="analyst",
        )
    )


MONTHS = Column(name="aae201", kind="integer", label="实缴月数")


def test_a_correction_that_settles_its_case_passes(night: Callable[..., Context]) -> None:
    context = night({"9990000001": {"months_paid": 110}})
    found = cases(context, "months_paid")
    assert len(found) == 1
    rehearsal = rehearse(context, bundle(context, target_of(context, "shebao"), MONTHS, 110, 120, found))
    assert (rehearsal.ok, rehearsal.reasons, rehearsal.failed_cases) == (True, (), ())
    assert dict(rehearsal.lines)["差异已消除"] == "1 / 1"
    assert dict(rehearsal.lines)["新出现的差异"] == "0"


def test_a_correction_to_another_wrong_value_leaves_its_case(night: Callable[..., Context]) -> None:
    context = night({"9990000001": {"months_paid": 110}})
    found = cases(context, "months_paid")
    rehearsal = rehearse(context, bundle(context, target_of(context, "shebao"), MONTHS, 110, 115, found))
    assert (rehearsal.ok, rehearsal.reasons) == (False, ("修改后仍有差异未消除：方案第 1 行",))
    assert rehearsal.failed_cases == found


def test_a_correction_that_brings_about_another_finding_fails_and_names_its_line(night: Callable[..., Context]) -> None:
    """Months of the years before and of this year no longer add up to the corrected sum."""
    context = night({"9990000001": {"months_before": 98, "months_paid": 110, "months_total": 110}})
    found = cases(context, "months_paid")
    rehearsal = rehearse(context, bundle(context, target_of(context, "shebao"), MONTHS, 110, 120, found))
    assert not rehearsal.ok
    assert len(rehearsal.reasons) == 1
    assert rehearsal.reasons[0].startswith("修改后新出现 1 项“T11 ")
    assert rehearsal.reasons[0].endswith("方案第 1 行")
    assert rehearsal.failed_cases == found


def test_what_others_keep_is_rehearsed_upon_the_rows_received(night: Callable[..., Context]) -> None:
    context = night({"9990000001": {"months_deemed": 6}}, of="sheng")
    found = cases(context, "months_deemed")
    target = target_of(context, "sheng")
    assert (target.dialect, target.connection) == (Dialect.ORACLE, None)
    column = Column(name="STYS", kind="integer", label="视同月数")
    rehearsal = rehearse(context, bundle(context, target, column, 6, 0, found))
    assert (rehearsal.ok, rehearsal.reasons) == (True, ())
    stale = rehearse(context, bundle(context, target, column, 7, 0, found))
    assert stale.reasons == ("账户：修改视同月数，现值与原值一致的行：应为 1，实为 0",)


def test_a_night_that_has_not_read_the_source_judges_nothing(night: Callable[..., Context]) -> None:
    context = night({"9990000001": {"months_paid": 110}})
    found = cases(context, "months_paid")
    context.lake.remove(Partition(layer="raw", parts=("shebao", DATASET), date=DAY))
    rehearsal = rehearse(context, bundle(context, target_of(context, "shebao"), MONTHS, 110, 120, found))
    assert not rehearsal.ok
    assert "the night has no such batch" in rehearsal.reasons[0]
