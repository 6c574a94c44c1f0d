"""Registrations that the city has wrong and its bundles take up, each with what becomes of it afterwards (T18).

A night on its own shows them as T05 and T06. :mod:`hedui.demo.corrections` tells what is done about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from hedui.demo.planting import Planting, Subject
from hedui.demo.plants.registry import plant

SCOPE: Final = "enrolment_tiers"
INSURANCE: Final = "110"
MONTHS, FIRST = "months_paid", "first_month"
RULES: Final = {MONTHS: "T06", FIRST: "T05"}
WRONG: Final = {MONTHS: -1, FIRST: 1}
"""By how many months the city is wrong at first."""

CLERK, LOADER = "经办人员误改", "装载程序以旧批次覆盖"
"""Whose doing it is that a row is wrong again."""

End = Literal["executed", "approved", "rejected", "rolled_back", "none"]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of a registration.

    Attributes:
        wrong: Fields that the city has wrong at first.
        tiers: Who else has them so.
        end: How its bundle ends; ``none``: no bundle has it.
        later: What is written in the city after that: by field, how many months off.
        who: By whom.
        shown: Fields in which the next night shows again what the bundle has settled.
    """

    wrong: tuple[str, ...] = (MONTHS,)
    tiers: tuple[str, ...] = ("shebao",)
    end: End = "executed"
    later: tuple[tuple[str, int], ...] = ()
    who: str = ""
    shown: tuple[str, ...] = ()


FATES: Final[dict[str, Fate]] = {
    "written over": Fate(later=((MONTHS, -1),), who=CLERK, shown=(MONTHS,)),
    "written otherwise": Fate(later=((MONTHS, 5),), who=CLERK, shown=(MONTHS,)),
    "loaded again": Fate(wrong=(MONTHS, FIRST), later=((MONTHS, -1), (FIRST, 1)), who=LOADER, shown=(MONTHS, FIRST)),
    "half loaded again": Fate(wrong=(MONTHS, FIRST), later=((FIRST, 1),), who=LOADER, shown=(FIRST,)),
    "right": Fate(wrong=(MONTHS, FIRST)),
    "another field": Fate(later=((FIRST, 1),), who=CLERK),
    "the province is wrong too": Fate(tiers=("shebao", "sheng")),
    "another person": Fate(wrong=(), end="none", later=((MONTHS, -1),), who=CLERK),
    "approved": Fate(end="approved"),
    "rejected": Fate(end="rejected"),
    "rolled back": Fate(end="rolled_back"),
}
"""Fates by name, in the order in which persons are taken; one person each."""


@plant("T18")
def wrong_in_the_city(p: Planting) -> None:
    """The city, once with the province, has a month paid less than the nation, or a first month later."""
    for name, fate in FATES.items():
        person = p.take("E")
        p.marked[f"T18 {name}"] = [person]
        for field in fate.wrong:
            for tier in fate.tiers:
                person.row(tier, "enrolment", INSURANCE).set(field, wrong(person, field, WRONG[field]))
            p.compare(RULES[field], SCOPE, "ATTR", person.id, field=field, insurance=INSURANCE)


def wrong(person: Subject, field: str, by: int) -> Any:
    """The person's field in the city, wrong by a number of months."""
    right = person.row("shebao", "enrolment", INSURANCE).values[field]
    if field == MONTHS:
        return right + by
    year, month = divmod(int(right[:4]) * 12 + int(right[4:]) - 1 + by, 12)
    return f"{year}{month + 1:02d}"
