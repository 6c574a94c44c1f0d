"""Differences of registrations between 社保, 税务 and 医保."""

from __future__ import annotations

import datetime as dt

from hedui.demo.planting import ALL, PAST, WHEN, Planting, Subject
from hedui.demo.plants.registry import plant

TAX, MEDICAL = "registration_tax", "registration_medical"
SCHEMES = ("110", "210", "410")


def _near_tax(p: Planting, rule: str, kind: str, person: Subject, field: str | None = None) -> None:
    for insurance in SCHEMES:
        p.compare(rule, TAX, kind, person.id, field=field, insurance=insurance, expect="near")


@plant("E17 tax")
def one_sided_tax(p: Planting) -> None:
    """One side lacks an insurance of a person; near: both lack it."""
    for number, when, person in p.hits("E"):
        source, dataset, kind = (("shuiwu", "tax_registration", "ONLY_LEFT"), ("shebao", "enrolment", "ONLY_RIGHT"))[number % 2]
        person.hide(when, sources=(source,), datasets=(dataset,), insurance=("210",))
        p.compare("E17", TAX, kind, person.id, when, insurance="210")
    for _, person in p.nears("E"):
        person.hide(ALL, sources=("shuiwu", "shebao"), insurance=("410",))
        for kind in ("ONLY_LEFT", "ONLY_RIGHT"):
            _near_tax(p, "E17", kind, person)


@plant("E18 tax")
def differing_tax(p: Planting) -> None:
    """Name, state or unit differ at the tax bureau; near: noise in names, the unit's own tax number."""
    for _, when, person in p.hits("E"):
        person.row("shuiwu", "tax_registration", "210").set("name", "钱" + person.values["name"][-1], when)
        p.compare("E18", TAX, "ATTR", person.id, when, field="name", insurance="210")
    for number, when, person in p.hits("E"):
        insurance = SCHEMES[number % 3]
        person.row("shuiwu", "tax_registration", insurance).set("pay_state", "2", when)
        p.compare("E18", TAX, "STATUS", person.id, when, field="pay_state", insurance=insurance)
    for number, when, person in p.hits("E"):
        insurance = SCHEMES[number % 3]
        other = (person.values["u"] + 1) % p.world.units
        person.row("shuiwu", "tax_registration", insurance).set("tax_unit_no", str(20260000000000 + other * 7), when)
        p.compare("E18", TAX, "ATTR", person.id, when, field="unit_no", insurance=insurance)
    for number, person in p.nears("E"):
        person.set("name", "乌兰·巴雅尔", datasets=("enrolment",))
        person.set("name", ("乌兰・巴雅尔", "　乌兰•巴雅尔 ", "乌兰．巴雅尔")[number], sources=("shuiwu",))
        _near_tax(p, "E18", "ATTR", person, "name")
        _near_tax(p, "E18", "ATTR", person, "unit_no")
        _near_tax(p, "E18", "STATUS", person, "pay_state")


@plant("U12 tax")
def unmapped_unit_of_person(p: Planting) -> None:
    """A registration under a tax unit number that the map lacks is one finding; the person is not called one-sided for it."""
    for _, when, person in p.hits("E"):
        number = f"20269999{p.new_number():06d}"
        person.row("shuiwu", "tax_registration", "110").set("tax_unit_no", number, when)
        p.compare("U12", TAX, "KEYMAP", number, when)
        for kind in ("ONLY_LEFT", "ATTR"):
            rule, field = ("E17", None) if kind == "ONLY_LEFT" else ("E18", "unit_no")
            p.compare(rule, TAX, kind, person.id, when, insurance="110", field=field, expect="near")


