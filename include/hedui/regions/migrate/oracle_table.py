"""What a table in Oracle holds: values, keys, places, and measures of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import oracledb
from sqlalchemy import make_url

from hedui.engine import environment
from hedui.regions.allocation import Place
from hedui.regions.errors import ConstraintError, RegionError
from hedui.regions.migrate import oracle_text as text
from hedui.regions.migrate.oracle_text import quote
from hedui.regions.migrate.records import SEPARATOR, Guard, Measure
from hedui.site.regions import Target
from hedui.sources.oracle_connect import connect
from hedui.sources.oracle_errors import codes

_REFUSED = ("ORA-00001", "ORA-02290", "ORA-02291", "ORA-02292", "ORA-12899")


class OracleTable:
    """A target's table and the connection to it; see :class:`hedui.regions.migrate.records.TargetStore`.

    Large objects are not part of the content digest. An empty text is NULL in Oracle, so places carry a leading ``#``.
    """

    def __init__(self, *, url: str, target: Target, run: str, code_columns: Sequence[str] = (), table: str | None = None) -> None:
        self.target = target
        self.run = run
        self._url = url
        self._code_columns = tuple(dict.fromkeys((*code_columns, target.column)))
        self._table = table or ".".join(quote(part) for part in target.table.split("."))
        self._copied = table is not None
        self._connection = connect(make_url(url), target.id, "Asia/Shanghai")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except oracledb.Error as error:
            if refused := [code for code in codes(error) if code in _REFUSED]:
                raise ConstraintError(
                    f"{self.target.id}: a constraint of {self.target.table} refuses the new codes ({', '.join(refused)}); nothing of this "
                    "statement was kept. Cure the rows or the constraint."
                ) from None
            raise RegionError(
                f"{self.target.id}: the database refused ({', '.join(codes(error)) or type(error).__name__}); see its alert log."
            ) from None

    def _work(self, what: str) -> str:
        """A short name: before 12.2 Oracle's names have at most 30 characters."""
        digest = hashlib.sha256(f"{self.run}/{self.target.id}".encode()).hexdigest()[:12].upper()
        return f"HEDUI_{what.upper()}_{digest}"

    def _exists(self, table: str) -> bool:
        return bool(self._run("SELECT COUNT(*) FROM USER_TABLES WHERE TABLE_NAME = :name", {"name": table})[0][0])

    def _run(self, statement: str, binds: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(statement, binds or {})
            return list(cursor.fetchall()) if cursor.description else []

    def _many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.setinputsizes(*([oracledb.DB_TYPE_VARCHAR] * (len(rows[0]) if rows else 0)))
            for start in range(0, len(rows), text.SLICE):
                cursor.executemany(statement, list(rows[start : start + text.SLICE]))

    def _again(self, table: str, columns: str) -> None:
        self._remove(table)
        self._run(f"CREATE TABLE {table} ({columns})")

    def _remove(self, table: str) -> None:
        if self._exists(table):
            self._run(f"DROP TABLE {table} PURGE")

    def _sql(self, name: str, **parameters: Any) -> str:
        target = self.target
        quoted = {
            **{"table": self._table, "column": quote(target.column), "keys": [quote(key) for key in target.key]},
            **{name: quote(column) if column else None for name, column in self._optional.items()},
            **{"amounts": [quote(column) for column in target.amounts], "fen": 100 if target.money == "yuan" else 1},
            **{"closed": self._closed, "place": self._place},
            **{"row_key": self._row_key, "log": self._work("log"), "map": self._work("map"), "manual": self._work("manual")},
        }
        lines = environment().get_template(f"regions/oracle/{name}.sql.jinja").render(**{**quoted, **parameters}).splitlines()
        return " ".join(line.strip() for line in lines if line.strip())

    @property
    def _optional(self) -> dict[str, str | None]:
        return {"person": self.target.person, "unit": self.target.unit, "date": self.target.date}

    @property
    def _closed(self) -> str:
        if self.target.frozen:
            return "1 = 1"
        if self.target.closed is None:
            return "1 = 0"
        column, before = f"T.{quote(self.target.closed.column)}", self.target.closed.before.replace("'", "''")
        return f"{column} IS NOT NULL AND {column} < '{before}'"

    @property
    def _row_key(self) -> str:
        return f" || CHR({ord(SEPARATOR)}) || ".join(f"CAST(T.{quote(key)} AS VARCHAR2(400))" for key in self.target.key)

    @property
    def _place(self) -> str:
        place = "'#'"
        for number, column in enumerate(self.target.place_columns.values()):
            place = f"CONCAT({place}, CHR({ord(SEPARATOR)}))" if number else place
            place = f"CONCAT({place}, CAST(T.{quote(column)} AS VARCHAR2(400)))"
        return place

    @cached_property
    def _rest(self) -> list[str]:
        """The columns that are content.

        Raises:
            RegionError: The table or a column of the target is not there.
        """
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self._table} WHERE 1 = 0")
            found = {text.plain(item[0]): item[1].name for item in cursor.description}
        target = self.target
        closed = [target.closed.column] if target.closed else []
        named = (target.column, *target.key, *self._optional.values(), *target.amounts, *closed, *target.place_columns.values())
        missing = [name for name in named if name and name not in found]
        if missing:
            raise RegionError(f"{target.id}: {target.table} has no column {', '.join(missing)}; found {', '.join(found)}.")
        kept = [name for name, kind in found.items() if name not in self._code_columns and not kind.endswith(text.LOBS)]
        return [f"T.{quote(name)}" for name in kept]

    def values(self, *, closed: bool = False) -> dict[str, int]:
        """See the protocol."""
        column, which = quote(self.target.column), "1 = 1" if closed else f"NOT ({self._closed})"
        rows = self._run(
            f"SELECT T.{column}, COUNT(*) FROM {self._table} T WHERE {which} AND T.{column} IS NOT NULL GROUP BY T.{column}"
        )
        return {str(code): int(count) for code, count in rows}

    def key_problem(self) -> str:
        """See the protocol."""
        keys = ", ".join(quote(key) for key in self.target.key)
        doubles = f"SELECT 1 AS TWICE FROM {self._table} GROUP BY {keys} HAVING COUNT(*) > 1"
        absent = " OR ".join(f"{quote(key)} IS NULL" for key in self.target.key)
        twice = int(self._run(f"SELECT COUNT(*) FROM ({doubles}) D")[0][0])
        empty = int(self._run(f"SELECT COUNT(*) FROM {self._table} T WHERE {absent}")[0][0])
        return f"主键列不能唯一确定一行：重复{twice:,}组，空值{empty:,}行" if twice or empty else ""

    def guards(self, codes: Sequence[str]) -> list[Guard]:
        """See the protocol: foreign keys from and to the column, and triggers."""
        *schema, table = (text.stored(part) for part in self.target.table.split("."))
        owner, names = ("USER", {}) if not schema else (":owner", {"owner": schema[0]})
        place = {"table_name": table, "column_name": text.stored(self.target.column), **names}
        found = []
        for name, to_table, to_column in self._run(text.KEYS_OUT.format(owner=owner), place):
            known = {
                str(row[0]) for row in self._run(f"SELECT T.{quote(text.plain(to_column))} FROM {quote(text.plain(to_table))} T")
            }
            missing = [code for code in codes if code not in known]
            detail = (
                f"{to_table} 缺少现代码：{'、'.join(missing[:20])}；先在该表登记" if missing else f"现代码均已在 {to_table} 登记"
            )
            found.append(Guard(title=f"外键 {name}", blocks=bool(missing), detail=detail))
        for name, by in self._run(text.KEYS_IN.format(owner=owner), place):
            found.append(
                Guard(title=f"外键 {name}", blocks=True, detail=f"{by} 引用本列，更新会被拒绝；先停用该约束，或列为迁移对象")
            )
        del place["column_name"]
        for (name,) in self._run(text.TRIGGERS.format(owner=owner), place):
            found.append(Guard(title=f"触发器 {name}", blocks=False, detail="更新时会执行；副本演练不含触发器"))
        return found

    def places(self, values: list[str]) -> list[tuple[str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        if not columns or not values:
            return [(value, Place()) for value in values]
        return [(code, Place(**dict(zip(columns, place, strict=True)))) for code, *place in self._placed(values)]

    def person_places(self, values: Sequence[str]) -> list[tuple[str, str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        found = self._placed(values, *([self.target.person] if self.target.person else []))
        return [(code, person, Place(**dict(zip(columns, place, strict=True)))) for code, person, *place in found]

    def _placed(self, values: Sequence[str], *more: str) -> list[tuple[str, ...]]:
        """Value, further columns and place columns of the open rows with these values, each once."""
        named = (*more, *self.target.place_columns.values())
        items = ", ".join(f"CAST(T.{quote(column)} AS VARCHAR2(400))" for column in named)
        code = quote(self.target.column)
        found: list[tuple[str, ...]] = []
        for value in values:
            query = f"SELECT DISTINCT {items} FROM {self._table} T WHERE NOT ({self._closed}) AND T.{code} = :code"
            found += [(value, *(cell or "" for cell in row)) for row in self._run(query, {"code": value})]
        return found

    def measure(self, groups: dict[str, str], *, distinct: bool = True) -> list[Measure]:
        """See the protocol."""
        name = self._work("groups")
        self._again(name, "CODE VARCHAR2(60), GRP VARCHAR2(60)")
        self._many(f"INSERT INTO {name} (CODE, GRP) VALUES (:1, :2)", list(groups.items()))
        self._connection.commit()
        few = {} if distinct else {"person": None, "unit": None}
        rows = self._run(self._sql("measure", rest=self._rest, groups=name, **few))
        self._run(f"DROP TABLE {name}")
        count = len(self.target.amounts)
        return [
            Measure(
                closed=bool(row[0]),
                group=row[1] or "",
                code=None if row[3] else row[2] or "",
                rows=int(row[4]),
                persons=None if row[5] is None else int(row[5]),
                units=None if row[6] is None else int(row[6]),
                fen=tuple(int(value or 0) for value in row[7 : 7 + count]),
                earliest=row[7 + count] or "",
                latest=row[8 + count] or "",
                digest=str(int(row[9 + count] or 0)),
            )
            for row in rows
        ]

    def close(self) -> None:
        """See the protocol."""
        self._connection.close()
