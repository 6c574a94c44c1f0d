"""Functions that canonical SQL calls and DuckDB does not have; on Spark they are user-defined functions of the same names."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType
from duckdb.sqltypes import VARCHAR


def nfkc(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Unicode normal form KC: full-width letters and digits become plain ones, compatibility ideographs the unified ones."""
    return pc.utf8_normalize(values, form="NFKC")


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the functions known to a connection."""
    connection.create_function("nfkc", nfkc, [VARCHAR], VARCHAR, type=PythonUDFType.ARROW)
