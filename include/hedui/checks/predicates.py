"""The condition, in SQL, that a row breaks a built-in Great Expectations expectation: what fetches its keys on the engine.

Great Expectations counts; lists of failing values never pass through Python. The counts of both are compared after each run, so a
condition here that meant something else than the expectation would show at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hedui.engine import ident, literal
from hedui.errors import HeduiError

ROWS_QUERY = "SELECT source_row FROM {batch} WHERE "
"""How the query of a row rule begins; what follows is its condition."""


def _not_null(kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column'])} IS NULL"


def _null(kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column'])} IS NOT NULL"


def _in_set(kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column'])} NOT IN {literal(kwargs['value_set'])}" if kwargs["value_set"] else _null(kwargs)


def _not_in_set(kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column'])} IN {literal(kwargs['value_set'])}" if kwargs["value_set"] else "FALSE"


def _range(value: str, kwargs: dict[str, Any]) -> str:
    bounds = [
        f"{value} {'<=' if kwargs.get('strict_min') else '<'} {literal(kwargs['min_value'])}"
        if kwargs.get("min_value") is not None
        else "",
        f"{value} {'>=' if kwargs.get('strict_max') else '>'} {literal(kwargs['max_value'])}"
        if kwargs.get("max_value") is not None
        else "",
    ]
    return " OR ".join(bound for bound in bounds if bound) or "FALSE"


def _between(kwargs: dict[str, Any]) -> str:
    return _range(ident(kwargs["column"]), kwargs)


def _lengths_between(kwargs: dict[str, Any]) -> str:
    return _range(f"length({ident(kwargs['column'])})", kwargs)


def _a_greater_than_b(kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column_A'])} {'<' if kwargs.get('or_equal') else '<='} {ident(kwargs['column_B'])}"


def _pair_equal(kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column_A'])} <> {ident(kwargs['column_B'])}"


def _rows(kwargs: dict[str, Any]) -> str:
    query: str = kwargs["unexpected_rows_query"]
    if not query.startswith(ROWS_QUERY):
        raise HeduiError(f"The query of a row rule begins with {ROWS_QUERY!r}; this one begins with {query[:40]!r}.")
    return query.removeprefix(ROWS_QUERY)


CONDITIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": _not_in_set,
    "expect_column_values_to_be_between": _between,
    "expect_column_value_lengths_to_be_between": _lengths_between,
    "expect_column_pair_values_a_to_be_greater_than_b": _a_greater_than_b,
    "expect_column_pair_values_to_be_equal": _pair_equal,
    "unexpected_rows_expectation": _rows,
}


def violation(kind: str, kwargs: dict[str, Any]) -> str:
    """The condition of the rows that break an expectation.

    Raises:
        HeduiError: There is no condition for this kind of expectation, or its query is not that of a row rule.
    """
    try:
        condition = CONDITIONS[kind]
    except KeyError:
        raise HeduiError(f'No keys can be fetched for the expectation "{kind}"; use one of {", ".join(CONDITIONS)}.') from None
    try:
        return condition(kwargs)
    except KeyError as missing:
        raise HeduiError(f"The expectation {kind} lacks the argument {missing}.") from None
