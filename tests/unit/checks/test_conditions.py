"""Check characters in SQL against published examples and a second implementation; placeholders and lists as the macros see them."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.engine import environment

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
HOSTILE = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=22)


def id_check(first17: str) -> str:
    """GB 11643 as the standard words it: sum of digit × 2^(18-i) mod 11, and the digit that makes the whole 1 mod 11."""
    total = sum(int(digit) * pow(2, 18 - place, 11) for place, digit in enumerate(first17, start=1)) % 11
    last = (1 - total) % 11
    return "X" if last == 10 else str(last)


def credit_check(first17: str) -> str:
    """GB 32100: weights are the powers of 3 mod 31."""
    total = sum(ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(first17))
    return ALPHABET[-total % 31]


def macro(call: str, value: str | None) -> Any:
    """Value of a macro over a column that holds ``value``."""
    text = environment().from_string("{% import 'rules/conditions.sql' as sql %}SELECT {{ sql." + call + " }} FROM rows").render()
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE rows AS SELECT CAST($1 AS VARCHAR) AS x", [value])
        return (connection.execute(text).fetchone() or (None,))[0]


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_examples_printed_in_gb_11643(number: str) -> None:
    assert macro("id_check_character('x')", number) == number[17] == id_check(number[:17])


@pytest.mark.parametrize("code", ["91350100M000100Y43", "92371000MA3MXH0E3W", "91310000775785552L"])
def test_published_credit_codes(code: str) -> None:
    """The example of GB 32100 and two numbers of registers that anyone may look up."""
    assert code[17] == credit_check(code[:17])
    assert macro("bad_credit_code('x')", code) is False


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"99[0-9]{15}", fullmatch=True))
def test_id_check_characters_agree_with_a_second_implementation(first17: str) -> None:
    assert macro("id_check_character('x')", first17 + "0") == id_check(first17)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=ALPHABET, min_size=17, max_size=17), st.sampled_from(ALPHABET))
def test_credit_codes_agree_with_a_second_implementation(first17: str, last: str) -> None:
    assert macro("bad_credit_code('x')", first17 + last) is (last != credit_check(first17))


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_no_text_breaks_a_condition(text: str) -> None:
    """Whatever is in a column, a condition answers true or false."""
    assert macro("well_formed_18('x')", text) is (
        len(text) == 18 and all(c in "0123456789" for c in text[:17]) and text[17] in "0123456789X"
    )
    assert macro("placeholder('x')", text) in (True, False)
    if not (len(text) == 18 and set(text) <= set(ALPHABET)):
        assert macro("bad_credit_code('x')", text) is True
    macro("id_check_character('x')", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", True, id="a zero"),
        pytest.param("0" * 30, True, id="many zeros"),
        pytest.param("000000198801010000", True, id="zeros around a date"),
        pytest.param("000000198801010001", False, id="zeros and a serial"),
        *(pytest.param(digit * 18, True, id=f"eighteen {digit}") for digit in "123456789"),
        pytest.param("1" * 17, False, id="seventeen ones"),
        pytest.param("1" * 17 + "2", False, id="nearly eighteen ones"),
        pytest.param("0" * 17 + "X", False, id="zeros and X"),
        pytest.param("", False, id="empty"),
    ],
)
def test_placeholders(text: str, expected: bool) -> None:
    assert macro("placeholder('x')", text) is expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param("is_in('x', ['a', \"it's\"])", True, id="in a list"),
        pytest.param("is_in('x', [])", False, id="an empty list holds nothing"),
        pytest.param(
            "in_list_of_scheme('x', \"'110'\", {'p_110': [\"it's\"], 'p_default': []}, 'p_', 'FALSE')", True, id="own list"
        ),
        pytest.param("in_list_of_scheme('x', \"'150'\", {'p_110': [\"it's\"]}, 'p_', 'NULL')", None, id="no list"),
        pytest.param("outside_limits('7', \"'r'\", \"'110'\", [])", None, id="no limits"),
    ],
)
def test_lists_of_the_site(call: str, expected: bool | None) -> None:
    assert macro(call, "it's") is expected
