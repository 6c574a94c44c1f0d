"""A bundle for PostgreSQL as people run it: the frozen files in psql, nothing else. And any text through every way of loading."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from hedui.corrections.bundle import FrozenBundle, freeze
from hedui.corrections.bundle.checks import checked
from hedui.corrections.bundle.tables import csv_line, insert_head, insert_text, rows_of
from hedui.corrections.model import BundlePlan, Cell, Dialect, Operation
from hedui.corrections.sql.shape import plan_shapes
from hedui.corrections.sql.statement import Load, Step
from hedui.corrections.sql.statements import StatementSet
from hedui.local.postgres import Postgres
from unit.corrections.bundle_world import BUNDLE, PERSONS, plan, sample, update

TYPES = {"text": "varchar({length})", "integer": "bigint", "decimal": "numeric(16,2)", "date": "date", "timestamp": "timestamp"}
SCRIPTS = ("03_sql/00_precheck.sql", "03_sql/10_backup.sql", "03_sql/20_apply.sql", "03_sql/30_postcheck.sql")


class Psql:
    """psql in a folder, on a database that holds the plan's tables as they are before it."""

    def __init__(self, server: Postgres, url: str, plan: BundlePlan) -> None:
        parsed = make_url(url)
        self._program = str(server._bin / "psql")
        self._address = ["-h", str(server.socket_folder), "-U", str(parsed.username), "-d", str(parsed.database)]
        self.connection = psycopg.connect(
            host=str(server.socket_folder), user=parsed.username, dbname=parsed.database, autocommit=True
        )
        self.plan = plan
        for table in plan.tables:
            columns = ", ".join(f"{c.name} {TYPES[c.kind].format(length=c.length)}" for c in table.columns)
            self.connection.execute(f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join(table.key)}))")
        for table in plan.tables:
            rows: dict[tuple[Any, ...], dict[str, Any]] = {}
            for change in plan.changes:
                if change.table == table.name and change.operation is not Operation.INSERT:
                    row = rows.setdefault(change.key, {**dict(table.live), **dict(zip(table.key, change.key, strict=True))})
                    row.update({cell.column: cell.old for cell in change.cells})
            other = {**dict(table.live), **dict(zip(table.key, (500, "310"), strict=False))}
            names = [column.name for column in table.columns]
            for row in (*rows.values(), other):
                self.connection.execute(
                    f"INSERT INTO {table.name} VALUES ({', '.join(['%s'] * len(names))})", [row.get(name) for name in names]
                )

    def run(self, path: Path, *options: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PGCLIENTENCODING": "UTF8"}
        command = [self._program, "-X", "-q", *self._address, *options, "-f", path.name]
        return subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True)

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: self.connection.execute(f"SELECT * FROM {table.name} ORDER BY {', '.join(table.key)}").fetchall()
            for table in self.plan.tables
        }

    def expected(self, before: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
        """What the plan makes of the rows, told without SQL."""
        found = {}
        for table in self.plan.tables:
            names = [column.name for column in table.columns]
            rows = {
                tuple(row[names.index(key)] for key in table.key): dict(zip(names, row, strict=True)) for row in before[table.name]
            }
            for change in (change for change in self.plan.changes if change.table == table.name):
                if change.operation is Operation.DELETE:
                    del rows[change.key]
                    continue
                key = dict(zip(table.key, change.key, strict=True))
                row = rows.setdefault(change.key, {**dict.fromkeys(names), **dict(table.live), **key})
                row.update({cell.column: cell.new for cell in change.cells})
                if table.batch_column:
                    row[table.batch_column] = self.plan.id
            found[table.name] = [tuple(rows[key].values()) for key in sorted(rows)]
        return found


@pytest.fixture
def psql(postgres_server: Postgres, new_database: Callable[[], str]) -> Iterator[Psql]:
    made = Psql(postgres_server, new_database(), sample(Dialect.POSTGRESQL))
    yield made
    made.connection.close()


@pytest.fixture
def bundle(psql: Psql, tmp_path: Path) -> FrozenBundle:
    return freeze(psql.plan, folder=tmp_path)


def run_all(psql: Psql, bundle: FrozenBundle, *names: str) -> None:
    for name in names:
        done = psql.run(bundle.folder / name)
        assert (done.returncode, done.stderr) == (0, ""), name


@pytest.mark.parametrize("loader", ["04_data/load_insert.sql", "04_data/load_copy.sql"])
def test_frozen_scripts_change_exactly_what_is_planned_and_take_it_back(psql: Psql, bundle: FrozenBundle, loader: str) -> None:
    before = psql.content()
    run_all(psql, bundle, "04_data/create_stage.sql", loader, *SCRIPTS[:2])
    assert psql.content() == before
    run_all(psql, bundle, *SCRIPTS[2:])
    assert psql.content() == psql.expected(before)
    assert psql.run(bundle.folder / "03_sql/20_apply.sql").returncode != 0, "a second run must be refused"
    assert psql.content() == psql.expected(before)
    run_all(psql, bundle, "03_sql/90_rollback.sql", "03_sql/99_cleanup.sql")
    assert psql.content() == before
    left = psql.connection.execute("SELECT relname FROM pg_class WHERE relname LIKE 'hedui%'").fetchall()
    assert left == []


def test_a_backup_made_again_after_the_change_is_refused_and_the_first_one_stays(
    postgres_server: Postgres, new_database: Callable[[], str], tmp_path: Path
) -> None:
    changes = [update(n, PERSONS, (1000 + n,), Cell(column="aae013", old="x", new=f"{n}"), field="remark") for n in (1, 2)]
    psql = Psql(postgres_server, new_database(), plan(changes, dialect=Dialect.POSTGRESQL))
    bundle = freeze(psql.plan, folder=tmp_path)
    before = psql.content()
    run_all(psql, bundle, "04_data/create_stage.sql", "04_data/load_copy.sql", *SCRIPTS)
    assert psql.run(bundle.folder / "03_sql/10_backup.sql").returncode != 0
    run_all(psql, bundle, "03_sql/90_rollback.sql")
    assert psql.content() == before
    psql.connection.close()


def test_the_program_takes_its_parameters(psql: Psql, bundle: FrozenBundle) -> None:
    before = psql.content()
    run_all(psql, bundle, "02_修改程序/create_tables.sql", "04_data/load_copy.sql")
    program = bundle.folder / "02_修改程序/correct.sql"
    for batch, action, fine in ((BUNDLE, "CHECK", True), (BUNDLE, "apply", False), ("BUNDLE-x", "APPLY", False)):
        assert (psql.run(program, "-v", f"batch={batch}", "-v", f"action={action}").returncode == 0) is fine
        assert psql.content() == before
    for action, after in (("APPLY", psql.expected(before)), ("ROLLBACK", before)):
        done = psql.run(program, "-v", f"batch={BUNDLE}", "-v", f"action={action}")
        assert done.returncode == 0, done.stderr
        assert psql.content() == after


SPOILED = {
    "old value": "UPDATE ac01 SET aae013 = 'x' WHERE aac001 = 5",
    "row gone": "DELETE FROM ac01 WHERE aac001 = 5",
    "no longer in force": "UPDATE ac43 SET aae031 = '20260101' WHERE aac001 = 1",
    "inserted by another": "INSERT INTO ac01 (aac001) VALUES (99)",
    "deleted by another": "DELETE FROM ac43 WHERE aac001 = 2",
    "stage changed": 'UPDATE {stage} SET "HEDUI_BATCH" = \'x\' WHERE "SEQ_NO" = 1',
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_changed_since_is_told_by_the_precheck_and_refused_whole(psql: Psql, bundle: FrozenBundle, spoil: str) -> None:
    run_all(psql, bundle, "04_data/create_stage.sql", "04_data/load_copy.sql", "03_sql/10_backup.sql")
    stage = next(item.table for item in bundle.statements(Step.STAGE) if isinstance(item, Load))
    psql.connection.execute(SPOILED[spoil].format(stage=stage))
    before = psql.content()
    checked_first = psql.run(bundle.folder / "03_sql/00_precheck.sql")
    assert checked_first.returncode != 0
    assert "全部撤销" in checked_first.stderr
    if spoil != "stage changed":
        assert psql.run(bundle.folder / "03_sql/20_apply.sql").returncode != 0
    assert psql.content() == before


def test_a_rollback_stops_where_someone_wrote_since(psql: Psql, bundle: FrozenBundle) -> None:
    run_all(psql, bundle, "04_data/create_stage.sql", "04_data/load_copy.sql", *SCRIPTS)
    psql.connection.execute("UPDATE ac01 SET aac003 = '他人' WHERE aac001 = 23")
    before = psql.content()
    assert psql.run(bundle.folder / "03_sql/90_rollback.sql").returncode != 0
    assert psql.content() == before


TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["", "'", "''", "\\", "\\N", "\\.", '"', '""', "NULL", "&&", "\r\n", "\n\n", "$$", "--", "%s", ":1", "\x1e\n", " "]
)


@given(st.lists(TEXTS, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_loaded_alike_by_rows_inserts_and_csv(psql: Psql, texts: list[str]) -> None:
    changes = [
        update(number, PERSONS, (1000 + number,), Cell(column="aae013", old=None if text else "x", new=text), field="remark")
        for number, text in enumerate(texts, start=1)
    ]
    made = checked(plan(changes, dialect=Dialect.POSTGRESQL))
    shapes = plan_shapes(made)
    statements = StatementSet(
        bundle=made.id,
        shapes=shapes,
        dialect=Dialect.POSTGRESQL,
        rows=lambda shape: rows_of(iter(made.changes), shape, bundle=made.id),
    )
    (load,) = (item for item in statements.step(Step.STAGE) if isinstance(item, Load))
    (shape,), (item,) = shapes, statements.texts()
    rows = list(load.rows())
    csv = "".join(csv_line(row, shape.stage_columns(), end="\n") for row in rows)
    head = insert_head(shape, speech=statements.speech, stage=item.stage)
    found = []
    connection = psql.connection
    for definition in statements.step(Step.PREPARE):
        connection.execute(definition.sql)  # type: ignore[arg-type]
    for way in ("rows", "csv", "inserts"):
        connection.execute(f"DELETE FROM {load.table}")  # type: ignore[arg-type]
        if way == "inserts":
            for row in rows:
                connection.execute(insert_text(row, speech=statements.speech, head=head))  # type: ignore[arg-type]
        else:
            text = load.sql if way == "rows" else f"{load.sql} (FORMAT csv)"
            with connection.cursor().copy(text) as copy:  # type: ignore[arg-type]
                for row in rows if way == "rows" else ():
                    copy.write_row(row)
                if way == "csv":
                    copy.write(csv)
        found.append(connection.execute(f'SELECT * FROM {load.table} ORDER BY "SEQ_NO"').fetchall())  # type: ignore[arg-type]
    assert found == [rows] * 3


def test_every_kind_of_value_is_loaded_alike(psql: Psql, bundle: FrozenBundle) -> None:
    loaded = []
    run_all(psql, bundle, "04_data/create_stage.sql")
    for loader in ("04_data/load_insert.sql", "04_data/load_copy.sql"):
        run_all(psql, bundle, loader)
        tables = [item.table for item in bundle.statements(Step.STAGE) if isinstance(item, Load)]
        loaded.append([psql.connection.execute(f'SELECT * FROM {table} ORDER BY "SEQ_NO"').fetchall() for table in tables])  # type: ignore[arg-type]
    assert loaded[0] == loaded[1]
    kinds = {type(value) for rows in loaded[0] for row in rows for value in row}
    assert kinds >= {str, int, Decimal, dt.date, dt.datetime, type(None)}
