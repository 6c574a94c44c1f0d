"""Defects of units beyond the first release's. Hits on rows follow from the rows (:mod:`hedui.demo.judged`)."""

from __future__ import annotations

from hedui.demo.numbers import org_check, uscc, uscc_check
from hedui.demo.planting import ALL, Planting, Slots, Subject
from hedui.demo.plants.registry import plant

TAX, MEDICAL = "unit_tax", "unit_medical"
UNIT_RULES = ("U03", "U04", "U06")


@plant("U03 U06")
def region_and_codes(p: Planting) -> None:
    """A credit code of a region that never was, the same everywhere; a type, economic type or subordination that no table knows."""
    for number, when, unit in p.hits("U"):
        unit.set("uscc", uscc(region=f"99017{number}", serial=54000000 + p.new_number()), when)
        field, code = (("unit_type", "?77"), ("economic_type", "?001"), ("subordination", "?05"), ("unit_type", "?99"))[number]
        unit.set(field, code, when, sources=("shebao",))


@plant("U04")
def organisation_code(p: Planting) -> None:
    """The organisation code's check character is wrong, the credit code's own is right."""
    for _, when, unit in p.hits("U"):
        own = str(unit.values["uscc"])
        wrong = "1" if org_check(own[8:16]) != "1" else "2"
        first17 = own[:16] + wrong
        unit.set("uscc", first17 + uscc_check(first17), when)


def _second(p: Planting, unit: Subject, when: Slots, **values: str) -> str:
    """A second number of the unit at 社保: 税务 lacks it, and for 医保 the credit code is there twice."""
    number = f"98{p.new_number():010d}"
    unit.add_row("shebao", "unit", when, unit_no=number, values=dict(values))
    p.compare("E17", TAX, "ONLY_LEFT", number, when)
    p.compare("K02", MEDICAL, "DUP", str(unit.values["uscc"]), when)
    return number


@plant("U05")
def two_numbers(p: Planting) -> None:
    """Two active unit numbers under one credit code in one region; near: the second has ended, or lies in another region."""
    for _, when, unit in p.hits("U"):
        _second(p, unit, when)
    for number in range(2):
        unit = p.take("U")
        ended = _second(p, unit, ALL, **({"unit_state": "3"} if number else {"region": "990100"}))
        p.expect("U05", "check:unit:shebao", str(unit.values["uscc"]), source="shebao", expect="near")
        if number:
            p.expect("U10", "rule:U10:shebao", ended, source="shebao", expect="near")


def _has_payers(p: Planting, unit: Subject) -> bool:
    """Whether an ordinary, paying employee works there."""
    planted = {person.number for person in p.subjects["person"]}
    staff = (i for i in range(p.world.employees) if p.world.unit_of[i] == unit.number and p.world.active[i])
    return any(i not in planted for i in staff)


@plant("U10")
def suspended_with_payers(p: Planting) -> None:
    """A unit that has suspended or ended, whose employees pay; near: an ended unit without anybody, see U05."""
    for number, when in enumerate((ALL, (2, 3, 4), (0, 1, 2), (0, 1, 3, 4))):
        unit = p.take("U")
        while not _has_payers(p, unit):
            unit = p.take("U")
        unit.set("unit_state", "3" if number % 2 else "2", when, sources=("shebao",))
        p.expect("U10", "rule:U10:shebao", str(unit.row("shebao", "unit").values["unit_no"]), when, source="shebao")


@plant("near U")
def nearly(p: Planting) -> None:
    """The code in lower case, of the city itself, no economic type."""
    for number, unit in p.nears("U"):
        if number == 0:
            unit.set("uscc", str(unit.values["uscc"]).lower(), sources=("shebao", "yibao_unit"))
        elif number == 1:
            unit.set("uscc", uscc(region="990100", serial=54000000 + p.new_number()))
        else:
            unit.set("economic_type", None)
        for rule in UNIT_RULES:
            for row in unit.select(datasets=("unit",)):
                p.check(rule, "unit", row, kind="CODE" if rule == "U06" else "RULE", expect="near")
