"""The births of the demo world: ordinary families of May and June 2026, and all plants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from hedui.demo.births import between_plants, row_plants
from hedui.demo.births.families import Births
from hedui.demo.births.people import FEMALE, MALE

MAY_BIRTHS: Final = 62
JUNE_BIRTHS: Final = 16
EXPECTING: Final = 12

PLANTS: Final[tuple[Callable[[Births], None], ...]] = (
    row_plants.certificate_numbers, row_plants.repeated_numbers, row_plants.missing_values, row_plants.mothers_numbers,
    row_plants.ranges, row_plants.dates, row_plants.ages, row_plants.intervals, row_plants.multiples, row_plants.regions,
    row_plants.registrations,
    between_plants.lacking, between_plants.unknown, between_plants.differing, between_plants.overdue_registrations,
    between_plants.orders, between_plants.deaths, between_plants.floating, between_plants.corrections,
)  # fmt: skip


def build_births(seed: int) -> Births:
    """All rows of the feeds with their truth; as many in a world of any size."""
    births = Births(seed)
    for number in range(MAY_BIRTHS):
        births.family(dt.date(2026, 5, 1) + dt.timedelta(days=number % 31), order=1 + births.people.number(2))
    for number in range(JUNE_BIRTHS):
        births.family(dt.date(2026, 6, 1) + dt.timedelta(days=number % 4))
    for number in range(EXPECTING):
        mother, father = births.people.parent(sex=FEMALE), births.people.parent(sex=MALE)
        births.registration(dt.date(2026, 2, 1) + dt.timedelta(days=9 * number), mother=mother, father=father)
    for plant in PLANTS:
        plant(births)
    return births
