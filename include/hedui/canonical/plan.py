"""How each field of a canonical dataset is filled from one source: the site's columns as parameters of the canonical SQL."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from hedui.canonical.schemas import Dataset, Field
from hedui.site.models import CodeRow, Column, SourceDataset

BLANKS = " \t\r\n\f\v\u00a0\u3000\u200b\ufeff"
"""Characters that are no part of a value at its ends."""

YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9][0-9][0-9])"
DIRECTIVES = {
    "Y": (YEAR, 4),
    "m": ("[0-9][0-9]", 2),
    "d": ("[0-9][0-9]", 2),
    "H": ("([01][0-9]|2[0-3])", 2),
    "M": ("[0-5][0-9]", 2),
    "S": ("[0-5][0-9]", 2),
}
YUAN = "^[+-]?[0-9]{1,16}([.][0-9]{1,2}0*)?$"
WHOLE = "^[+-]?[0-9]{1,18}([.]0+)?$"
RATE = "^[0-9]{1,9}([.][0-9]{1,6}0*)?$"
NUMBER = "^[+-]?[0-9]+([.][0-9]+)?$"
MEASURE = "^[+-]?[0-9]{1,9}([.][0-9]{1,3}0*)?$"


@dataclass(frozen=True, kw_only=True)
class FieldPlan:
    """One canonical field.

    Attributes:
        name: Field name.
        type: Canonical type.
        sql_type: Type of its column.
        column: The raw column that fills it; None for a constant or a field that the source does not have.
        position: Place of the raw column among the raw columns.
        const: A fixed canonical value.
        normalise: Normaliser.
        codes: Code table that translates it.
        by_insurance: Whether the code table depends on the insurance.
        unit: Unit of money in the source.
        pattern: What a convertible text looks like, for types that can refuse.
        parts: Year, month and day in a date's text, in a time's also hour, minute and second: start (from 1) and length.
        reason: Why a text is refused, in Chinese.
        plain: For money: what an amount looks like, exact or not.
        inexact: Why an amount of that look is refused.
        required: Whether a row without it is refused.
    """

    name: str
    type: str
    sql_type: str
    column: str | None = None
    position: int = 0
    const: str | None = None
    normalise: str = "trim"
    codes: str | None = None
    by_insurance: bool = False
    unit: str = "yuan"
    pattern: str | None = None
    parts: tuple[tuple[int, int], ...] = ()
    reason: str = ""
    plain: str | None = None
    inexact: str = ""
    required: bool = False

    @property
    def fallible(self) -> bool:
        """Whether a text can be refused."""
        return self.pattern is not None


def date_pattern(format_: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The pattern of texts in a strptime format, and where year, month and day are in it.

    Every directive has a fixed width, so that a text which fits and names an existing day reads back as itself.
    """
    pattern, position, places = "^", 1, dict[str, tuple[int, int]]()
    for literal, directive in re.findall(r"([^%]*)(?:%(.))?", format_):
        pattern += re.escape(literal).replace("\\-", "-").replace("\\ ", " ")
        position += len(literal)
        if directive:
            shape, width = DIRECTIVES[directive]
            pattern += shape
            places[directive] = (position, width)
            position += width
    return pattern + "$", tuple(places[directive] for directive in DIRECTIVES if directive in places)


def field_plans(
    *, dataset: Dataset, spec: SourceDataset, columns: list[str], codes: dict[str, tuple[CodeRow, ...]]
) -> list[FieldPlan]:
    """The plan of every field of a dataset, in column order.

    Args:
        dataset: The canonical dataset.
        spec: How the source fills it.
        columns: The raw columns.
        codes: The site's code tables.
    """
    return [_plan(field, spec.columns.get(field.name), columns, codes) for field in dataset.fields.values()]


def _plan(field: Field, column: Column | None, columns: list[str], codes: dict[str, tuple[CodeRow, ...]]) -> FieldPlan:
    name, kind, sql_type = field.name, field.type, field.sql_type
    if column is None or column.column is None:
        return FieldPlan(name=name, type=kind, sql_type=sql_type, const=column.const if column is not None else None)
    pattern, parts, reason = _shape(field, column)
    money = kind == "fen"
    return FieldPlan(
        name=name,
        type=kind,
        sql_type=sql_type,
        column=column.column,
        position=columns.index(column.column),
        normalise=column.normalise,
        codes=column.codes,
        by_insurance=column.codes is not None and any(row.insurance for row in codes[column.codes]),
        unit=column.unit,
        pattern=pattern,
        parts=parts,
        reason=reason,
        plain=NUMBER if money else None,
        inexact=("金额小数超过两位或数字过大" if column.unit == "yuan" else "金额不是整数分或数字过大") if money else "",
        required=column.required,
    )


def _shape(field: Field, column: Column) -> tuple[str | None, tuple[tuple[int, int], ...], str]:
    if field.type in ("date", "time"):
        pattern, parts = date_pattern(column.format)
        return pattern, parts[:3] if field.type == "date" else parts, f"日期不存在或不符合格式 {column.format}"
    if field.type == "fen":
        return (YUAN if column.unit == "yuan" else WHOLE), (), "不是金额"
    if field.type == "int":
        return WHOLE, (), "不是整数"
    if field.type == "rate":
        return RATE, (), "不是比例（小数，最多六位）"
    if field.type == "number":
        return MEASURE, (), "不是数值（小数，最多三位）"
    return None, (), ""


@dataclass(frozen=True, kw_only=True)
class CodeEntry:
    """What a source's code means on a date; ``insurance`` is empty where it means that in every scheme."""

    table_name: str
    insurance: str
    code: str
    canonical: str


def code_entries(*, codes: dict[str, tuple[CodeRow, ...]], source: str, date: dt.date) -> list[CodeEntry]:
    """The code tables as one source uses them on a date.

    Rows that name the source or the insurance go before those for all. Once a code has rows of its own, only they decide about it: a
    code that they end does not fall back to its meaning elsewhere, it has none.
    """
    entries = []
    for table, rows in codes.items():
        mine = [row for row in rows if row.source in ("", source)]
        for insurance in sorted({row.insurance for row in mine}):
            fitting = [row for row in mine if row.insurance in ("", insurance)]
            for code in sorted({row.code for row in fitting if row.insurance == insurance}):
                canonical = _meaning([row for row in fitting if row.code == code], code, date)
                entries.append(CodeEntry(table_name=table, insurance=insurance, code=code, canonical=canonical))
    return entries


def _meaning(rows: list[CodeRow], code: str, date: dt.date) -> str:
    rank = max((row.source != "", row.insurance != "") for row in rows)
    for row in rows:
        if (row.source != "", row.insurance != "") == rank and row.valid_from <= date <= row.valid_to:
            return row.canonical
    return "?" + code
