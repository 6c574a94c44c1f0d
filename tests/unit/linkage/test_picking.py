"""Picking one to one: what rounds of mutual best give is what going through the pairs from the best on gives."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.linkage.pairs import pick

EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30)


def greedy(edges: list[tuple[int, int]]) -> list[int]:
    taken: set[int] = set()
    chosen = []
    for turn, ends in enumerate(edges, start=1):
        if not taken & set(ends):
            taken |= set(ends)
            chosen.append(turn)
    return chosen


def picked(edges: list[tuple[int, int]]) -> list[int]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TEMP TABLE scored (turn BIGINT, left_node BIGINT, right_node BIGINT)")
        if edges:
            connection.executemany("INSERT INTO scored VALUES (?, ?, ?)", [(n, *ends) for n, ends in enumerate(edges, start=1)])
        connection.execute("CREATE TEMP TABLE picked AS SELECT * FROM scored WHERE FALSE")
        pick(connection)
        return [turn for (turn,) in connection.execute("SELECT turn FROM picked ORDER BY turn").fetchall()]


@settings(max_examples=60, deadline=None)
@given(EDGES)
def test_between_two_sides(edges: list[tuple[int, int]]) -> None:
    bipartite = [(2 * left, 2 * right + 1) for left, right in dict.fromkeys(edges)]
    assert picked(bipartite) == greedy(bipartite)


@settings(max_examples=60, deadline=None)
@given(EDGES)
def test_inside_one_side(edges: list[tuple[int, int]]) -> None:
    pairs = [(min(ends), max(ends)) for ends in edges if ends[0] != ends[1]]
    distinct = list(dict.fromkeys(pairs))
    assert picked(distinct) == greedy(distinct)


def test_a_chain_in_which_only_the_first_pair_is_the_best_of_both_its_rows() -> None:
    chain = [(2 * number, 2 * number + 1) if number % 2 else (2 * number, 2 * number - 1) for number in range(1, 6)]
    assert picked(chain) == greedy(chain)
