"""Picks few rows out of a large file: a bitmap of row numbers, which the Parquet reader asks before it decodes the other columns.

A semi-join picks the same rows only after every column of every row has been decoded: measured on a million rows, nine columns and one
row in 200, the bitmap takes half the time. It is an addition: the SQL names the wanted rows itself, and Spark needs nothing of this.
"""

from __future__ import annotations

import duckdb

from hedui import engine

LARGEST = 2**31 - 2
"""Largest row number that a bitmap can hold."""


def narrowed(connection: duckdb.DuckDBPyConnection, relation: str, wanted: str, *, name: str) -> str:
    """The relation without the rows whose ``source_row`` the query ``wanted`` does not name.

    Args:
        connection: Where the relation will be read.
        relation: A relation with ``source_row``.
        wanted: Query of one column of row numbers.
        name: Name of the bitmap among the connection's variables.
    """
    largest = (connection.execute(f"SELECT max(source_row) FROM {relation} AS r").fetchone() or (None,))[0]
    if largest is None or largest > LARGEST:
        return relation
    bits = f"SELECT bitstring_agg(n, 0, {int(largest)}) FROM ({wanted}) AS w(n) WHERE n BETWEEN 0 AND {int(largest)}"
    connection.execute(f"SET VARIABLE {engine.ident(name)} = ({bits})")
    bitmap = f"getvariable({engine.literal(name)})"
    return f"(SELECT * FROM {relation} AS r WHERE get_bit({bitmap}, CAST(source_row AS INTEGER)) = 1)"
