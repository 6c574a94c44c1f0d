"""A finding seen from one of its sides: whether it is about that side, or stands for the others' sake only."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What the sides of a finding hold.

    Attributes:
        own: The value of the target's side; None where it has none in it.
        right: The value that the authority matrix calls right, where that is not the target's.
        others: The other sides' values.
        whole: Whether it is about a whole record: then it is a finding of one side, and no other side's.
    """

    own: str | None
    right: str | None
    others: frozenset[str | None]
    whole: bool

    @classmethod
    def of(cls, *, source: str, side_values: str | None, right_source: str | None, field: str | None) -> Sides:
        """The sides of a finding, by its columns, as the side ``source`` sees them."""
        values = json.loads(side_values) if side_values else {}
        return cls(
            own=values.get(source),
            right=values.get(right_source) if right_source not in (None, source) else None,
            others=frozenset(value for side, value in values.items() if side != source),
            whole=field is None,
        )

    def settled(self, word: str | None = None) -> bool:
        """Whether the finding is no more about the side: it holds the right value, while others differ still.

        Where neither a person nor the matrix knows a right value, it must agree with another side.

        Args:
            word: The value that a person called right.
        """
        if self.own is None or self.whole:
            return False
        right = word if word is not None else self.right
        return self.own == right if right is not None else self.own in self.others
