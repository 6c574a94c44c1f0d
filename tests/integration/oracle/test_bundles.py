"""The Oracle text of frozen bundles, run over Oracle's wire protocol: scripts, INSERTs and the 修改程序 as people run them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import oracledb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedui.corrections.bundle import FrozenBundle, freeze
from hedui.corrections.model import BundlePlan, Dialect, Operation
from hedui.corrections.sql.dialects import speech
from hedui.corrections.sql.statement import Count, Load, Step, Write
from hedui.sources.oracle_errors import codes
from integration.oracle.conftest import connect
from unit.corrections.bundle_world import BUNDLE, PERSONS, sample

TYPES = {
    "text": "VARCHAR2({length} CHAR)",
    "integer": "NUMBER(18)",
    "decimal": "NUMBER(16, 2)",
    "date": "DATE",
    "timestamp": "TIMESTAMP(6)",
}
INPUTS = {
    "text": oracledb.DB_TYPE_VARCHAR,
    "integer": oracledb.DB_TYPE_NUMBER,
    "decimal": oracledb.DB_TYPE_NUMBER,
    "date": oracledb.DB_TYPE_DATE,
    "timestamp": oracledb.DB_TYPE_TIMESTAMP,
}


def pieces(script: str) -> Iterator[str]:
    """The statements of a SQL*Plus script, as SQL*Plus splits them; its own commands are left out."""
    lines: list[str] = []
    block = False
    for line in script.splitlines():
        if not lines and (not line.strip() or line.startswith("--") or re.match(r"(SET|WHENEVER|VARIABLE|EXEC|PROMPT)\b", line)):
            continue
        if block and line == "/":
            yield "\n".join(lines)
            lines, block = [], False
            continue
        lines.append(line)
        block = block or bool(re.match(r"(DECLARE|BEGIN)\b", lines[0]))
        if not block and line.rstrip().endswith(";"):
            yield "\n".join(lines).rstrip()[:-1]
            lines = []


def run(connection: oracledb.Connection, script: str, **binds: Any) -> None:
    with connection.cursor() as cursor:
        for piece in pieces(script):
            if piece.strip() == "COMMIT":
                connection.commit()
            else:
                wanted = {name: value for name, value in binds.items() if f":{name}" in piece}
                cursor.execute(piece, wanted)


@pytest.fixture
def plan() -> BundlePlan:
    return sample()


@pytest.fixture
def bundle(plan: BundlePlan, tmp_path: Path) -> FrozenBundle:
    return freeze(plan, folder=tmp_path)


@pytest.fixture
def target(plan: BundlePlan, oracle_url: str) -> Iterator[oracledb.Connection]:
    """The plan's tables as they are before it, and rows that it does not touch."""
    with closing(connect(oracle_url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT TABLE_NAME FROM USER_TABLES WHERE TABLE_NAME LIKE 'HEDUI%' OR TABLE_NAME IN ('AC01', 'AC43')")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {name}")
            for table in plan.tables:
                columns = ", ".join(f"{c.name.upper()} {TYPES[c.kind].format(length=c.length)}" for c in table.columns)
                cursor.execute(f"CREATE TABLE {table.name.upper()} ({columns})")
            for table in plan.tables:
                names = [column.name for column in table.columns]
                kinds = [INPUTS[column.kind] for column in table.columns]
                insert = f"INSERT INTO {table.name.upper()} VALUES ({', '.join(f':{n}' for n in range(1, len(names) + 1))})"
                rows: dict[tuple[Any, ...], dict[str, Any]] = {}
                for change in plan.changes:
                    if change.table == table.name and change.operation is not Operation.INSERT:
                        row = rows.setdefault(change.key, {**dict(table.live), **dict(zip(table.key, change.key, strict=True))})
                        row.update({cell.column: cell.old for cell in change.cells})
                other = {**dict(table.live), **dict(zip(table.key, (500, "310"), strict=False))}
                for row in (*rows.values(), other):
                    cursor.setinputsizes(*kinds)
                    cursor.execute(insert, [row.get(name) for name in names])
        connection.commit()
        yield connection


def content(connection: oracledb.Connection, plan: BundlePlan) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection.cursor() as cursor:
        for table in plan.tables:
            names = ", ".join(column.name.upper() for column in table.columns)
            keys = ", ".join(name.upper() for name in table.key)
            found[table.name] = list(cursor.execute(f"SELECT {names} FROM {table.name.upper()} ORDER BY {keys}"))
    return found


def expected(before: dict[str, list[tuple[Any, ...]]], plan: BundlePlan) -> dict[str, list[tuple[Any, ...]]]:
    """What the plan makes of the rows, told without SQL."""
    found = {}
    for table in plan.tables:
        names = [column.name for column in table.columns]
        rows = {tuple(row[names.index(key)] for key in table.key): dict(zip(names, row, strict=True)) for row in before[table.name]}
        for change in plan.changes:
            if change.table != table.name:
                continue
            if change.operation is Operation.DELETE:
                del rows[change.key]
                continue
            row = rows.setdefault(
                change.key, {**dict.fromkeys(names), **dict(table.live), **dict(zip(table.key, change.key, strict=True))}
            )
            row.update({cell.column: cell.new for cell in change.cells})
            if table.batch_column:
                row[table.batch_column] = plan.id
        found[table.name] = [_plain(tuple(rows[key].values())) for key in sorted(rows)]
    return found


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Oracle's DATE has a time of day."""
    return tuple(f"{value:%Y-%m-%d %H:%M:%S.%f}" if hasattr(value, "strftime") else value for value in row)


def plain(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [_plain(row) for row in rows] for name, rows in found.items()}


def load(connection: oracledb.Connection, bundle: FrozenBundle) -> None:
    """The stage tables filled as the platform fills them."""
    with connection.cursor() as cursor:
        for statement in bundle.statements(Step.STAGE):
            if isinstance(statement, Load):
                cursor.setinputsizes(*[INPUTS[kind] for kind in statement.kinds])
                cursor.executemany(statement.sql, list(statement.rows()), batch_size=200)
    connection.commit()


def text(bundle: FrozenBundle, name: str) -> str:
    return (bundle.folder / name).read_text(encoding="utf-8")


def test_scripts_change_exactly_what_is_planned_and_take_it_back(
    bundle: FrozenBundle, plan: BundlePlan, target: oracledb.Connection
) -> None:
    """Loaded by the INSERT script: every hostile text must come through its literals."""
    before = content(target, plan)
    for name in ("04_data/create_stage.sql", "04_data/load_insert.sql", "03_sql/00_precheck.sql", "03_sql/10_backup.sql"):
        run(target, text(bundle, name))
    assert content(target, plan) == before
    run(target, text(bundle, "03_sql/20_apply.sql"))
    run(target, text(bundle, "03_sql/30_postcheck.sql"))
    assert plain(content(target, plan)) == expected(before, plan)
    run(target, text(bundle, "03_sql/90_rollback.sql"))
    assert content(target, plan) == before
    run(target, text(bundle, "03_sql/99_cleanup.sql"))


def test_literals_and_binds_load_the_same(bundle: FrozenBundle, target: oracledb.Connection) -> None:
    loaded = []
    for by_script in (True, False):
        run(target, text(bundle, "04_data/create_stage.sql"))
        if by_script:
            run(target, text(bundle, "04_data/load_insert.sql"))
        else:
            load(target, bundle)
        with target.cursor() as cursor:
            tables = [item.table for item in bundle.statements(Step.STAGE) if isinstance(item, Load)]
            loaded.append([list(cursor.execute(f"SELECT * FROM {table} ORDER BY SEQ_NO")) for table in tables])
            for table in tables:
                cursor.execute(f"DROP TABLE {table}")
    assert loaded[0] == loaded[1]


TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=80)


