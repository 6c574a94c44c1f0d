"""Names and literals in scripts, and the files that SQL*Loader reads: nothing in a value can become anything else."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.corrections.bundle import freeze
from hedui.corrections.bundle.tables import csv_line, insert_text, record_end
from hedui.corrections.bundle.values import change_line, line_change
from hedui.corrections.model import Cell, Change, Column, Dialect, Operation, Value
from hedui.corrections.sql.dialects import speech
from hedui.corrections.sql.shape import NAME_LENGTH, plan_shapes
from unit.corrections.bundle_world import HOSTILE, PERSONS, plan, sample, update

ORACLE = speech(Dialect.ORACLE)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=60) | st.sampled_from(
    [*HOSTILE.values(), "'", "''", "';", "&", "\n/\n", "x' || CHR(65) || 'y"]
)
VALUES = (
    st.none()
    | TEXTS
    | st.just("")
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes()
)
TERM = re.compile(r"'((?:[^']|'')*)'|CHR\((\d+)\)")


def evaluated(expression: str) -> str:
    """What Oracle reads in literals and CHR calls joined by ``||``."""
    place, found = 0, ""
    while True:
        match = TERM.match(expression, place)
        assert match, expression[place:]
        found += match[1].replace("''", "'") if match[1] is not None else chr(int(match[2]))
        place = match.end()
        if place == len(expression):
            return found
        joint = re.compile(r"\s*\|\|\s*").match(expression, place)
        assert joint, expression[place:]
        place = joint.end()


@given(TEXTS)
def test_a_text_is_read_as_it_is_and_no_line_of_it_means_anything(text: str) -> None:
    literal = ORACLE.literal(text)
    assert evaluated(literal) == text
    assert not re.search(r"[\x00-\x1f&]", literal)


@given(st.lists(TEXTS, min_size=1, max_size=3))
@settings(max_examples=50)
def test_lines_of_an_insert_are_short_enough_for_sqlplus(texts: list[str]) -> None:
    script = insert_text([1, *texts, "长" * 3000 + "'&" * 200], speech=ORACLE, head="INSERT INTO S (A)")
    lines = script.split("\n")
    assert max(len(line.encode()) for line in lines) < 2_499
    assert all(line.strip() and line.strip() not in ("/", ".") and not line.endswith("-") for line in lines[:-1])
    assert [line for line in lines if line.endswith(";")] == [lines[-2]]


@given(VALUES)
def test_values_are_kept_exactly(value: Value) -> None:
    made = Change(
        number=1,
        operation=Operation.UPDATE,
        table="t",
        key=(value,),
        cells=(Cell(column="c", old=value, new=None, amount_fen=(None, 5)),),
        cases=("a", "b"),
        rule="R01",
        field="f",
    )
    read = line_change(change_line(made).encode())
    assert read == made
    assert type(read.key[0]) is type(value)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "NULL"),
        ("", "NULL"),
        (-5, "-5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.10"), "-0.10"),
        (dt.date(2026, 6, 5), "TO_DATE('2026-06-05', 'YYYY-MM-DD')"),
        (dt.datetime(2026, 6, 5, 1, 2, 3, 4), "TO_TIMESTAMP('2026-06-05 01:02:03.000004', 'YYYY-MM-DD HH24:MI:SS.FF6')"),
        (dt.date(987, 1, 2), "TO_DATE('0987-01-02', 'YYYY-MM-DD')"),
    ],
)
def test_literals_of_the_other_kinds(value: Value, literal: str) -> None:
    assert ORACLE.literal(value) == literal


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("aac003", "AAC003"),
        ("AAC003", "AAC003"),
        ("date", '"DATE"'),
        ("姓名", '"姓名"'),
        ("aB", '"aB"'),
        ("a b", '"A B"'),
        ("1a", '"1A"'),
    ],
)
def test_names_are_quoted_where_oracle_needs_it(name: str, quoted: str) -> None:
    assert ORACLE.name(name) == quoted


def test_no_name_can_leave_its_quotes() -> None:
    with pytest.raises(Exception, match="DPY"):
        ORACLE.name('a" X')
    assert speech(Dialect.POSTGRESQL).name('a" X') == '"a"" X"'


@given(st.lists(TEXTS, min_size=1, max_size=5))
@settings(max_examples=50)
def test_records_end_where_sqlloader_looks_for_the_end(texts: list[str]) -> None:
    """SQL*Loader cuts the file at the end of record without looking at quotes: that must give the records."""
    changes = [
        update(number, PERSONS, (number,), Cell(column="aae013", old=None, new=text)) for number, text in enumerate(texts, start=1)
    ]
    end = record_end(changes, Dialect.ORACLE)
    columns = (Column(name="a", kind="integer"), Column(name="b"), Column(name="c", kind="date"))
    content = "".join(csv_line((number, text, None), columns, end=end) for number, text in enumerate(texts, start=1))
    records = content.split(end)
    assert records.pop() == ""
    read = [next(csv.reader(io.StringIO(record, newline=""), strict=True)) for record in records]
    assert read == [[str(number), text, ""] for number, text in enumerate(texts, start=1)]


def test_work_tables_have_names_that_every_oracle_takes() -> None:
    (first, *_) = plan_shapes(sample())
    for bundle in ("BUNDLE-990102-20260605-001", "BUNDLE-990102123456-20260605-1234", "x" * 200, "BUNDLE-a'b"):
        names = {first.work_name(kind, bundle, copy=copy) for kind in "SBXAD" for copy in (False, True)}
        assert len(names) == 10
        assert all(len(name) <= NAME_LENGTH and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in names)


def test_long_and_chinese_columns_have_stage_columns_of_their_own(tmp_path: Path) -> None:
    names = ("a" * 29, "a" * 30, "参加工作日期", "曾用名")
    table = replace(PERSONS, columns=(*PERSONS.columns, *(Column(name=name, length=20) for name in names)))
    cells = tuple(Cell(column=name, old="x", new="y") for name in names)
    made = replace(plan([update(1, table, (1,), *cells)]), tables=(table,))
    (shape,) = plan_shapes(made)
    staged = [column.name.upper() for column in shape.stage_columns()]
    assert len(set(staged)) == len(staged) == 4 + 2 * len(names)
    assert all(name.isascii() and len(name) <= NAME_LENGTH for name in staged)
    freeze(made, folder=tmp_path)
