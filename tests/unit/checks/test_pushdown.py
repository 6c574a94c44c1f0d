"""What Great Expectations says of a table's columns, in its own words but without its renderer."""

from __future__ import annotations

from typing import Any

import pytest

from hedui.checks.pushdown import open_pushdown


@pytest.mark.parametrize(
    ("kwargs", "success", "text"),
    [
        ({"column_set": ["a", "b"], "exact_match": True}, True, "Must have exactly these columns (in any order): a, b"),
        ({"column_set": ["a"], "exact_match": True}, False, "Must have exactly these columns (in any order): a"),
        ({"column_set": ["b", "c"], "exact_match": False}, False, "Must have at least these columns (in any order): b, c"),
        ({"column_set": ["a", "c"]}, False, "Must have exactly these columns (in any order): a, c"),
    ],
    ids=["there", "one too many", "one missing", "exact unless said"],
)
def test_the_columns_of_a_table(kwargs: dict[str, Any], success: bool, text: str) -> None:
    with open_pushdown() as pushdown:
        pushdown.connection.execute("CREATE VIEW seen AS SELECT 1 AS a, 2 AS b")
        (outcome,) = pushdown.validate("seen", [{"type": "expect_table_columns_to_match_set", "kwargs": kwargs}])
    assert (outcome.success, outcome.text, outcome.observed, outcome.error) == (success, text, "a, b", "")
