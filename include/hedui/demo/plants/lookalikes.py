"""Two persons whom one system has both and who only look like one: near misses of P14.

Everybody knows the first, the province alone the second, not yet insured, so that the second's number stands alone there like a
mistyped one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from hedui.demo.planting import ALL, Planting, Subject
from hedui.demo.plants.linkage import TIERS, missing, numbered, valid
from hedui.demo.plants.registry import plant

UNIT, OTHER_UNIT = "990100000003", "990100000004"
TWENTY_YEARS: Final = 7305
YOUNGEST: Final = dt.date(2008, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What two persons have in common, and what tells them apart.

    Attributes:
        names: Their names.
        days: How much later the second was born; earlier where that would be too young to be insured.
        same_sex: Whether they are of one sex.
        units: Their units; None leaves out what residents do not have.
        serial: Two digits of the second's number before the one that tells the sex.
    """

    names: tuple[str, str]
    days: int = 0
    same_sex: bool = True
    units: tuple[str, str] | None = None
    serial: str = "61"


PAIRS: Final[dict[str, Pair]] = {
    "namesakes, a day apart": Pair(names=("陈建军", "陈建军"), days=1),
    "namesakes of one unit, a day apart": Pair(names=("刘海波", "刘海波"), days=1, units=(UNIT, UNIT)),
    "man and woman of one name, born on one day": Pair(names=("李静", "李静"), same_sex=False, units=(UNIT, OTHER_UNIT)),
    "twins of one unit": Pair(names=("周晓燕", "周晓莺"), units=(UNIT, UNIT), serial="48"),
    "mother and daughter of one unit": Pair(names=("吴秀兰", "吴秀英"), days=TWENTY_YEARS, units=(UNIT, UNIT)),
}


@plant("P14 near")
def lookalikes(p: Planting) -> None:
    """A pair of each kind; between them stand a day of birth, the sex, or a character of the name."""
    for kind, pair in PAIRS.items():
        one, other = p.take("R"), p.take("R")
        known = numbered(one)
        alone = _apart(one, other, pair)
        one.set("name", pair.names[0])
        other.hide(sources=("shebao", "guotong", "yibao"))
        other.hide(sources=("sheng",), datasets=("enrolment",))
        missing(p, alone, ("shebao", "guotong"), ALL)
        p.compare("P14", f"link:{TIERS}", "LINK", f"{alone}/{known}", field="id_number", expect="near", note=kind)


def _apart(one: Subject, other: Subject, pair: Pair) -> str:
    """Makes the second person of a pair; gives the number, which is a valid one of its own."""
    own: dt.date = one.values["birth_date"]
    later = own + dt.timedelta(days=pair.days)
    born = later if later < YOUNGEST else own - dt.timedelta(days=pair.days)
    man = (one.values["sex"] == "1") is pair.same_sex
    digit = one.id[16] if pair.same_sex else str((int(one.id[16]) + 1) % 10)
    number = valid(f"{one.id[:6]}{born:%Y%m%d}{pair.serial}{digit}")
    values: dict[str, Any] = {"name": pair.names[1], "birth_date": born, "sex": "1" if man else "2"}
    for name, value in (values | {"id_number": number, "social_security_no": number}).items():
        other.set(name, value)
    for person, unit in zip((one, other), pair.units or (), strict=False):
        person.set("unit_no", unit, datasets=("person",))
    return number
