"""Every type that agencies use, through the driver, to the last digit."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sqlalchemy.engine import make_url

from hedui.sources.oracle import oracle_session

COLUMNS = {
    "money": "NUMBER(18,2)",
    "whole": "NUMBER(10)",
    "longest": "NUMBER(38)",
    "bare": "NUMBER",
    "rate": "NUMBER(12,10)",
    "rough": "BINARY_DOUBLE",
    "padded": "CHAR(6)",
    "words": "VARCHAR2(40)",
    "national": "NVARCHAR2(20)",
    "essay": "CLOB",
    "bytes": "RAW(8)",
    "day": "DATE",
    "moment": "TIMESTAMP(6)",
    "elsewhere": "TIMESTAMP(6) WITH TIME ZONE",
}
FULL = {
    "money": ("-1234567890123456.78", "-1234567890123456.78"),
    "whole": ("7", "7"),
    "longest": ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    "bare": ("0.1", "0.1"),
    "rate": ("0.0000000001", "0.0000000001"),
    "rough": ("0.1", "0.1"),
    "padded": ("'ab'", "ab"),
    "words": ("' 张三㐂 '", " 张三㐂 "),
    "national": ("'李'", "李"),
    "essay": ("'一篇'", "一篇"),
    "bytes": ("'00FF'", "00FF"),
    "day": ("TO_DATE('2026-06-03 23:59:58', 'YYYY-MM-DD HH24:MI:SS')", "2026-06-03 23:59:58"),
    "moment": ("TIMESTAMP '2026-06-03 01:02:03.000004'", "2026-06-03 01:02:03.000004"),
    "elsewhere": ("TIMESTAMP '2026-06-02 18:00:00.000000 +01:00'", "2026-06-03 01:00:00.000000"),
}


@pytest.fixture
def table(new_tables, run_sql) -> str:
    new_tables({"hedui_values": COLUMNS})
    run_sql(
        f"INSERT INTO hedui_values ({', '.join(FULL)}) VALUES ({', '.join(value for value, _ in FULL.values())})",
        "INSERT INTO hedui_values (money, bare, longest) VALUES (0.5, -12.50, 0)",
    )
    return "hedui_values"


def test_every_type_to_the_last_digit(oracle_url, table):
    names = list(COLUMNS)
    with oracle_session(url=make_url(oracle_url), source="s", timezone="Asia/Shanghai", tables=[table]) as session:
        kinds = session.kinds(table, names)
        items = ", ".join(session.item(name, kinds[name]) for name in names)
        batches = list(session.stream(f"SELECT {items} FROM {session.quote_table(table)} ORDER BY whole NULLS LAST", names))
    assert all(array.type == pa.string() for arrays in batches for array in arrays)
    rows = [dict(zip(names, row, strict=True)) for arrays in batches for row in zip(*(a.to_pylist() for a in arrays), strict=True)]
    assert rows[0] == {name: text for name, (_, text) in FULL.items()}
    assert rows[1] == dict.fromkeys(COLUMNS) | {"money": "0.50", "bare": "-12.5", "longest": "0"}
