"""The registry of plants over flows."""

from __future__ import annotations

from collections.abc import Callable

from hedui.demo.flow_planting import FlowPlanting

FlowPlant = Callable[[FlowPlanting], None]
FLOW_PLANTS: dict[str, FlowPlant] = {}
"""Plants by name, in the order in which they take their blocks."""


def plant(name: str) -> Callable[[FlowPlant], FlowPlant]:
    """Registers a flow plant."""

    def register(function: FlowPlant) -> FlowPlant:
        FLOW_PLANTS[name] = function
        return function

    return register
