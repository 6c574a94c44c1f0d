"""Every SQL file renders with sample parameters, has a header, and turns into Spark SQL without an unsupported construct.

The samples are in ``tests/unit/sql_samples``, a module per subject. A file without samples fails: add some beside the file.
"""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from hedui import engine
from unit.sql_samples import every

SAMPLES = every()
FILES = sorted(str(path.relative_to(engine.SQL_ROOT)) for path in engine.SQL_ROOT.rglob("*.sql"))
CASES = [
    pytest.param(name, parameters, id=f"{name}-{number}")
    for name in FILES
    for number, parameters in enumerate(SAMPLES.get(name, []))
]
PARQUET = re.compile(r"read_parquet\(\[[^\]]*\]\)")
"""Reading files is the engine's own affair; on Spark the partition is a table."""
DUCKDB_ONLY = (exp.Columns, exp.Lambda, exp.Pivot)


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_a_header_and_samples(name: str) -> None:
    assert (engine.SQL_ROOT / name).read_text("utf-8").startswith(("-- ", "{#- ")), (
        "begin the file with what it is for and its parameters"
    )
    assert SAMPLES.get(name), "add sample parameters to tests/unit/sql_samples"


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_a_file_becomes_spark_sql(name: str, parameters: dict[str, object]) -> None:
    text = PARQUET.sub("lake_partition", engine.render(name, **parameters))
    spark = engine.to_spark(text)
    assert len(spark) >= len(engine.statements(text))
    for statement in sqlglot.parse(text, read="duckdb"):
        if statement is not None:
            assert not list(statement.find_all(*DUCKDB_ONLY)), "only DuckDB understands this"
    for statement in filter(None, spark):  # a file of macros renders to nothing
        sqlglot.parse_one(statement, read="spark")


def test_every_sample_belongs_to_a_file() -> None:
    assert sorted(set(SAMPLES) - set(FILES)) == []
