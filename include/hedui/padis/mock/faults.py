"""What the reference server does wrong on purpose."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType
from typing import Final

from hedui.padis.errors import PadisError

FAULTS: Final[dict[str, str]] = {
    "timeout": "收下后不应答，直到对方超时",
    "cut": "收下后应答到一半断开",
    "lost": "收到一半断开，没有收下",
    "error": "没有收下，答 HTTP 500",
    "late": "收下，回执以后才给",
    "twice": "收下，应答后又以文件重复给两次回执",
    "throttle": "忙，没有收下，请稍后再来",
}
"""Faults by name. The first, second, fifth and sixth take the file, the others do not."""


@dataclass
class Faults:
    """Which fault the next request meets: those that were planned, in order; then by chance, the same for the same seed.

    Attributes:
        shares: Share of requests by fault, from 0 to 1.
        refuse: Share of records that are refused by line, by their key.
        seed: Start of chance.
        hold: Seconds that a timeout holds the answer back.
        late_asks: Queries after which a late receipt is there.
        wait: Seconds that a busy server asks to wait.
        wrong: Reasons by key of records that are refused whatever chance says.
        had: Keys of records that are said to have come before; they are kept all the same.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    refuse: float = 0
    seed: int = 0
    hold: float = 5
    late_asks: int = 1
    wait: int = 1
    wrong: Mapping[str, str] = field(default_factory=dict)
    had: frozenset[str] = frozenset()
    _planned: deque[str] = field(default_factory=deque)
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def plan(self, names: Sequence[str]) -> None:
        """Lets the next requests meet these faults; an empty name is none.

        Raises:
            PadisError: There is no such fault.
        """
        unknown = [name for name in names if name and name not in FAULTS]
        if unknown:
            raise PadisError(f"There is no fault {unknown[0]!r}; there are {', '.join(FAULTS)}.")
        with self._lock:
            self._planned.extend(names)

    def reset(self, *, shares: Mapping[str, float] = MappingProxyType({}), refuse: float = 0, seed: int = 0) -> None:
        """Begins anew: nothing planned, other chances."""
        with self._lock:
            self.shares, self.refuse, self.seed = dict(shares), refuse, seed
            self._planned.clear()
            self._count = 0

    def next(self) -> str:
        """The next request's fault, or an empty text."""
        with self._lock:
            if self._planned:
                return self._planned.popleft()
            self._count += 1
            chance = random.Random(f"{self.seed}:{self._count}").random()  # noqa: S311 - no secret
        for name, share in self.shares.items():
            if chance < share:
                return name
            chance -= share
        return ""

    def refuses(self, key: str) -> str:
        """Why a record is refused, the same one always; an empty text where it is not."""
        if key in self.wrong:
            return self.wrong[key]
        return "抽检不合格" if random.Random(f"{self.seed}:{key}").random() < self.refuse else ""  # noqa: S311 - no secret
