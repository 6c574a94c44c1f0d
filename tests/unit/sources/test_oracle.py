"""What is asked of Oracle and what is made of its answers, with a stand-in for the driver's connection: no Oracle runs here."""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from decimal import Decimal
from typing import Any

import oracledb
import pyarrow as pa
import pytest
from sqlalchemy.engine import make_url

from hedui.errors import SourceError, SourceFormatError
from hedui.sources import oracle_values
from hedui.sources.oracle import OracleSession, State
from hedui.sources.oracle_connect import choose_mode, options
from hedui.sources.oracle_errors import cause, translated
from hedui.sources.retry import TransientSourceError

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

    def execute(self, statement: str) -> Cursor:
        self._connection.executed.append(statement)
        if "V$DATABASE" in statement or "DBMS_FLASHBACK" in statement:
            raise oracledb.DatabaseError(Detail(942, "ORA-00942", "ORA-00942: table or view does not exist"))
        self.description = list(COLUMNS.values())
        return self


class Connection:
    def __init__(self, frame: pa.Table | None = None) -> None:
        self.executed: list[str] = []
        self.asked: dict[str, Any] = {}
        self._frame = frame

    def cursor(self) -> Cursor:
        return Cursor(self)

    def rollback(self) -> None:
        self.executed.append("ROLLBACK")

    def fetch_df_batches(self, query: str, days: dict[str, Any], *, size: int, requested_schema: pa.Schema) -> Any:
        self.asked = {"query": query, "days": days, "size": size, "schema": requested_schema}
        yield self._frame


def session(frame: pa.Table | None = None) -> tuple[OracleSession, Connection]:
    connection = Connection(frame)
    state = State(lambda: connection, ["lsdata.ac02"], named=True)
    made = OracleSession(state=state, source="s", timezone="Asia/Shanghai")
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
        '"Mixed"',
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
            pa.array([1.5, 1e20], pa.float64()),
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
        ["1.5", "100000000000000000000"],
    ]
    assert (first, text) == (":first", ":next")
    assert connection.asked["days"] == {"first": dt.datetime(2026, 6, 3), "next": "20260604"}
    types = connection.asked["schema"].types
    floats = [name for name, kind in zip(COLUMNS, types, strict=True) if pa.types.is_floating(kind)]
    assert floats == ["Mixed"], "only what is a float in the database may be one: a float has already lost fen"
    assert types[1] == pa.decimal128(38, 2)


def test_a_read_only_transaction_where_the_scn_may_not_be_read():
    _, connection = session()

    assert connection.executed[-3:-1] == ["ROLLBACK", "SET TRANSACTION READ ONLY"]
    assert "AS OF SCN" not in connection.executed[-1]


def test_binary_columns_are_refused(monkeypatch):
    monkeypatch.setitem(COLUMNS, "aac001", described(oracledb.DB_TYPE_BLOB))

    with pytest.raises(SourceFormatError, match='column "aac001" is of type BLOB; map a column of text, number or date'):
        session()


PLAIN = "TO_CHAR(x, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')"


@pytest.mark.parametrize(
    ("column", "item"),
    [
        pytest.param(described(oracledb.DB_TYPE_TIMESTAMP, 0, 9), "TO_CHAR(x, 'YYYY-MM-DD HH24:MI:SS.FF9')", id="nanoseconds"),
        pytest.param(described(oracledb.DB_TYPE_NUMBER, 38, 20), PLAIN, id="many places"),
        pytest.param(described(oracledb.DB_TYPE_NUMBER, 10, -2), PLAIN, id="whole hundreds"),
        pytest.param(described(oracledb.DB_TYPE_NUMBER, 126, -127), PLAIN, id="float"),
        pytest.param(described(oracledb.DB_TYPE_NUMBER, 38, 0), "x", id="integer"),
        pytest.param(described(oracledb.DB_TYPE_ROWID), "ROWIDTOCHAR(x)", id="rowid"),
        pytest.param(described(oracledb.DB_TYPE_CLOB), "x", id="clob"),
    ],
)
def test_what_arrow_cannot_hold_exactly_is_written_by_the_server(column, item):
    made = oracle_values.described("x", column, source="s", column="x")

    assert made.item("Asia/Shanghai") == item


def test_padding_and_empty_texts_are_nothing():
    padded = oracle_values.described("x", described(oracledb.DB_TYPE_CHAR), source="s", column="x")
    plain = oracle_values.described("x", described(oracledb.DB_TYPE_VARCHAR), source="s", column="x")
    values = pa.array(["ab  ", "   ", "", " c", None], pa.large_string())

    assert padded.text(values).to_pylist() == ["ab", None, None, " c", None]
    assert plain.text(values).to_pylist() == ["ab  ", "   ", None, " c", None]


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.1", "0.1"), ("1e-07", "0.0000001"), ("1e+22", "10000000000000000000000"), ("-5", "-5"), ("nan", "nan"), ("-inf", "-inf")],
)
def test_binary_floats_by_their_shortest_digits(value, text):
    for code, kind in ((oracledb.DB_TYPE_BINARY_DOUBLE, pa.float64()), (oracledb.DB_TYPE_BINARY_FLOAT, pa.float32())):
        made = oracle_values.described("x", described(code), source="s", column="x")
        assert made.text(pa.array([float(value)], kind)).to_pylist() == [text]


