"""Oracle's types as text without loss: what to select, which Arrow type to ask for, and how the answer becomes text.

Numbers with declared precision are fetched as decimals, others as text made by the server with a point whatever its language. Dates are
fetched as timestamps and written as ISO here, so that NLS settings do not matter. Only binary floats are floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import oracledb
import pyarrow as pa
import pyarrow.compute as pc

from hedui.errors import SourceFormatError
from hedui.sources.sql import Kind

EXACT_SCALE = 6
"""Arrow writes decimals with more places in scientific notation."""

EXACT_PRECISION = 38
MICROSECONDS = 6
"""Arrow's nanoseconds end in 2262; finer times are written by the server."""

PLAIN_NUMBER = "TO_CHAR({name}, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')"
FLOATS = (oracledb.DB_TYPE_BINARY_DOUBLE, oracledb.DB_TYPE_BINARY_FLOAT)
ZONED = (oracledb.DB_TYPE_TIMESTAMP_TZ, oracledb.DB_TYPE_TIMESTAMP_LTZ)
PADDED = (oracledb.DB_TYPE_CHAR, oracledb.DB_TYPE_NCHAR)
AS_IT_IS = (
    *PADDED,
    oracledb.DB_TYPE_VARCHAR,
    oracledb.DB_TYPE_NVARCHAR,
    oracledb.DB_TYPE_CLOB,
    oracledb.DB_TYPE_NCLOB,
    oracledb.DB_TYPE_LONG,
)
BY_SERVER = {
    oracledb.DB_TYPE_RAW: "RAWTOHEX({name})",
    oracledb.DB_TYPE_ROWID: "ROWIDTOCHAR({name})",
    oracledb.DB_TYPE_UROWID: "ROWIDTOCHAR({name})",
    oracledb.DB_TYPE_INTERVAL_DS: "TO_CHAR({name})",
    oracledb.DB_TYPE_INTERVAL_YM: "TO_CHAR({name})",
    oracledb.DB_TYPE_BOOLEAN: "TO_CHAR({name})",
}


@dataclass(frozen=True, kw_only=True)
class OracleColumn:
    """A column as Oracle describes it.

    Attributes:
        name: The column in SQL text.
        code: The driver's type.
        precision: Declared digits of a number; 0 or None where none are declared.
        scale: Declared places of a number or of a second.
    """

    name: str
    code: Any
    precision: int | None
    scale: int | None

    @property
    def kind(self) -> Kind | None:
        """What kind of values it holds; None where they are nothing that could be compared."""
        if self.code == oracledb.DB_TYPE_NUMBER or self.code in FLOATS:
            return "number"
        if self.code in (oracledb.DB_TYPE_DATE, oracledb.DB_TYPE_TIMESTAMP) or self.code in ZONED:
            return "timestamp"
        return "text" if self.code in AS_IT_IS or self.code in BY_SERVER else None

    def item(self, timezone: str) -> str:
        """The select item."""
        if self.code in ZONED:
            return f"TO_CHAR({self.name} AT TIME ZONE '{timezone}', 'YYYY-MM-DD HH24:MI:SS.FF{self._places}')"
        if self.code == oracledb.DB_TYPE_TIMESTAMP and self._places > MICROSECONDS:
            return f"TO_CHAR({self.name}, 'YYYY-MM-DD HH24:MI:SS.FF{self._places}')"
        if self.code == oracledb.DB_TYPE_NUMBER and self.requested is None:
            return PLAIN_NUMBER.format(name=self.name)
        return BY_SERVER.get(self.code, "{name}").format(name=self.name)

    @property
    def _places(self) -> int:
        return max(self.scale or 0, MICROSECONDS)

    @property
    def requested(self) -> pa.DataType | None:
        """The Arrow type to ask for; None for text."""
        if self.code == oracledb.DB_TYPE_NUMBER:
            exact = 0 < (self.precision or 0) <= EXACT_PRECISION and 0 <= (self.scale or 0) <= EXACT_SCALE
            return pa.decimal128(EXACT_PRECISION, self.scale or 0) if exact else None
        if self.code in FLOATS:
            return pa.float64() if self.code == oracledb.DB_TYPE_BINARY_DOUBLE else pa.float32()
        if self.code == oracledb.DB_TYPE_DATE:
            return pa.timestamp("s")
        return pa.timestamp("us") if self.code == oracledb.DB_TYPE_TIMESTAMP and self._places == MICROSECONDS else None

    def text(self, array: pa.Array) -> pa.Array:
        """The answer as text. Padding of CHAR is storage and no data; an empty text is NULL, as Oracle has it."""
        if self.code in FLOATS:
            return _plain(array)
        text = array.cast(pa.string())
        if self.code == oracledb.DB_TYPE_NUMBER:
            # TO_CHAR leaves out the zero before the point
            return pc.replace_substring_regex(text, pattern=r"^(-?)\.", replacement=r"\10.") if self.requested is None else text
        if self.code in PADDED:
            text = pc.ascii_rtrim(text, characters=" ")
        if self.code in AS_IT_IS:
            text = pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)
        return text


def _plain(array: pa.Array) -> pa.Array:
    """Floats by their shortest digits, without an exponent."""
    texts = (None if text is None else _without_exponent(text) for text in array.cast(pa.string()).to_pylist())
    return pa.array(texts, type=pa.string())


def _without_exponent(text: str) -> str:
    return format(Decimal(text), "f").removesuffix(".0") if text.strip("-") not in ("nan", "inf") else text


def described(name: str, description: Any, *, source: str, column: str) -> OracleColumn:
    """A column from the driver's description.

    Raises:
        SourceFormatError: Its type holds nothing that could be compared.
    """
    made = OracleColumn(name=name, code=description.type_code, precision=description.precision, scale=description.scale)
    if made.kind is None:
        kind = str(getattr(made.code, "name", made.code)).removeprefix("DB_TYPE_")
        raise SourceFormatError(f'Source {source}: column "{column}" is of type {kind}; map a column of text, number or date.')
    return made
