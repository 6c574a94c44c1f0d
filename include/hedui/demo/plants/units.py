"""Defects of units, and differences of units between 社保, 税务 and 医保."""

from __future__ import annotations

from hedui.demo.numbers import USCC_ALPHABET, uscc
from hedui.demo.planting import ALL, PAST, WHEN, Planting, Row, Slots, Subject
from hedui.demo.plants.registry import plant

TAX, MEDICAL = "unit_tax", "unit_medical"


def _unit_no(unit: Subject) -> str:
    return str(unit.row("shebao", "unit").values["unit_no"])


def _uscc(unit: Subject) -> str:
    return str(unit.values["uscc"])


@plant("U01")
def bad_unit_name(p: Planting) -> None:
    """No name, letters and digits only, characters that have no place in a name; near: letters among Chinese, brackets."""
    for number, when, unit in p.hits("U"):
        unit.set("name", (None, "ABC123", "和对市<测试>有限公司", "和对市宏盛|商贸有限公司")[number], when)
        p.check_all("U01", "unit", unit, when)
    for number, unit in p.nears("U"):
        unit.set("name", ("和对市A1科技有限公司", "和对市瑞祥（集团）有限公司", "和对市天&地商贸有限公司")[number])
        p.check_all("U01", "unit", unit, expect="near")


@plant("U02")
def bad_uscc(p: Planting) -> None:
    """A wrong check character, a letter outside the alphabet, 17 characters; near: lower case, no code at all (then no key)."""
    for number, when, unit in p.hits("U"):
        own = _uscc(unit)
        shifted = USCC_ALPHABET[(USCC_ALPHABET.index(own[17]) + 1) % 31]
        unit.set("uscc", (own[:17] + shifted, own[:8] + "I" + own[9:], own[:17], own + "0")[number], when)
        p.check_all("U02", "unit", unit, when)
    for number, unit in p.nears("U"):
        if number == 2:
            unit.set("uscc", None)
            for source in ("shebao", "yibao_unit"):
                key = unit.row(source, "unit").values["unit_no"]
                p.compare("K01", MEDICAL, "KEY", f"no:{key}", note="no code, no key")
        else:
            unit.set("uscc", _uscc(unit).lower(), sources=("shebao", "shuiwu"))
        p.check_all("U02", "unit", unit, expect="near")


@plant("K01 unit")
def unit_without_code(p: Planting) -> None:
    """No credit code in either system: a row without a usable key on each side; near: blanks around the code."""
    for _, when, unit in p.hits("U"):
        unit.set("uscc", None, when)
        for source in ("shebao", "yibao_unit"):
            p.compare("K01", MEDICAL, "KEY", f"no:{unit.row(source, 'unit').values['unit_no']}", when)
    for _, unit in p.nears("U"):
        unit.set("uscc", f" {_uscc(unit)} ", sources=("yibao_unit",))
        for source in ("shebao", "yibao_unit"):
            p.compare("K01", MEDICAL, "KEY", f"no:{unit.row(source, 'unit').values['unit_no']}", expect="near")


@plant("E17 unit tax")
def one_sided_tax(p: Planting) -> None:
    """One of 社保 and 税务 lacks the unit; near: it was missing before."""
    for number, when, unit in p.hits("U"):
        if number % 2:
            unit.hide(when, sources=("shebao", "yibao_unit"))
        else:
            unit.hide(when, sources=("shuiwu",))
        p.compare("E17", TAX, ("ONLY_LEFT", "ONLY_RIGHT")[number % 2], _unit_no(unit), when)
    for _, unit in p.nears("U"):
        unit.hide(PAST, sources=("shuiwu",))
        for kind in ("ONLY_LEFT", "ONLY_RIGHT"):
            p.compare("E17", TAX, kind, _unit_no(unit), expect="near")


@plant("E18 unit tax")
def differing_tax(p: Planting) -> None:
    """Name, credit code or tax office differ; near: full-width brackets, a lower-case code."""
    for _, when, unit in p.hits("U"):
        unit.set("name", f"{unit.values['name']}第一分公司", when, sources=("shuiwu",))
        p.compare("E18", TAX, "ATTR", _unit_no(unit), when, field="name")
    for _, when, unit in p.hits("U"):
        unit.set("uscc", uscc(region="990106", serial=52000000 + p.new_number()), when, sources=("shuiwu",))
        p.compare("E18", TAX, "ATTR", _unit_no(unit), when, field="uscc")
    for number, when, unit in p.hits("U"):
        unit.set("tax_office", None if number % 2 else "1990199000", when, sources=("shuiwu",))
        p.compare("U11", TAX, "ATTR", _unit_no(unit), when, field="tax_office")
    for number, unit in p.nears("U"):
        unit.set("name", "和对市泰和（集团）有限公司")
        unit.set(
            "name",
            ("和对市泰和(集团)有限公司", " 和对市泰和（集团）有限公司", "和对市泰和（集团）有限公司　")[number],
            sources=("shuiwu",),
        )
        unit.set("uscc", f" {_uscc(unit).lower()}", sources=("shuiwu",))
        for rule, field in (("E18", "name"), ("E18", "uscc"), ("U11", "tax_office")):
            p.compare(rule, TAX, "ATTR", _unit_no(unit), field=field, expect="near")


