"""The names in an XML packet: the library keeps each of them for as long as the process lives, so that there must not be any number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

MAX_NAMES = 2_000  # of elements, attributes, namespaces and instructions in one packet; also fields of one record
MAX_TEXT = 1 << 18  # characters of all of them


class Names:
    """The names that one packet has had so far.

    Args:
        refusal: Makes the error that is raised where there are too many.
    """

    def __init__(self, refusal: Callable[[], Exception]) -> None:
        self._refusal = refusal
        self._met: set[str] = set()
        self._text = 0

    def meet(self, names: Iterable[str]) -> None:
        """Notes names.

        Raises:
            Exception: The refusal: too many of them are no records but an attack on the memory.
        """
        new = set(names) - self._met
        if not new:
            return
        self._met |= new
        self._text += sum(map(len, new))
        if len(self._met) > MAX_NAMES or self._text > MAX_TEXT:
            raise self._refusal()

    def meet_all(self, element: Any) -> None:
        """Notes the names of an element and of all below it."""
        for node in element.iter():
            self.meet([node.tag, *node.keys()])
            if node.nsmap:
                self.meet(text or "" for pair in node.nsmap.items() for text in pair)
