from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from hedui.demo.build import populate
from hedui.demo.expected import flow_truth
from hedui.demo.flow_planting import FlowPlanting
from hedui.demo.planting import Expectation, Planting
from hedui.demo.world import World

PERSONS, SEED = 2000, 1


@dataclass(frozen=True, kw_only=True)
class Small:
    """The smallest demo world, before anything is written."""

    connection: duckdb.DuckDBPyConnection
    world: World
    planting: Planting
    flows: FlowPlanting
    truth: list[Expectation]


def populated(connection: duckdb.DuckDBPyConnection, *, persons: int = PERSONS, seed: int = SEED) -> Small:
    world, planting, flows = populate(connection, persons=persons, seed=seed)
    return Small(
        connection=connection, world=world, planting=planting, flows=flows, truth=planting.truth + flow_truth(flows)
    )  # fmt: skip


@pytest.fixture(scope="package")
def small() -> Iterator[Small]:
    with duckdb.connect() as connection:
        yield populated(connection)
