"""The registry of plants over master data."""

from __future__ import annotations

from collections.abc import Callable

from hedui.demo.planting import Planting

Plant = Callable[[Planting], None]
PLANTS: dict[str, Plant] = {}
"""Plants by name, in the order in which they take their subjects."""


def plant(name: str) -> Callable[[Plant], Plant]:
    """Registers a plant under a name, by custom the rule with what tells several plants of a rule apart."""

    def register(function: Plant) -> Plant:
        PLANTS[name] = function
        return function

    return register