def _add_tax_unit(p: Planting, unit: Subject, when: Slots) -> str:
    """A further tax unit that looks like ``unit``, under its own number."""
    number = f"20268888{p.new_number():06d}"
    unit.add_row("shuiwu", "unit", when, unit_no=number, tax_unit_no=number)
    return number


@plant("U12 unit")
def unmapped_unit(p: Planting) -> None:
    """A tax unit whose number the map lacks, or leads to two units; near: the map has the pair twice."""
    for number, when, unit in p.hits("U"):
        tax_unit = _add_tax_unit(p, unit, when)
        for other in ("980000000001", "980000000002") if number == 3 else ():
            unit.add_row("duizhao", "unit_map", when, tax_unit_no=tax_unit, unit_no=other)
        p.compare("U12", TAX, "KEYMAP", tax_unit, when)
    for _, unit in p.nears("U"):
        unit.add_row("duizhao", "unit_map")
        p.compare("U12", TAX, "KEYMAP", str(unit.row("shuiwu", "unit").values["tax_unit_no"]), expect="near")
        p.compare("K02", TAX, "DUP", _unit_no(unit), expect="near")


@plant("K02 unit tax")
def two_tax_units(p: Planting) -> None:
    """Two tax units are mapped to one unit of 社保; near: see U12."""
    for _, when, unit in p.hits("U"):
        number = _add_tax_unit(p, unit, when)
        unit.add_row("duizhao", "unit_map", when, tax_unit_no=number)
        p.compare("K02", TAX, "DUP", _unit_no(unit), when)


@plant("E17 unit medical")
def one_sided_medical(p: Planting) -> None:
    """医保 lacks the unit, or has one that 社保 does not know; near: the code is written in lower case."""
    for number, when, unit in p.hits("U"):
        if number % 2:
            code = uscc(region="990105", serial=53000000 + p.new_number())
            unit.add_row("yibao_unit", "unit", when, unit_no=f"YB9{p.new_number():06d}", uscc=code)
            p.compare("E17", MEDICAL, "ONLY_RIGHT", code, when)
        else:
            unit.hide(when, sources=("yibao_unit",))
            p.compare("E17", MEDICAL, "ONLY_LEFT", _uscc(unit), when)
    for _, unit in p.nears("U"):
        unit.set("uscc", _uscc(unit).lower(), sources=("yibao_unit",))
        for kind in ("ONLY_LEFT", "ONLY_RIGHT"):
            p.compare("E17", MEDICAL, kind, _uscc(unit), expect="near")


@plant("E18 unit medical")
def differing_medical(p: Planting) -> None:
    """Name or region differ; near: the name is wrapped in blanks."""
    for _, when, unit in p.hits("U"):
        unit.set("name", f"原{unit.values['name']}", when, sources=("yibao_unit",))
        p.compare("E18", MEDICAL, "ATTR", _uscc(unit), when, field="name")
    for number, when, unit in p.hits("U"):
        unit.set("region", None if number % 2 else "990100", when, sources=("yibao_unit",))
        p.compare("E18", MEDICAL, "ATTR", _uscc(unit), when, field="region")
    for _, unit in p.nears("U"):
        unit.set("name", f"　{unit.values['name']} ", sources=("yibao_unit",))
        for field in ("name", "region"):
            p.compare("E18", MEDICAL, "ATTR", _uscc(unit), field=field, expect="near")


@plant("K02 unit medical")
def medical_unit_twice(p: Planting) -> None:
    """医保 has a credit code twice; near: the code of a unit that 社保 had before under another number."""
    for _, when, unit in p.hits("U"):
        unit.add_row("yibao_unit", "unit", when, unit_no=f"YB8{p.new_number():06d}")
        p.compare("K02", MEDICAL, "DUP", _uscc(unit), when)
    for _, unit in p.nears("U"):
        unit.set("unit_no", f"98{p.new_number():010d}", PAST, sources=("shebao",))
        p.compare("K02", MEDICAL, "DUP", _uscc(unit), expect="near")


@plant("REJECT units")
def incomplete_map_row(p: Planting) -> None:
    """A line of the map without the 社保 number: rejected, and nothing else."""
    for when in WHEN[:3]:
        unit = p.take("U")
        row: Row = unit.add_row("duizhao", "unit_map", when, tax_unit_no=f"20267777{p.new_number():06d}")
        row.write("社保单位编号", None, ALL)
        p.rejected("duizhao", "unit_map", when)
