"""How a system's table is described: an ideal relation in canonical terms, and how each of its columns is written.

The *ideal* relation has a column ``i`` (person) or ``u`` (unit) and the canonical fields as typed columns, without codes or units of
the system. Each :class:`Column` turns it into what the system holds. Plants change ideal values, so the same SQL writes planted and
ordinary rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hedui.canonical.schemas import dataset

MACROS: Final = (
    "CREATE OR REPLACE MACRO region_of(d) AS CAST(990100 + d AS VARCHAR)",
    "CREATE OR REPLACE MACRO agency_of(d) AS CAST((990100 + d) * 100 + 1 AS VARCHAR)",
    "CREATE OR REPLACE MACRO tax_office_of(d) AS CAST(1990100000 + d * 1000 AS VARCHAR)",
    "CREATE OR REPLACE MACRO unit_no_of(u) AS CAST(990100000000 + u AS VARCHAR)",
    "CREATE OR REPLACE MACRO tax_unit_no_of(u) AS CAST(20260000000000 + u * 7 AS VARCHAR)",
    "CREATE OR REPLACE MACRO yuan(f) AS CAST(CAST(f AS DECIMAL(15, 0)) * CAST(0.01 AS DECIMAL(2, 2)) AS VARCHAR)",
    "CREATE OR REPLACE MACRO ratio(r) AS CAST(CAST(r AS DECIMAL(9, 0)) * CAST(0.000001 AS DECIMAL(6, 6)) AS VARCHAR)",
    "CREATE OR REPLACE MACRO day8(d) AS strftime(d, '%Y%m%d')",
    "CREATE OR REPLACE MACRO month6(d) AS strftime(d, '%Y%m')",
    # Blanks around a name and the agency's own middle dot: noise that says nothing about the person.
    "CREATE OR REPLACE MACRO noisy(name, n, dot) AS CASE n WHEN 0 THEN '　' || replace(name, '·', dot) || ' ' "
    "WHEN 1 THEN replace(name, '·', dot) || '  ' WHEN 2 THEN ' ' || replace(name, '·', dot) ELSE replace(name, '·', dot) END",
    # Where a row's person or unit is: what the districts' codes of the next half-year are decided by, see include/sites/demo/regions.
    "CREATE OR REPLACE MACRO village_of(r, n) AS r || '00' || CAST(1 + n % 4 AS VARCHAR) || '00' || CAST(1 + n // 4 % 6 AS VARCHAR)",
    "CREATE OR REPLACE MACRO office_of(r, n) AS CASE WHEN r <> '990105' OR n % 10 < 6 THEN r || '01' WHEN n % 10 < 9 THEN r || '02' END",
    "CREATE OR REPLACE MACRO address_of(r, n) AS CASE WHEN r = '990105' THEN '和对市中和区' || "
    "CASE n % 5 WHEN 0 THEN '中和街道' WHEN 1 THEN '河口街道' WHEN 2 THEN '新港街道' WHEN 3 THEN '沙洲镇临港' ELSE '' END "
    "|| '建设路' || CAST(1 + n AS VARCHAR) || '号' END",
    "CREATE OR REPLACE MACRO wide_digits(t) AS translate(t, '0123456789X', '０１２３４５６７８９Ｘ')",
)
"""DuckDB macros that the systems' SQL uses."""

