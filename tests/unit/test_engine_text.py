"""Values reach SQL text only quoted: whatever the text, the engine reads it back as it was."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedui.engine import ident, literal, render, statements
from hedui.errors import HeduiError

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@given(TEXT)
def test_any_text_survives_as_a_literal(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {literal(text)}").fetchone() == (text,)


@given(TEXT.filter(bool))
def test_any_name_survives_as_an_identifier(name: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT 1 AS {ident(name)}").description[0][0] == name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="null"),
        pytest.param(True, True, id="boolean"),
        pytest.param(-5, -5, id="integer"),
        pytest.param(dt.date(2026, 6, 3), dt.date(2026, 6, 3), id="date"),
    ],
)
def test_other_values_keep_their_type(value: object, expected: object) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {literal(value)}").fetchone() == (expected,)


def test_a_list_becomes_what_in_takes() -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT 'b' IN {literal(('a', 'b'))}").fetchone() == (True,)


def test_a_value_without_a_literal_is_refused() -> None:
    with pytest.raises(HeduiError, match="object cannot become a SQL literal"):
        literal(object())


def test_a_missing_file_is_named() -> None:
    with pytest.raises(HeduiError, match=r"There is no SQL file .*nowhere\.sql"):
        render("nowhere.sql")


def test_statements_are_split_where_they_end_and_not_inside_a_literal() -> None:
    assert statements("-- header\n;\nSELECT ';\n';\n-- two\nSELECT 2;\n") == ["SELECT ';\n'", "-- two\nSELECT 2;"]