@plant("K02 tax")
def registered_twice(p: Planting) -> None:
    """The tax bureau has a person and insurance twice; near: twice with different insurances."""
    for number, when, person in p.hits("E"):
        insurance = SCHEMES[number % 3]
        person.add_row("shuiwu", "tax_registration", when, insurance=insurance, person_no=f"T8{p.new_number():08d}")
        p.compare("K02", TAX, "DUP", person.id, when, insurance=insurance)
    for _, person in p.nears("E"):
        person.row("shuiwu", "tax_registration", "210").set("person_no", f"T7{p.new_number():08d}")
        _near_tax(p, "K02", "DUP", person)


@plant("E17 medical")
def one_sided_medical(p: Planting) -> None:
    """医保 lacks a person, or is the only one to have them; near: missing there in a version nobody reads."""
    for number, when, person in p.hits("R"):
        if number % 2:
            person.hide(when, sources=("shebao", "sheng", "guotong"))
            p.compare("E17", MEDICAL, "ONLY_RIGHT", person.id, when)
        else:
            person.hide(when, sources=("yibao",))
            p.compare("E17", MEDICAL, "ONLY_LEFT", person.id, when)
    for _, person in p.nears("R"):
        person.hide(PAST, sources=("shebao",))
        for kind in ("ONLY_LEFT", "ONLY_RIGHT"):
            p.compare("E17", MEDICAL, kind, person.id, expect="near")


@plant("E18 medical")
def differing_medical(p: Planting) -> None:
    """Name, sex or birth date differ in 医保 (or are empty there); near: noise in names and numbers."""
    for _, when, person in p.hits("R"):
        person.set("name", "孙" + person.values["name"][-1], when, sources=("yibao",), datasets=("person",))
        p.compare("E18", MEDICAL, "ATTR", person.id, when, field="name")
    for _, when, person in p.hits("R"):
        person.set("sex", None, when, sources=("yibao",))
        p.compare("E18", MEDICAL, "ATTR", person.id, when, field="sex")
    for number, when, person in p.hits("R"):
        value = None if number % 2 else person.values["birth_date"] + dt.timedelta(days=9)
        person.set("birth_date", value, when, sources=("yibao",))
        p.compare("E18", MEDICAL, "ATTR", person.id, when, field="birth_date")
        if value:
            p.check_all("P07", "person", person, when, sources=("yibao",))
    for number, person in p.nears("R"):
        person.set("name", "敖登·斯琴", datasets=("person",))
        person.set("name", ("敖登・斯琴", "　敖登•斯琴 ", "敖登．斯琴")[number], sources=("yibao",), datasets=("person",))
        wide = person.id.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ"))
        person.set("id_number", wide, sources=("yibao",))
        for field in ("name", "sex", "birth_date"):
            p.compare("E18", MEDICAL, "ATTR", person.id, field=field, expect="near")


@plant("K02 medical")
def medical_twice(p: Planting) -> None:
    """医保 has a person twice under one name: a duplicate key, and two numbers for one social security number."""
    for _, when, person in p.hits("R"):
        person.add_row("yibao", "person", when, person_no=f"Y7{p.new_number():09d}")
        p.compare("K02", MEDICAL, "DUP", person.id, when)
        p.expect("P12", "check:person:yibao", person.id, when, source="yibao")


@plant("REJECT registrations")
def unconvertible(p: Planting) -> None:
    """A birth date that cannot be read at 医保 or at the tax bureau: the row is rejected, its key is one-sided."""
    for number, when in enumerate(WHEN[:3]):
        person = p.take("R")
        person.row("yibao", "person").write("brdy", ("1990/13/01", "19900101", "无")[number], when)
        p.rejected("yibao", "person", when)
        p.compare("E17", MEDICAL, "ONLY_LEFT", person.id, when, note="rejected row")
    for number, when in enumerate(WHEN[:3]):
        person = p.take("E")
        person.row("shuiwu", "tax_registration", "410").write("aac006", ("1990-00-10", "未知", "31/12/1990")[number], when)
        p.rejected("shuiwu", "tax_registration", when)
        p.compare("E17", TAX, "ONLY_LEFT", person.id, when, insurance="410", note="rejected row")