Detail = namedtuple("Detail", "code full_code message isrecoverable is_session_dead", defaults=(False, False))


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        pytest.param(942, "ORA-00942", None, id="no table"),
        pytest.param(1017, "ORA-01017", None, id="bad password, which would lock the account"),
        pytest.param(28000, "ORA-28000", None, id="account locked"),
        pytest.param(60, "ORA-00060", "transaction", id="deadlock"),
        pytest.param(54, "ORA-00054", "transaction", id="resource busy"),
        pytest.param(8177, "ORA-08177", "transaction", id="serialization"),
        pytest.param(4068, "ORA-04068", "transaction", id="package state discarded"),
        pytest.param(1555, "ORA-01555", "snapshot", id="snapshot too old"),
        pytest.param(1555, "snapshot too old, no code in the text", "snapshot", id="snapshot too old, while fetching"),
        pytest.param(22924, "ORA-22924", "snapshot", id="LOB snapshot too old"),
        pytest.param(1466, "ORA-01466", "snapshot", id="table defined anew"),
        pytest.param(0, "DPY-4024", "timeout", id="call timeout"),
        pytest.param(0, "DPY-6005: DPY-6001 (Similar to ORA-12514)", "connection", id="service not registered"),
        pytest.param(0, "DPY-6005: DPY-6000 (Similar to ORA-12541)", "connection", id="no listener"),
        pytest.param(0, "DPY-1001", "connection", id="not connected"),
        pytest.param(1033, "ORA-01033", "connection", id="starting up"),
        pytest.param(18, "ORA-00018", "connection", id="too many sessions"),
        pytest.param(1722, "ORA-01722", None, id="a value that is no number"),
        pytest.param(0, "DPY-3010", None, id="too old a database for thin mode"),
    ],
)
def test_classes_of_errors(code, text, expected):
    error = oracledb.DatabaseError(Detail(code, text, f"{text}: value 张三 is wrong"))

    assert cause(error) == expected
    made = translated(error, "s")
    assert (made.cause if isinstance(made, TransientSourceError) else None) == expected
    assert "张三" not in str(made)


@pytest.mark.parametrize(
    "detail",
    [
        Detail(16456, "ORA-16456", "", isrecoverable=True),
        Detail(31, "DPY-4011", "", isrecoverable=True, is_session_dead=True),
        Detail(99, "ORA-00099", "", is_session_dead=True),
    ],
    ids=["recoverable", "both", "dead"],
)
def test_what_the_driver_calls_recoverable_is_a_lost_connection(detail):
    assert cause(oracledb.DatabaseError(detail)) == "connection"


@pytest.mark.parametrize(
    ("code", "full_code", "kind", "says"),
    [
        pytest.param(942, "ORA-00942", SourceFormatError, "ORA-00942: a table or column does not exist", id="no table"),
        pytest.param(904, "ORA-00904", SourceFormatError, "ORA-00904", id="no column"),
        pytest.param(1017, "ORA-01017", SourceError, "refuses the user (ORA-01017)", id="password"),
        pytest.param(0, "DPY-3010", SourceError, "thick_mode_lib_dir to an Instant Client 19", id="11.2 in thin mode"),
        pytest.param(0, "DPY-2019", SourceError, "give thick_mode=true to all Oracle connections", id="thick after thin"),
        pytest.param(0, "DPI-1047", SourceError, "no Oracle Client library", id="no client"),
        pytest.param(1555, "ORA-01555", TransientSourceError, "Oracle cannot be read: ORA-01555", id="snapshot too old"),
        pytest.param(1722, "ORA-01722", SourceError, "Oracle cannot be read: ORA-01722", id="no number"),
    ],
)
def test_errors_name_the_code_the_cure_and_no_data(code, full_code, kind, says):
    error = translated(oracledb.DatabaseError(Detail(code, full_code, f"{full_code}: value 张三 is wrong")), "s")

    assert type(error) is kind
    assert says in str(error)
    assert "张三" not in str(error)


def test_options_of_the_url():
    url = make_url(
        "oracle+oracledb://u:p@h:1521?service_name=s&thick_mode=true&call_timeout=60&purity=self&scn=no&ssl_server_dn_match=1&sdu=8192"
    )

    assert options(url, "s") == {
        "service_name": "s",
        "thick_mode": True,
        "call_timeout": 60.0,
        "purity": oracledb.Purity.SELF,
        "scn": False,
        "ssl_server_dn_match": True,
        "sdu": 8192,
    }


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param("servicename=x", 'know no option "servicename"; known are service_name, sid, dsn', id="unknown"),
        pytest.param("call_timeout=long", 'option "call_timeout"', id="no number"),
        pytest.param("thick_mode=maybe", 'option "thick_mode"', id="no yes or no"),
        pytest.param("purity=clean", 'option "purity"', id="no purity"),
    ],
)
def test_options_that_cannot_be_used(query, says):
    with pytest.raises(SourceError, match=says) as caught:
        options(make_url(f"oracle+oracledb://u:secret@h?{query}"), "s")
    assert "secret" not in str(caught.value)


def test_thin_mode_is_refused_where_the_process_is_thick(monkeypatch):
    monkeypatch.setattr(oracledb, "is_thin_mode", lambda: False)

    choose_mode({}, "s")  # says nothing: thick mode reads everything
    with pytest.raises(SourceError, match="thick_mode=false, but this process reads Oracle in thick mode already"):
        choose_mode({"thick_mode": False}, "s")
