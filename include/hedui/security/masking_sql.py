"""The masks of :mod:`hedui.security.masking` as SQL expressions for DuckDB: sets of rows are masked where they are selected.

Each method takes the text of a SQL expression of type VARCHAR and returns the text of its masked form.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import duckdb

from hedui.engine import literal
from hedui.security.masking import ADULT_AGE, PERSON_FIELDS, mask_secret
from hedui.security.patterns import ADDRESS, BORN, DATE, ID_NUMBER, KEY_PART, STARS


@dataclass(frozen=True, kw_only=True)
class SqlMasks:
    """The default profile.

    Attributes:
        at: The day on which a person's age counts (minors show the year of birth only); None: everyone does.
    """

    at: dt.date | None = None

    def name(self, value: str) -> str:
        """姓名."""
        kept = f"concat(substr({value}, 1, 1), {_stars(f'length({value}) - 1')})"
        return f"(CASE WHEN length({value}) <= 1 THEN {_stars(f'length({value})')} WHEN length({value}) > 1 THEN {kept} END)"

    def id_number(self, value: str) -> str:
        """身份证号, 社会保障号码."""
        kept = f"concat(substr({value}, 1, 3), {_stars(f'length({value}) - 7')}, {_last(value, '4')})"
        return f"(CASE WHEN length({value}) >= 15 THEN {kept} ELSE {self.card(value)} END)"

    def phone(self, value: str) -> str:
        """手机."""
        kept = f"concat(substr({value}, 1, 3), '****', substr({value}, 8, 4))"
        return f"(CASE WHEN length({value}) = 11 THEN {kept} ELSE {self.card(value)} END)"

    def card(self, value: str) -> str:
        """银行卡."""
        kept = f"least(4, CAST(floor(length({value}) / 2) AS INTEGER))"
        return f"(CASE WHEN {value} IS NULL THEN NULL ELSE concat({_stars(f'length({value}) - {kept}')}, {_last(value, kept)}) END)"

    def certificate(self, value: str) -> str:
        """出生医学证明编号."""
        kept = f"concat(substr({value}, 1, 1), {_stars(f'length({value}) - 4')}, {_last(value, '3')})"
        return f"(CASE WHEN length({value}) >= 8 THEN {kept} ELSE {self.card(value)} END)"

    def address(self, value: str) -> str:
        """地址."""
        upper, county = (f"regexp_extract({value}, {literal(ADDRESS)}, {group})" for group in (1, 2))
        return (
            f"(CASE WHEN {value} IS NULL OR {value} = '' THEN {value} "
            f"WHEN {upper} = '' THEN '****' ELSE concat({upper}, {county}, '****') END)"
        )

    def birth_date(self, value: str) -> str:
        """出生日期."""
        year, month, day = (f"regexp_extract({value}, {literal(DATE)}, {group})" for group in (1, 2, 3))
        full = f"concat({year}, '-', lpad({month}, 2, '0'), '-**')"
        if self.at is None:
            full = f"concat({year}, '-**')"
        else:
            limit = self.at.year * 10000 + self.at.month * 100 + self.at.day - ADULT_AGE * 10000
            born = f"CAST(concat({year}, lpad({month}, 2, '0'), lpad({day}, 2, '0')) AS INTEGER)"
            full = f"CASE WHEN {born} > {limit} THEN concat({year}, '-**') ELSE {full} END"
        return f"(CASE WHEN {value} IS NULL OR {value} = '' THEN {value} WHEN {year} = '' THEN '****' ELSE {full} END)"

    def key(self, value: str) -> str:
        """A person's key."""
        parts = f"regexp_replace({value}, {literal(KEY_PART)}, {literal(chr(92) + '1****' + chr(92) + '2' + chr(92) + '3')}, 'g')"
        return f"(CASE WHEN regexp_full_match({value}, {literal(ID_NUMBER)}) THEN {self.id_number(value)} ELSE {parts} END)"

    def text(self, value: str) -> str:
        """Any other text."""
        return f"regexp_replace({value}, {literal(BORN)}, {literal(chr(92) + '1' + STARS + chr(92) + '2')}, 'g')"

    def subject_key(self, subject_type: str, value: str) -> str:
        """A finding's subject; ``subject_type`` is an expression, too."""
        return f"(CASE WHEN {subject_type} = 'person' THEN {self.key(value)} ELSE {self.text(value)} END)"

    def field(self, field: str, value: str, *, subject_type: str) -> str:
        """The value of a canonical field; ``field`` and ``subject_type`` are expressions, too."""
        cases = [f"WHEN {field} = 'name' AND {subject_type} <> 'person' THEN {self.text(value)}"]
        for mask, names in groupby(sorted(PERSON_FIELDS, key=_mask_of), key=_mask_of):
            cases.append(f"WHEN {field} IN ({', '.join(literal(name) for name in names)}) THEN {getattr(self, mask)(value)}")
        return f"(CASE {' '.join(cases)} ELSE {self.text(value)} END)"

    def side_values(self, values: str, *, field: str, subject_type: str, sources: Iterable[str]) -> str:
        """A finding's ``side_values`` or ``raw_values`` (a flat JSON object); sides that are not in ``sources`` are left out."""
        members = []
        for source in sources:
            path = literal(f'$."{source}"')
            text = f"json_extract_string({values}, {path})"
            shown = f"coalesce(CAST(to_json({self.field(field, text, subject_type=subject_type)}) AS VARCHAR), 'null')"
            members.append(
                f"CASE WHEN json_exists({values}, {path}) THEN concat({literal(chr(34) + source + chr(34) + ':')}, {shown}) END"
            )
        if not members:
            return f"(CASE WHEN {values} IS NULL THEN NULL ELSE '{{}}' END)"
        return f"(CASE WHEN {values} IS NULL THEN NULL ELSE concat('{{', concat_ws(',', {', '.join(members)}), '}}') END)"


SQL_MASKS: Final = SqlMasks()
"""The default profile without a day for ages."""


def _mask_of(field: str) -> str:
    """The method that masks a field: that of the Python function."""
    return PERSON_FIELDS[field].__name__.removeprefix("mask_")


def _stars(count: str) -> str:
    return f"repeat('*', CAST(greatest({count}, 0) AS INTEGER))"


def _last(value: str, count: str) -> str:
    return f"substr({value}, CAST(length({value}) - {count} + 1 AS INTEGER), {count})"


def prepare_pseudonyms(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives a connection what :func:`pseudonym_sql` needs; without a secret every pseudonym is NULL.

    The secret itself reaches no SQL text, only session variables.
    """
    secret = mask_secret()
    inner = outer = None
    if secret is not None:
        block = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
        inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    for name, value in (("hedui_mask_inner", inner), ("hedui_mask_outer", outer)):
        connection.execute(f"SET VARIABLE {name} = CAST(? AS BLOB)", [value])


def pseudonym_sql(value: str) -> str:
    """SQL expression of :func:`hedui.security.masking.pseudonym` (HMAC-SHA-256 written out)."""
    inner = f"unhex(sha256(getvariable('hedui_mask_inner') || encode({value})))"
    return f"substr(sha256(getvariable('hedui_mask_outer') || {inner}), 1, 16)"
