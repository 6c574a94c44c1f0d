"""The mapping turned round: what is written into a column is read back from it as the same canonical value, by the conversion itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest

from hedui import engine
from hedui.canonical.convert import prepare
from hedui.canonical.plan import BLANKS, code_entries, field_plans
from hedui.corrections.model import Column, Value
from hedui.corrections.reverse import Irreversible, Reverse
from hedui.site.corrections import Dialect, Target, TargetColumn, TargetTable
from unit.corrections.plans_world import LOCAL, NIGHT, PROVINCE, SITE

VALUES = {
    "date": ("1986-02-28", "2024-02-29"),
    "fen": ("0", "1", "-12345", "999999999999"),
    "int": ("0", "480"),
    "period": ("202605",),
    "rate": ("160000",),
}
TEXTS = {
    "trim": ("O'Hara & -- 𠮷", "990101000001"),
    "id_number": ("990101198602280011", "99010119860228001X"),
    "upper": ("91990101MA0000001X",),
    "person_name": ("欧阳·娜·买买提",),
    "unit_name": ("和对(集团)有限公司",),
}


def reverse(target: Target, table: TargetTable) -> Reverse:
    return Reverse(site=SITE, target=target, table=table, date=NIGHT)


def codes(table: str) -> tuple[str, ...]:
    return tuple(sorted({row.canonical for row in SITE.codes[table]}))


def raw(value: Value, format_: str) -> str | None:
    """A column's value as the source's reader delivers it."""
    return value.strftime(format_) if isinstance(value, dt.date) else None if value is None else str(value)


def read_back(made: Reverse, rows: list[dict[str, str | None]], field: str) -> list[str | None]:
    """The canonical field of raw rows, by the SQL that converts every batch."""
    columns = list(rows[0])
    plans = field_plans(dataset=made.dataset, spec=made.mapped, columns=columns, codes=SITE.codes)
    with engine.connect(threads=1) as duck:
        prepare(duck, code_entries(codes=SITE.codes, source=made.target.source, date=NIGHT))
        texts = {name: pa.array([row[name] for row in rows], pa.string()) for name in columns}
        duck.register("raw", pa.table({**texts, "source_row": list(range(len(rows)))}))
        engine.run(duck, "canonical/cleaned.sql", relation="raw", fields=plans, columns=columns, blanks=BLANKS)
        scheme = next((plan for plan in plans if plan.name == "insurance" and plan.column), None)
        insurance = "k_insurance.canonical" if scheme is not None and scheme.codes else "NULL"
        engine.run(duck, "canonical/typed.sql", fields=plans, columns=columns, insurance=insurance)
        found = duck.execute(f"SELECT CAST(v_{field} AS VARCHAR) FROM typed ORDER BY source_row").fetchall()
    return [value for (value,) in found]


def attempt(made: Reverse, field: str, value: str, *, insurance: str | None) -> Value | Irreversible:
    """The reversed value, or why there is none."""
    try:
        return made.to_column(field, value, insurance=insurance)
    except Irreversible as why:
        return why


CASES = [
    pytest.param(target, table, field, id=f"{target.id}.{table.dataset}.{field}")
    for target in (LOCAL, PROVINCE)
    for table in target.tables
    for field, mapping in reverse(target, table).mapped.columns.items()
    if mapping.column is not None and field not in ("insurance", *table.closed_fields)
]


@pytest.mark.parametrize(("target", "table", "field"), CASES)
def test_what_is_written_is_read_back(target: Target, table: TargetTable, field: str) -> None:
    made = reverse(target, table)
    mapping, kind = made.mapped.columns[field], made.dataset.fields[field].type
    scheme = made.mapped.columns.get("insurance")
    values = codes(mapping.codes) if mapping.codes else VALUES.get(kind, TEXTS[mapping.normalise])
    length = made.column(str(mapping.column)).length
    if kind in ("text", "code") and mapping.codes is None and length is not None:
        values = tuple(value[:length] for value in values)
    rows, expected = [], []
    for value in values:
        written = attempt(made, field, value, insurance="110" if scheme is not None else None)
        if isinstance(written, Irreversible):
            continue
        row: dict[str, str | None] = {each.column: None for each in made.mapped.columns.values() if each.column is not None}
        if scheme is not None and scheme.column is not None:
            row[scheme.column] = str(made.to_column("insurance", "110"))
        row[made.column_of(field)] = raw(written, mapping.format)
        rows.append(row)
        expected.append(value)
    assert expected == list(values) or (mapping.codes is not None and expected)
    assert read_back(made, rows, field) == expected


def province(dataset: str) -> Reverse:
    return reverse(PROVINCE, next(table for table in PROVINCE.tables if table.dataset == dataset))


def city(dataset: str) -> Reverse:
    return reverse(LOCAL, next(table for table in LOCAL.tables if table.dataset == dataset))


BEFORE = replace(province("pension_account"), date=dt.date(2026, 6, 3))
"""A day before code 30 of the province began to mean something else."""


@pytest.mark.parametrize(
    ("made", "field", "value", "written"),
    [
        pytest.param(city("pension_account"), "closing_fen", "123456789", Decimal("1234567.89"), id="yuan"),
        pytest.param(province("pension_account"), "closing_fen", "123456789", 123456789, id="fen"),
        pytest.param(city("person"), "birth_date", "1986-01-02", "19860102", id="date as text"),
        pytest.param(province("person"), "birth_date", "1986-01-02", dt.date(1986, 1, 2), id="date as date"),
        pytest.param(province("enrolment"), "enrol_state", "1", "01", id="the code that is in use on the date"),
        pytest.param(province("pension_account"), "account_state", "2", "90", id="the code of the scheme"),
    ],
)
def test_a_value_takes_the_columns_form(made: Reverse, field: str, value: str, written: Value) -> None:
    assert made.to_column(field, value, insurance="110") == written


@pytest.mark.parametrize(
    ("made", "field", "value", "why"),
    [
        pytest.param(BEFORE, "account_state", "5", "多个对应代码：30、50", id="two codes"),
        pytest.param(city("person"), "sex", "7", "没有对应代码", id="no code"),
        pytest.param(city("person"), "sex", "?男", "未登记的代码", id="unknown code"),
        pytest.param(province("person"), "name", "长" * 101, "长度 100", id="too long"),
        pytest.param(city("person"), "person_no", "1", "不允许", id="closed"),
        pytest.param(city("unit"), "tax_unit_no", "1", "没有对应", id="not there"),
        pytest.param(city("pension_account"), "closing_fen", "1" + "0" * 16, "位数", id="too many digits"),
    ],
)
def test_what_has_no_one_form_says_why(made: Reverse, field: str, value: str, why: str) -> None:
    with pytest.raises(Irreversible, match=why):
        made.to_column(field, value, insurance="110")


@pytest.mark.parametrize(
    ("made", "column", "text", "held"),
    [
        (city("person"), "aac003", "", ""),
        (province("person"), "XM", "", None),
        (province("person"), "CSRQ", "1986-01-02", dt.date(1986, 1, 2)),
        (province("person"), "CSRQ", "", None),
        (city("pension_account"), "zzb005", "1234.50", Decimal("1234.50")),
        (city("pension_account"), "aae201", "12", 12),
        (city("person"), "aac003", " 张三　", " 张三　"),
    ],
    ids=["empty", "empty in Oracle", "date", "no date", "money", "months", "as it stands"],
)
def test_the_old_value_is_what_the_column_holds(made: Reverse, column: str, text: str, held: Value) -> None:
    assert made.as_held(made.column(column), text) == held


def test_an_old_value_of_another_kind_is_refused() -> None:
    made = city("pension_account")
    with pytest.raises(Irreversible, match="现值不是整数"):
        made.as_held(made.column("aae201"), "十二")


def test_a_table_is_described_by_its_key_its_live_row_and_what_changes() -> None:
    described = city("pension_account").described({"aae201", "zzb005"})
    assert described.name == "shebao.ac51"
    assert [column.name for column in described.columns] == ["aac001", "aae140", "aae001", "jsrq", "xgpc", "zzb005", "aae201"]
    assert described.live == (("jsrq", dt.date(9999, 12, 31)),)
    assert described.column("zzb005") == Column(name="zzb005", kind="decimal", length=16, scale=2, label="年末储存额")


def test_a_column_of_char_is_as_the_site_declares_it() -> None:
    made = city("person")
    declared = {"aac003": TargetColumn(length=50, fixed=True)}
    made = replace(made, table=made.table.model_copy(update={"columns": {**made.table.columns, **declared}}))
    assert made.column("aac003") == Column(name="aac003", length=50, fixed=True, label="姓名")


def test_dialects_are_those_of_the_site() -> None:
    assert (LOCAL.dialect, PROVINCE.dialect) == (Dialect.POSTGRESQL, Dialect.ORACLE)
