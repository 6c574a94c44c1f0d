"""Tables, corrections and bundles that tests make up: ids begin with 99, texts are as hostile as a column allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hedui.corrections.model import BundlePlan, Cell, Change, Column, Decision, Dialect, Operation, Table, Target, Value
from hedui.corrections.sql.shape import Shape, plan_shapes
from hedui.corrections.sql.statement import Statement, Step
from hedui.corrections.sql.statements import StatementSet
from hedui.sources.postgres_connect import connect

DAY = dt.date(2026, 6, 3)
POSTGRES_TYPES = {"text": "varchar", "integer": "bigint", "decimal": "numeric", "date": "date", "timestamp": "timestamp"}
PEOPLE = {"approvers": ("manager",), "leaders": ("leader",), "executor": "engineer", "reviewers": ("reviewer",)}
COLUMNS = (
    Column(name="person_no", length=20, nullable=False, label="个人编号"),
    Column(name="insurance", length=3, nullable=False, label="险种"),
    Column(name="name", length=100, label="姓名"),
    Column(name="base", kind="decimal", length=12, scale=2, label="缴费基数"),
    Column(name="months", kind="integer", label="累计月数"),
    Column(name="begin_day", kind="date", label="开始日期"),
    Column(name="seen_at", kind="timestamp", label="经办时间"),
    Column(name="batch", length=60, label="批次"),
)
INSURED = Table(name="insured", key=("person_no", "insurance"), columns=COLUMNS, batch_column="batch", label="参保登记")
Row = tuple[Value, ...]


def target(dialect: Dialect = Dialect.POSTGRESQL, **values: Any) -> Target:
    table = {"dataset": "enrolment", "key": ("person_no",)}
    given = {"id": "local", "name": "市社保业务库", "tier": "local", "region": "990100", "source": "shebao", "dialect": dialect}
    given |= {"mode": "execute", "connection": "db", "tables": (table,), "people": PEOPLE, **values}
    return Target.model_validate(given)


@dataclass(frozen=True)
class Bundle:
    """A plan as a frozen bundle gives it."""

    plan: BundlePlan
    digest: str = "d" * 64

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def target(self) -> Target:
        return self.plan.target

    def verify(self) -> None:
        """Nothing is frozen here."""

    def statements(
        self, step: Step, copies: dict[str, str] | None = None, *, dialect: Dialect | None = None
    ) -> tuple[Statement, ...]:
        texts = StatementSet(
            bundle=self.plan.id,
            shapes=plan_shapes(self.plan),
            dialect=dialect or self.plan.target.dialect,
            copies=copies or {},
            rows=self._rows,
        )
        return texts.step(step)

    def _rows(self, shape: Shape) -> Iterator[Row]:
        for change in self.plan.changes:
            if change.table != shape.table.name:
                continue
            cells = {cell.column: (cell.old, cell.new) for cell in change.cells}
            values = [value for name in shape.written for value in cells.get(name, (None, None))]
            yield (self.plan.id, change.number, shape.group_of(change), *change.key, *values)


@dataclass(frozen=True)
class Correction:
    """What shall become of a row: new values by column for an update, all values for an insert, None for a delete."""

    operation: Operation
    key: Row
    values: dict[str, Value] = field(default_factory=dict)


def bundle_of(
    table: Table,
    rows: Iterable[Row],
    corrections: Iterable[Correction],
    *,
    name: str = "BUNDLE-990100-20260603-001",
    to: Target | None = None,
) -> Bundle:
    """The bundle that makes the corrections to the rows."""
    names = [column.name for column in table.columns]
    width = len(table.key)
    known = {row[:width]: dict(zip(names, row, strict=True)) for row in rows}
    changes = [
        Change(
            number=number,
            operation=item.operation,
            table=table.name,
            key=item.key,
            cells=_cells(table, known.get(item.key, {}), item),
            cases=(f"{number:032x}",),
            rule="T03",
            field="months_paid",
            person=str(item.key[0]),
        )
        for number, item in enumerate(corrections, start=1)
    ]
    plan = BundlePlan(
        id=name,
        target=to or target(),
        business_date=DAY,
        tables=(table,),
        changes=tuple(changes),
        decision=Decision.UPPER_RIGHT,
        reasons=(),
        proposer="analyst",
    )
    return Bundle(plan)


def _cells(table: Table, old: dict[str, Value], item: Correction) -> tuple[Cell, ...]:
    free = [column.name for column in table.columns if column.name not in table.key]
    if item.operation is Operation.DELETE:
        return tuple(Cell(column=name, old=old[name], new=None) for name in free)
    cells = [Cell(column=name, old=old.get(name), new=item.values[name]) for name in free if name in item.values]
    return tuple(cell for cell in cells if item.operation is Operation.INSERT or cell.old != cell.new)


def expected(table: Table, rows: Iterable[Row], corrections: Iterable[Correction], batch: str) -> list[Row]:
    """The rows after the corrections, worked out apart from any SQL."""
    names = [column.name for column in table.columns]
    width = len(table.key)
    found = {row[:width]: dict(zip(names, row, strict=True)) for row in rows}
    for item in corrections:
        if item.operation is Operation.DELETE:
            del found[item.key]
            continue
        row = found.setdefault(item.key, dict.fromkeys(names) | dict(zip(table.key, item.key, strict=True)))
        row.update(item.values)
        if table.batch_column:
            row[table.batch_column] = batch
    return sorted((tuple(row.values()) for row in found.values()), key=lambda row: tuple(map(str, row[:width])))


class PostgresTable:
    """A table in PostgreSQL."""

    def __init__(self, url: str, table: Table) -> None:
        self.url = url
        self.table = table

    def fill(self, rows: Iterable[Row]) -> None:
        """Makes it anew with the rows; work tables and journals of earlier bundles are gone."""
        name = self.table.name
        with closing(connect(self.url, autocommit=True)) as connection:
            stale = connection.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'hedui%'").fetchall()
            for (work,) in [*stale, (name,)]:
                connection.execute(f'DROP TABLE IF EXISTS "{work}"'.encode())
            columns = [f'"{column.name}" {_type(column)}' for column in self.table.columns]
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)}, PRIMARY KEY ({', '.join(self.table.key)}))".encode())
            with connection.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)

    def rows(self) -> list[Row]:
        keys = range(len(self.table.key))
        found = self.query(f"SELECT * FROM {self.table.name}")
        return sorted(found, key=lambda row: tuple(str(row[number]) for number in keys))

    def query(self, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
        with closing(connect(self.url, autocommit=True)) as connection:
            cursor = connection.execute(sql.encode(), binds or None)
            return cursor.fetchall() if cursor.description else []


def _type(column: Column) -> str:
    if column.fixed:
        return f"character({column.length})"
    kind = POSTGRES_TYPES[column.kind]
    if column.kind == "text" and column.length:
        return f"{kind}({column.length})"
    return f"{kind}({column.length}, {column.scale})" if column.kind == "decimal" else kind


def people(count: int = 12) -> list[Row]:
    """Rows of the table INSURED."""
    rows: list[Row] = []
    for number in range(count):
        name = ("张三", None, "O'Brien & Söhne -- x", "换\n行", "", "𠮷野家😀", "a\\b\t%s")[number % 7]
        base = None if number % 5 == 4 else Decimal(number * 100 + number % 100) / 4
        day = None if number % 3 == 2 else dt.date(2000, 1, 1) + dt.timedelta(days=number)
        seen = dt.datetime(2026, 1, 1, 8, 30, number % 60, 123456)
        rows.append((f"99{number:06d}", "110", name, base, number * 7 if number % 4 else None, day, seen, None))
    return rows


def some_corrections(rows: list[Row]) -> list[Correction]:
    """Updates of one, two and three columns, to and from NULL, an insert and a delete."""
    new = {"name": "李'四\n😀 &x", "base": Decimal("3.50"), "months": 1, "begin_day": dt.date(1999, 12, 31), "seen_at": None}
    update = Operation.UPDATE
    return [
        Correction(update, rows[0][:2], {"months": 144}),
        Correction(update, rows[1][:2], {"months": 145}),
        Correction(update, rows[2][:2], {"name": None, "base": Decimal("9999999.99")}),
        Correction(
            update, rows[4][:2], {"base": Decimal("0.01"), "begin_day": None, "seen_at": dt.datetime(2020, 2, 29, 23, 59, 59)}
        ),
        Correction(Operation.INSERT, ("99900001", "310"), new),
        Correction(Operation.DELETE, rows[5][:2]),
    ]
