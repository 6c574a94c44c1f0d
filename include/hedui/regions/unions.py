"""Sets that grow together: which names belong to one another, by the pairs that connect them."""

from __future__ import annotations

from collections.abc import Iterable


class Unions:
    """Names in sets; each set is called by its least name.

    Args:
        pairs: Names that belong together.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._above: dict[str, str] = {}
        for one, other in pairs:
            self.join(one, other)

    def join(self, one: str, other: str) -> None:
        """Makes two names' sets one."""
        first, second = sorted((self._root(one), self._root(other)))
        self._above[second] = first

    def _root(self, name: str) -> str:
        while self._above.setdefault(name, name) != name:
            self._above[name] = self._above[self._above[name]]
            name = self._above[name]
        return name

    def name(self, member: str) -> str:
        """The name of a member's set, empty for what is in none."""
        return self._root(member) if member in self._above else ""

    def names(self) -> dict[str, str]:
        """The set's name of every member."""
        return {member: self._root(member) for member in list(self._above)}