@given(st.lists(TEXTS, min_size=1, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_the_same_as_a_literal(target: oracledb.Connection, texts: list[str]) -> None:
    literals = ", ".join(f"{speech(Dialect.ORACLE).literal(value)} AS C{number}" for number, value in enumerate(texts))
    with target.cursor() as cursor:
        assert cursor.execute(f"SELECT {literals} FROM DUAL").fetchone() == tuple(texts)


def test_statements_meet_their_counts(bundle: FrozenBundle, plan: BundlePlan, target: oracledb.Connection) -> None:
    before = content(target, plan)
    with target.cursor() as cursor:
        for statement in bundle.statements(Step.PREPARE):
            cursor.execute(statement.sql)
        load(target, bundle)
        for step in (Step.PRECHECK, Step.BACKUP, Step.APPLY, Step.POSTCHECK, Step.ROLLBACK):
            for statement in bundle.statements(step):
                cursor.execute(statement.sql)
                if isinstance(statement, Count):
                    assert cursor.fetchone() == (statement.expect,), statement.label
                elif isinstance(statement, Write) and statement.expect is not None:
                    assert cursor.rowcount == statement.expect, statement.label
            if step is Step.POSTCHECK:
                assert plain(content(target, plan)) == expected(before, plan)
        target.commit()
    assert content(target, plan) == before


def test_the_program_checks_applies_and_rolls_back(bundle: FrozenBundle, plan: BundlePlan, target: oracledb.Connection) -> None:
    before = content(target, plan)
    run(target, text(bundle, "02_修改程序/create_tables.sql"))
    load(target, bundle)
    program = text(bundle, "02_修改程序/correct.sql")
    run(target, program, P_BATCH=BUNDLE, P_ACTION="CHECK")
    assert content(target, plan) == before
    run(target, program, P_BATCH=BUNDLE, P_ACTION="APPLY")
    assert plain(content(target, plan)) == expected(before, plan)
    with pytest.raises(oracledb.DatabaseError) as again:
        run(target, program, P_BATCH=BUNDLE, P_ACTION="APPLY")
    assert codes(again.value)[0].startswith("ORA-20")
    target.rollback()
    run(target, program, P_BATCH=BUNDLE, P_ACTION="ROLLBACK")
    assert content(target, plan) == before


@pytest.mark.parametrize(
    ("batch", "action"), [("BUNDLE-990102-20260605-002", "APPLY"), (None, "APPLY"), (BUNDLE, "apply"), (BUNDLE, None)]
)
def test_the_program_refuses_other_parameters(
    bundle: FrozenBundle, plan: BundlePlan, target: oracledb.Connection, batch: str | None, action: str | None
) -> None:
    before = content(target, plan)
    run(target, text(bundle, "02_修改程序/create_tables.sql"))
    load(target, bundle)
    with pytest.raises(oracledb.DatabaseError, match="ORA-20001"):
        run(target, text(bundle, "02_修改程序/correct.sql"), P_BATCH=batch, P_ACTION=action)
    target.rollback()
    assert content(target, plan) == before


@pytest.mark.parametrize("by_program", [False, True], ids=["script", "program"])
def test_a_value_that_changed_since_refuses_all(
    bundle: FrozenBundle, plan: BundlePlan, target: oracledb.Connection, by_program: bool
) -> None:
    run(target, text(bundle, "02_修改程序/create_tables.sql"))
    load(target, bundle)
    with target.cursor() as cursor:
        cursor.execute(f"UPDATE {PERSONS.name} SET AAE013 = 'someone else' WHERE AAC001 = 7")
        target.commit()
    before = content(target, plan)
    name = "02_修改程序/correct.sql" if by_program else "03_sql/20_apply.sql"
    with pytest.raises(oracledb.DatabaseError, match="ORA-20"):
        run(target, text(bundle, name), P_BATCH=BUNDLE, P_ACTION="APPLY")
    target.rollback()
    assert content(target, plan) == before
