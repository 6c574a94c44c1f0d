"""What a table in PostgreSQL holds: values, keys, places, and measures of its content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psycopg

from hedui.engine import environment
from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError, ConstraintError, RegionError
from hedui.regions.migrate import postgres_text as pg
from hedui.regions.migrate.records import Guard, Measure
from hedui.site.regions import Target

_LOCKED = ("55P03", "40P01")  # lock_not_available, deadlock_detected


class PostgresTable:
    """A target's table and the connection to it; see :class:`hedui.regions.migrate.records.TargetStore`.

    Args:
        url: SQLAlchemy URL.
        target: What to migrate.
        run: The run's name, part of the work tables' names.
        code_columns: All columns of the table that carry codes of some target: they do not count as content.
        table: The table as it is really called, where it is a copy.
    """

    def __init__(self, *, url: str, target: Target, run: str, code_columns: Sequence[str] = (), table: str | None = None) -> None:
        self.target = target
        self.run = run
        self._url = url
        self._code_columns = tuple(dict.fromkeys((*code_columns, target.column)))
        self._table = table or ".".join(pg.quote(part) for part in target.table.split("."))
        self._copied = table is not None
        self._connection = pg.connect(url)
        self._connection.execute(f"SET lock_timeout = '{pg.LOCK_SECONDS}s'")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns the driver's errors, which may quote rows, into ours."""
        try:
            yield
        except psycopg.IntegrityError as error:
            raise ConstraintError(
                f"{self.target.id}: a constraint of {self.target.table} refuses the new codes ({type(error).__name__}, "
                f"{error.diag.constraint_name or error.sqlstate}); nothing of this statement was kept. Cure the rows or the constraint."
            ) from None
        except psycopg.Error as error:
            if error.sqlstate in _LOCKED:
                raise ConcurrentWriterError(
                    f"{self.target.id}: someone else has held rows of {self.target.table} locked for {pg.LOCK_SECONDS} seconds; nothing of "
                    "this batch was kept. Stop the writer, then run the step again."
                ) from None
            raise RegionError(
                f"{self.target.id}: the database refused ({type(error).__name__}, SQLSTATE {error.sqlstate}); "
                "nothing of this statement was kept. See the server's log for details."
            ) from None

    def _run(self, statement: str) -> psycopg.Cursor[Any]:
        with self._guarded():
            return self._connection.execute(statement)

    def _work(self, what: str) -> str:
        return f"{pg.SCHEMA}.{pg.quote(f'{what}_{self.run}_{self.target.id}')}"

    def _sql(self, name: str, **parameters: Any) -> str:
        target = self.target
        quoted = {
            "table": self._table,
            "column": pg.quote(target.column),
            "keys": [pg.quote(key) for key in target.key],
            "person": pg.quote(target.person) if target.person else None,
            "unit": pg.quote(target.unit) if target.unit else None,
            "amounts": [pg.quote(column) for column in target.amounts],
            "fen": 100 if target.money == "yuan" else 1,
            "date": pg.quote(target.date) if target.date else None,
            "closed": self._closed,
            "place": self._place,
            "row_key": pg.joined([f"t.{pg.quote(key)}" for key in target.key]),
            "log": self._work("log"),
            "map": self._work("map"),
            "manual": self._work("manual"),
            "queue": self._work("queue"),
            "unlogged": self._copied,
        }
        return environment().get_template(f"regions/postgres/{name}.sql.jinja").render(**{**quoted, **parameters})

    @property
    def _closed(self) -> str:
        if self.target.frozen:
            return "true"
        if self.target.closed is None:
            return "false"
        bound = pg.literal(self.target.closed.before)
        return f'coalesce(t.{pg.quote(self.target.closed.column)}::text COLLATE "C" < {bound}, false)'

    @property
    def _place(self) -> str:
        return pg.joined([f"t.{pg.quote(column)}" for column in self.target.place_columns.values()] or ["''"])

    @cached_property
    def _rest(self) -> list[str]:
        """The columns that are content, those without a hash as text.

        Raises:
            RegionError: The table or a column of the target is not there.
        """
        with self._guarded():
            rows = self._connection.execute(pg.COLUMNS, (self._table,)).fetchall()
        found = {row[0]: row[2] for row in rows}
        target = self.target
        closed = [target.closed.column] if target.closed else []
        named = (target.column, *target.key, target.person, target.unit, *target.amounts, target.date, *closed)
        missing = [name for name in (*named, *target.place_columns.values()) if name and name not in found]
        if missing or not found:
            raise RegionError(
                f"{target.id}: {target.table} has no column {', '.join(missing)}; found {', '.join(found) or 'no such table'}."
            )
        if found[target.column] in pg.NUMBERS:
            raise RegionError(
                f"{target.id}: {target.table}.{target.column} is a number; codes are text, make the column text first."
            )
        content = [name for name in found if name not in self._code_columns]
        return [f"t.{pg.quote(name)}" + ("::text" if found[name].startswith(pg.UNHASHABLE) else "") for name in content]

    def values(self, *, closed: bool = False) -> dict[str, int]:
        """See the protocol."""
        _ = self._rest
        column = pg.quote(self.target.column)
        which = "true" if closed else f"NOT {self._closed}"
        query = f"SELECT t.{column}::text, count(*) FROM {self._table} AS t WHERE {which} AND t.{column} IS NOT NULL GROUP BY 1"
        return {str(code): int(rows) for code, rows in self._run(query)}

    def key_problem(self) -> str:
        """See the protocol. A unique index over the key's columns settles it, else they are counted."""
        keys = ", ".join(pg.quote(key) for key in self.target.key)
        with self._guarded():
            indexed = self._connection.execute(pg.UNIQUE, (self._table, list(self.target.key))).fetchone()
        if indexed:
            return ""
        absent = " OR ".join(f"{pg.quote(key)} IS NULL" for key in self.target.key)
        doubles = f"SELECT 1 FROM {self._table} GROUP BY {keys} HAVING count(*) > 1"
        query = f"SELECT count(*), (SELECT count(*) FROM {self._table} WHERE {absent}) FROM ({doubles}) AS d"
        twice, empty = self._run(query).fetchall()[0]
        return f"主键列不能唯一确定一行：重复{twice:,}组，空值{empty:,}行" if twice or empty else ""

    def guards(self, codes: Sequence[str]) -> list[Guard]:
        """See the protocol: foreign keys from and to the column, and triggers."""
        column = self.target.column
        with self._guarded():
            outward = self._connection.execute(pg.KEYS_OUT, (column, self._table)).fetchall()
            inward = self._connection.execute(pg.KEYS_IN, (column, self._table)).fetchall()
            triggers = self._connection.execute(pg.TRIGGERS, (self._table,)).fetchall()
        found = [self._outward(name, table, to, codes) for name, table, to in outward]
        for name, table, cascades in inward:
            detail = f"{table} 引用本列，" + ("随本列级联更新" if cascades else "更新会被拒绝；先改为可延迟或级联，或列为迁移对象")
            found.append(Guard(title=f"外键 {name}", blocks=not cascades, detail=detail))
        found += [Guard(title=f"触发器 {name}", blocks=False, detail="更新时会执行；副本演练不含触发器") for (name,) in triggers]
        return found

    def _outward(self, name: str, table: str, to: str, codes: Sequence[str]) -> Guard:
        held = f"SELECT 1 FROM {table} AS r WHERE r.{pg.quote(to)}::text = wanted.code"
        query = f"SELECT wanted.code FROM unnest(%s::text[]) AS wanted (code) WHERE NOT EXISTS ({held})"
        with self._guarded():
            missing = [str(row[0]) for row in self._connection.execute(query, (list(codes),))]
        detail = f"{table} 缺少现代码：{'、'.join(missing[:20])}；先在该表登记" if missing else f"现代码均已在 {table} 登记"
        return Guard(title=f"外键 {name}", blocks=bool(missing), detail=detail)

    def places(self, values: list[str]) -> list[tuple[str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        if not columns or not values:
            return [(value, Place()) for value in values]
        return [(str(row[0]), Place(**dict(zip(columns, row[1:], strict=True)))) for row in self._placed(values)]

    def person_places(self, values: Sequence[str]) -> list[tuple[str, str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        found = self._placed(values, *([self.target.person] if self.target.person else []))
        return [(str(code), str(person), Place(**dict(zip(columns, place, strict=True)))) for code, person, *place in found]

    def _placed(self, values: Sequence[str], *more: str) -> list[tuple[Any, ...]]:
        """Value, further columns and place columns of the open rows with these values, each once."""
        items = ", ".join(f"coalesce(t.{pg.quote(column)}::text, '')" for column in (*more, *self.target.place_columns.values()))
        query = (
            f"SELECT DISTINCT t.{pg.quote(self.target.column)}::text, {items} FROM {self._table} AS t "
            f"WHERE NOT {self._closed} AND t.{pg.quote(self.target.column)} = ANY(%s)"
        )
        with self._guarded():
            return self._connection.execute(query, (list(values),)).fetchall()

    def measure(self, groups: dict[str, str], *, distinct: bool = True) -> list[Measure]:
        """See the protocol."""
        rest = self._rest
        with self._guarded(), self._connection.transaction():
            self._connection.execute("SET LOCAL jit = off")
            self._connection.execute("SET LOCAL work_mem = '128MB'")
            self._connection.execute("CREATE TEMP TABLE hedui_groups (code text PRIMARY KEY, grp text NOT NULL) ON COMMIT DROP")
            with self._connection.cursor().copy("COPY hedui_groups (code, grp) FROM STDIN") as copy:
                for row in groups.items():
                    copy.write_row(row)
            self._connection.execute("ANALYZE hedui_groups")
            brief = {} if distinct else {"person": None, "unit": None}
            rows = self._connection.execute(self._sql("measure", rest=rest, groups="hedui_groups", **brief)).fetchall()
        return [
            Measure(
                closed=bool(closed),
                group=group or "",
                code=None if is_group else code or "",
                rows=count,
                persons=persons,
                units=units,
                fen=tuple(int(value) for value in fen),
                earliest=earliest or "",
                latest=latest or "",
                digest=digest or "0",
            )
            for closed, group, code, is_group, count, persons, units, fen, earliest, latest, digest in rows
        ]

    def close(self) -> None:
        """See the protocol."""
        self._connection.close()
