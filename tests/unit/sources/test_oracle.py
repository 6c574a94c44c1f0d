"""What is asked of Oracle and what is made of its answers, with a stand-in for the driver's connection: no Oracle runs here."""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from decimal import Decimal
from typing import Any

import oracledb
import pyarrow as pa
import pytest

from hedui.errors import SourceError, SourceFormatError
from hedui.sources.oracle import OracleSession, _translated

Described = namedtuple("Described", "name type_code display_size internal_size precision scale null_ok")


def described(code: Any, precision: int | None = None, scale: int | None = None) -> Described:
    return Described("X", code, None, None, precision, scale, True)


COLUMNS = {
    "aac001": described(oracledb.DB_TYPE_VARCHAR),
    "aae180": described(oracledb.DB_TYPE_NUMBER, 16, 2),
    "aae201": described(oracledb.DB_TYPE_NUMBER, 5, 0),
    "lv": described(oracledb.DB_TYPE_NUMBER, 0, -127),
    "aae036": described(oracledb.DB_TYPE_DATE),
    "shijian": described(oracledb.DB_TYPE_TIMESTAMP),
    "diqu_shi": described(oracledb.DB_TYPE_TIMESTAMP_TZ),
    "hash": described(oracledb.DB_TYPE_RAW),
    "Mixed": described(oracledb.DB_TYPE_BINARY_DOUBLE),
}


class Cursor:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.description: list[Described] = []

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str) -> None:
        self._connection.executed.append(statement)
        self.description = list(COLUMNS.values())


class Connection:
    dsn = "host/service"

    def __init__(self, frame: pa.Table | None = None) -> None:
        self.executed: list[str] = []
        self.asked: dict[str, Any] = {}
        self._frame = frame

    def cursor(self) -> Cursor:
        return Cursor(self)

    def fetch_df_batches(self, query: str, days: dict[str, Any], *, size: int, requested_schema: pa.Schema) -> Any:
        self.asked = {"query": query, "days": days, "size": size, "schema": requested_schema}
        yield self._frame


def session(frame: pa.Table | None = None) -> tuple[OracleSession, Connection]:
    connection = Connection(frame)
    made = OracleSession(connection=connection, source="s", timezone="Asia/Shanghai")
    made.kinds("lsdata.ac02", list(COLUMNS))
    return made, connection


def test_names_and_items():
    made, connection = session()

    kinds = made.kinds("lsdata.ac02", list(COLUMNS))

    assert connection.executed[-1] == (
        'SELECT aac001, aae180, aae201, lv, aae036, shijian, diqu_shi, hash, "Mixed" FROM lsdata.ac02 WHERE 1 = 0'
    )
    assert kinds == {
        "aac001": "text",
        "aae180": "number",
        "aae201": "number",
        "lv": "number",
        "aae036": "timestamp",
        "shijian": "timestamp",
        "diqu_shi": "timestamp",
        "hash": "text",
        "Mixed": "number",
    }
    assert [made.item(name, kinds[name]) for name in COLUMNS] == [
        "aac001",
        "aae180",
        "aae201",
        "TO_CHAR(lv, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')",
        "aae036",
        "shijian",
        "TO_CHAR(diqu_shi AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS.FF6')",
        "RAWTOHEX(hash)",
        "TO_CHAR(\"Mixed\", 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')",
    ]


def test_answers_become_text_without_a_float():
    frame = pa.table(
        [
            pa.array(["1 ", None], pa.large_string()),
            pa.array([Decimal("12345678901234.56"), Decimal("0.10")], pa.decimal128(38, 2)),
            pa.array([Decimal(7), None], pa.decimal128(38, 0)),
            pa.array([".16", "-.5"], pa.large_string()),
            pa.array([dt.datetime(2026, 6, 3), dt.datetime(9999, 12, 31)], pa.timestamp("s")),
            pa.array([dt.datetime(2026, 6, 3, 1, 2, 3, 4), None], pa.timestamp("us")),
            pa.array(["2026-06-03 00:00:00.000000", None], pa.string()),
            pa.array(["00FF", None], pa.string()),
            pa.array(["1.5", "100"], pa.string()),
        ],
        names=[name.upper() for name in COLUMNS],
    )
    made, connection = session(frame)
    first = made.day("first", "2026-06-03", "timestamp")
    text = made.day("next", "20260604", "text")

    [arrays] = list(made.stream("SELECT …", list(COLUMNS)))

    assert [array.type for array in arrays] == [pa.string()] * len(COLUMNS)
    assert [array.to_pylist() for array in arrays] == [
        ["1 ", None],
        ["12345678901234.56", "0.10"],
        ["7", None],
        ["0.16", "-0.5"],
        ["2026-06-03 00:00:00", "9999-12-31 00:00:00"],
        ["2026-06-03 01:02:03.000004", None],
        ["2026-06-03 00:00:00.000000", None],
        ["00FF", None],
        ["1.5", "100"],
    ]
    assert (first, text) == (":first", ":next")
    assert connection.asked["days"] == {"first": dt.datetime(2026, 6, 3), "next": "20260604"}
    types = connection.asked["schema"].types
    assert not any(pa.types.is_floating(kind) for kind in types), "a float has already lost fen"
    assert types[1] == pa.decimal128(38, 2)


def test_binary_columns_are_refused():
    made, _ = session()
    made._described["aac001"] = described(oracledb.DB_TYPE_BLOB)

    with pytest.raises(SourceFormatError, match='column "aac001" is binary'):
        made._kind("aac001")


Detail = namedtuple("Detail", "code full_code message")


@pytest.mark.parametrize(
    ("code", "full_code", "kind", "says"),
    [
        pytest.param(942, "ORA-00942", SourceFormatError, "ORA-00942: a table or column does not exist", id="no table"),
        pytest.param(904, "ORA-00904", SourceFormatError, "ORA-00904", id="no column"),
        pytest.param(1555, "ORA-01555", SourceError, "Oracle cannot be read: ORA-01555", id="snapshot too old"),
        pytest.param(3113, "ORA-03113", SourceError, "ORA-03113", id="connection lost"),
    ],
)
def test_errors_name_the_code_and_no_data(code, full_code, kind, says):
    error = _translated(oracledb.DatabaseError(Detail(code, full_code, f"{full_code}: value 张三 is wrong")), "s")

    assert type(error) is kind
    assert says in str(error)
    assert "张三" not in str(error)
