"""The canonical datasets as typed objects, read once from ``datasets.yaml``.

Names are the field's standard terms; each field carries its LD/T 92 identifier and its Chinese label. Money is integer fen, ids and
codes are text, fee periods are ``YYYYMM`` text, rates are integer parts per million, measures are exact decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from ruamel.yaml import YAML

from hedui.errors import HeduiError

FieldType = Literal["text", "code", "date", "time", "period", "fen", "int", "rate", "number"]
SQL_TYPES: dict[FieldType, str] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "date": "DATE",
    "time": "TIMESTAMP",
    "period": "VARCHAR",
    "fen": "BIGINT",
    "int": "BIGINT",
    "rate": "BIGINT",
    "number": "DECIMAL(12, 3)",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of a canonical dataset.

    Attributes:
        name: English name, the column's name in Parquet.
        identifier: LD/T 92 identifier, or the source system's where the standard has none.
        label: Chinese label, what users see.
        type: Canonical type.
    """

    name: str
    identifier: str
    label: str
    type: FieldType

    @property
    def sql_type(self) -> str:
        """The column's DuckDB type."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A canonical dataset.

    Every partition has, beside :attr:`fields`, the column ``source_row BIGINT``: the row's number, from 1, in the raw batch.

    Attributes:
        name: English name, for example ``payment``.
        label: Chinese label.
        kind: ``snapshot`` (the state as of the business date) or ``flow`` (the rows delivered for the business date).
        subject: What a finding on a row is about: ``person``, ``unit`` or ``group``.
        grain: What one row is.
        key: The fields that identify a row within a source.
        amounts: The fields in fen whose sums are the control totals.
        fields: By name, in column order.
    """

    name: str
    label: str
    kind: Literal["snapshot", "flow"]
    subject: Literal["person", "unit", "group"]
    grain: str
    key: tuple[str, ...]
    amounts: tuple[str, ...]
    fields: dict[str, Field]


@cache
def datasets() -> dict[str, Dataset]:
    """All canonical datasets by name."""
    raw = YAML(typ="safe").load(files("hedui.canonical").joinpath("datasets.yaml").read_text("utf-8"))
    return {
        name: Dataset(
            name=name,
            label=spec["label"],
            kind=spec["kind"],
            subject=spec["subject"],
            grain=spec["grain"],
            key=tuple(spec["key"]),
            amounts=tuple(spec.get("amounts", ())),
            fields={
                field: Field(name=field, identifier=identifier, label=label, type=kind)
                for field, (identifier, label, kind) in spec["fields"].items()
            },
        )
        for name, spec in raw.items()
    }


def dataset(name: str) -> Dataset:
    """The canonical dataset called ``name``.

    Raises:
        HeduiError: There is no such dataset.
    """
    try:
        return datasets()[name]
    except KeyError:
        raise HeduiError(f'There is no canonical dataset "{name}"; choose one of {", ".join(datasets())}.') from None
