"""Data never becomes a formula, money is exact, text fits."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from hedui.reports.cells import MAX_TEXT, NO_VALUE, cell_value, cell_xml, display_width, safe_text, yuan


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+SUM(A1)", "'+SUM(A1)", id="plus"),
        pytest.param("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage_return"),
        pytest.param("\n=1", "'\n=1", id="line_feed"),
        pytest.param("\x00=1", "'=1", id="behind_a_control_character"),
        pytest.param("-12.50", "-12.50", id="plain_negative_number"),
        pytest.param("-1+2", "'-1+2", id="arithmetic"),
        pytest.param("张**", "张**", id="harmless"),
        pytest.param("'=1", "'=1", id="already_prefixed"),
        pytest.param("", "", id="empty"),
    ],
)
def test_text_that_looks_like_a_formula_is_prefixed(value: str, expected: str) -> None:
    assert safe_text(value) == expected


def test_text_beyond_excels_limit_is_cut_with_an_ellipsis() -> None:
    text = safe_text("长" * 40_000)
    assert len(text) == MAX_TEXT + 1
    assert text.endswith("长…")


def test_characters_that_xml_forbids_are_dropped() -> None:
    assert safe_text("a\x0bb\ud800c\ufffed") == "abcd"


@pytest.mark.parametrize(
    ("fen", "expected"),
    [(0, "0.00"), (1, "0.01"), (-1, "-0.01"), (123_456_789_012_345, "1234567890123.45")],
)
def test_yuan_is_exact(fen: int, expected: str) -> None:
    assert yuan(fen) == Decimal(expected)


def test_kinds_decide_how_a_value_is_written() -> None:
    assert cell_value(12345, "money") == Decimal("123.45")
    assert cell_value(12345, "int") == 12345
    assert cell_value("990101200001011234", "code") == "990101200001011234"
    assert cell_value(None, "percent") == NO_VALUE
    assert cell_value(None, "money") is None


def test_xml_of_long_sheets_escapes_text_and_counts_days_from_excels_epoch() -> None:
    assert (
        cell_xml("A1", 3, "<a> & b", "text")
        == '<c r="A1" s="3" t="inlineStr"><is><t xml:space="preserve">&lt;a&gt; &amp; b</t></is></c>'
    )
    assert cell_xml("B2", 4, -150, "money") == '<c r="B2" s="4"><v>-1.50</v></c>'
    assert cell_xml("C3", 5, dt.date(2026, 6, 3), "date") == '<c r="C3" s="5"><v>46176</v></c>'
    assert cell_xml("D4", 6, None, "text") == '<c r="D4" s="6"/>'


def test_chinese_characters_are_twice_as_wide() -> None:
    assert display_width("ab张三") == 6
