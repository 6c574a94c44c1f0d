"""Made-up parents and children: names, and citizen numbers that no other person of these feeds has."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from hedui.demo import names
from hedui.demo.numbers import id_check

MALE, FEMALE = "1", "2"
SEED: Final = 6


@dataclass(frozen=True, kw_only=True)
class Parent:
    """A mother or father."""

    name: str
    id_number: str
    born: dt.date
    region: str


class People:
    """Draws people; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.Generator(np.random.PCG64([seed, SEED]))
        self._serials: Counter[tuple[str, dt.date, str]] = Counter()

    def number(self, below: int) -> int:
        """A number from 0."""
        return int(self.rng.integers(below))

    def name(self, *, surname: str = "") -> str:
        """A name of two or three characters."""
        surname = surname or names.SURNAMES[self.number(60)]
        given = [names.GIVEN[self.number(len(names.GIVEN))] for _ in range(1 + self.number(2))]
        return surname + "".join(given)

    def id_number(self, *, region: str, born: dt.date, sex: str) -> str:
        """A number with a right check digit; serials above 500 keep clear of the insured, who are counted from 0."""
        count = self._serials[region, born, sex]
        self._serials[region, born, sex] += 1
        first17 = f"{region}{born:%Y%m%d}{500 + 2 * count + int(sex == MALE):03d}"
        return first17 + id_check(first17)

    def parent(self, *, sex: str, born: dt.date | None = None) -> Parent:
        """An adult of 22 to 38 years."""
        born = born or dt.date(1988, 1, 1) + dt.timedelta(days=self.number(16 * 365))
        region = f"99010{1 + self.number(6)}"
        number = self.id_number(region=region, born=born, sex=sex)
        return Parent(name=self.name(), id_number=number, born=born, region=region)