SNAPSHOT_FIELDS: Final[dict[str, dict[str, str]]] = {
    "person": {
        "i": "BIGINT",
        "person_no": "VARCHAR",
        "id_type": "VARCHAR",
        "id_number": "VARCHAR",
        "social_security_no": "VARCHAR",
        "name": "VARCHAR",
        "sex": "VARCHAR",
        "ethnicity": "VARCHAR",
        "birth_date": "DATE",
        "first_work_date": "DATE",
        "retirement_date": "DATE",
        "death_date": "DATE",
        "unit_no": "VARCHAR",
        "region": "VARCHAR",
        "phone": "VARCHAR",
    },
    "enrolment": {
        "i": "BIGINT",
        "person_no": "VARCHAR",
        "id_number": "VARCHAR",
        "name": "VARCHAR",
        "insurance": "VARCHAR",
        "enrol_state": "VARCHAR",
        "pay_state": "VARCHAR",
        "first_month": "VARCHAR",
        "start_date": "DATE",
        "end_date": "DATE",
        "unit_no": "VARCHAR",
        "pool_region": "VARCHAR",
        "pay_base_fen": "BIGINT",
        "months_paid": "BIGINT",
        "person_category": "VARCHAR",
        "change_reason": "VARCHAR",
        "change_date": "DATE",
    },
    "tax_registration": {
        "i": "BIGINT",
        "person_no": "VARCHAR",
        "id_type": "VARCHAR",
        "id_number": "VARCHAR",
        "name": "VARCHAR",
        "sex": "VARCHAR",
        "birth_date": "DATE",
        "insurance": "VARCHAR",
        "pay_state": "VARCHAR",
        "tax_unit_no": "VARCHAR",
        "region": "VARCHAR",
        "tax_office": "VARCHAR",
    },
    "unit": {
        "u": "BIGINT",
        "unit_no": "VARCHAR",
        "tax_unit_no": "VARCHAR",
        "uscc": "VARCHAR",
        "name": "VARCHAR",
        "unit_type": "VARCHAR",
        "unit_state": "VARCHAR",
        "region": "VARCHAR",
        "tax_office": "VARCHAR",
        "economic_type": "VARCHAR",
        "subordination": "VARCHAR",
    },
    "unit_map": {"u": "BIGINT", "unit_no": "VARCHAR", "tax_unit_no": "VARCHAR"},
} | {
    name: {"i": "BIGINT"} | {field.name: field.sql_type for field in dataset(name).fields.values()}
    for name in ("contribution_month", "pension_account", "benefit", "death", "scheme_record", "person_map")
}
"""Columns of the ideal relations of the snapshot datasets with their types."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a system's table.

    Attributes:
        name: The system's column name.
        sql: How its text is made from the ideal relation.
        label: Chinese meaning, the comment in the database.
        type: PostgreSQL type; text in files.
    """

    name: str
    sql: str
    label: str = ""
    type: str = "varchar"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A system's table for one canonical dataset.

    Attributes:
        source: Source id of the site.
        dataset: Canonical dataset.
        name: Table name, or the file name part of it.
        label: Chinese meaning.
        columns: In order.
        ideal: SELECT that yields the ideal relation of the ordinary rows.
        ordinary: Condition of the ordinary rows that are delivered; a sample keeps large worlds small.
    """

    source: str
    dataset: str
    name: str
    label: str
    columns: tuple[Column, ...]
    ideal: str
    ordinary: str = "TRUE"

    def render(self, relation: str, *, extra: str = "") -> str:
        """SELECT of the written columns from a relation with the ideal columns; ``extra`` columns come first."""
        columns = ", ".join(f'{column.sql} AS "{column.name}"' for column in self.columns)
        return f"SELECT {extra}{columns} FROM {relation}"


def person_ideal(*, person_no: str, id_number: str, name: str, unit_no: str = "unit_no_of(u)", ssn: str = "id_number") -> str:
    """The ideal relation of a source's persons; arguments are SQL over ``base_person``."""
    return f"""
        SELECT i, {person_no} AS person_no, '01' AS id_type, {id_number} AS id_number, {ssn} AS social_security_no, {name} AS name,
            sex, ethnicity, birth_date, first_work_date, CAST(NULL AS DATE) AS retirement_date, death_date,
            {unit_no} AS unit_no, region_of(district) AS region, phone
        FROM base_person"""


def enrolment_ideal(*, person_no: str, id_number: str, name: str, insurances: str, unit_no: str = "unit_no_of(u)") -> str:
    """The ideal relation of a source's enrolments; ``insurances`` is a VALUES list of (kind, insurance)."""
    return f"""
        SELECT i, {person_no} AS person_no, {id_number} AS id_number, {name} AS name, scheme.insurance, enrol_state, pay_state,
            month6(start_date) AS first_month, start_date, end_date, {unit_no} AS unit_no, region_of(district) AS pool_region,
            base_fen AS pay_base_fen, months_paid
        FROM base_person JOIN (VALUES {insurances}) AS scheme (of_kind, insurance) ON kind = scheme.of_kind"""
