"""What the rules on single rows of master data must report, worked out from all touched rows in plain Python.

Plants of one defect often make another (a shifted birth date makes an early first day of work), and further plants come; so these rules'
truth follows from the rows, whatever plant made them. This is the demo's own arithmetic: nothing of :mod:`hedui.checks` is used here.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from hedui.demo.numbers import USCC_ALPHABET, id_check, org_check
from hedui.demo.planting import DATES, MISSING_DATE, MISSING_SOURCE, Planting, Row, iso
from hedui.demo.systems.spec import SNAPSHOT_FIELDS, Table
from hedui.demo.world import RESIDENT_BASES

Values = dict[str, Any]
REGIONS: Final = {"990100", *(f"99010{number}" for number in range(1, 7))}
"""The site's regions.csv."""

ADULT_SCHEMES: Final = ("110", "120", "150", "210", "410")
ENDING_REASONS: Final = ("11", "12", "13")
COMPANIONS: Final = ("210", "410")


@cache
def _written(table: Table) -> frozenset[str]:
    """The ideal fields that a system's table says something of."""
    words = set(re.findall(r"\w+", " ".join(column.sql for column in table.columns)))
    return frozenset(words & set(SNAPSHOT_FIELDS[table.dataset]))


def _rejected(row: Row, slot: int) -> bool:
    """Whether a date or a number was overwritten by a text: such rows are rejected."""
    typed = {name for name, kind in SNAPSHOT_FIELDS[row.table.dataset].items() if kind != "VARCHAR"}
    texts = row.raw_at(slot)
    return any(texts.get(column.name) and typed & set(re.findall(r"\w+", column.sql)) for column in row.table.columns)


def _clean(name: str, value: Any) -> Any:
    """A text as it is compared: without blanks around, numbers in capitals and plain digits."""
    if not isinstance(value, str):
        return value
    if name in ("id_number", "social_security_no", "uscc"):
        value = unicodedata.normalize("NFKC", value).upper().strip()
    if name in ("id_number", "social_security_no") and re.fullmatch(r"\d{15}", value):  # a number of the first generation
        value = f"{value[:6]}19{value[6:]}"
        value += id_check(value)
    return value.strip(" 　") or None


def received(row: Row, slot: int) -> Values | None:
    """What a system delivers of a row in a slot; None where it delivers nothing usable."""
    missing = row.table.source == MISSING_SOURCE and DATES[slot - 1] == MISSING_DATE
    if slot not in row.shown or missing or _rejected(row, slot):
        return None
    fields = _written(row.table)
    values = {name: _clean(name, value) if name in fields else None for name, value in row.at(slot).items()}
    if row.table.source == "guotong" and row.table.dataset == "enrolment":
        values["insurance"] = "110"
    if row.table.dataset == "unit" and row.table.source == "shuiwu":
        values["unit_no"] = values["tax_unit_no"]
    if row.table.source == "yibao" and row.table.dataset == "enrolment":
        values["pay_state"] = {"1": "1", "2": "2", "4": "3"}.get(str(values["enrol_state"]))
    if row.table.source == "yibao" and row.table.dataset == "person":
        values["social_security_no"] = values["id_number"]
    return values


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day some years on; 28 February for the 29th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _citizen(v: Values) -> bool:
    """A citizen's number of 18 characters that is no placeholder."""
    number = v["id_number"] or ""
    return v["id_type"] == "01" and bool(re.fullmatch(r"\d{17}[\dX]", number)) and not _placeholder(number)


def _placeholder(number: str) -> bool:
    return bool(re.fullmatch(r"0+|000000\d{8}0000|(\d)\1{17}", number))


def _bad_name(v: Values, _: dt.date) -> bool:
    return bool(v["name"]) and bool(re.search(r"[0-9<>{}|\\^~`!@#$%&*?=+\uFFFD]|··", v["name"]))


def _bad_form(v: Values, _: dt.date) -> bool:
    number = v["id_number"]
    forms = {"01": r"(?!8[123]).*", "02": r"9\d{16}[\dX]|[A-Z]{3}\d{12}", "03": r"[A-Z0-9]{5,17}", "04": r"8[123]\d{15}[\dX]"}
    return bool(number) and not _placeholder(number) and v["id_type"] in forms and not re.fullmatch(forms[v["id_type"]], number)


def _foreign_birthplace(v: Values, _: dt.date) -> bool:
    return _citizen(v) and v["id_number"][:4] == "9901" and v["id_number"][:6] not in REGIONS


def _two_numbers(v: Values, _: dt.date) -> bool:
    own, other = v["id_number"], v["social_security_no"] or ""
    usable = _citizen(v) and re.fullmatch(r"\d{17}[\dX]", other) and not _placeholder(other)
    return bool(usable) and id_check(own[:17]) == own[17] and own != other


def _too_old_or_unborn(v: Values, date: dt.date) -> bool:
    birth = v["birth_date"]
    return birth is not None and not max(dt.date(1900, 1, 1), years_after(date, -120)) <= birth <= date


def _child_worker(v: Values, _: dt.date) -> bool:
    return bool(v["birth_date"] and v["first_work_date"]) and v["first_work_date"] < years_after(v["birth_date"], 16)


def _unknown(*names: str) -> Callable[[Values, dt.date], bool]:
    return lambda v, _: any(str(v.get(name) or "").startswith("?") for name in names)


def _in_alphabet(v: Values) -> bool:
    return len(v["uscc"] or "") == 18 and set(v["uscc"]) <= set(USCC_ALPHABET)


PERSON: Final[dict[str, Callable[[Values, dt.date], bool]]] = {
    "P02": _bad_name,
    "P06": _foreign_birthplace,
    "P09": _too_old_or_unborn,
    "P15": _bad_form,
    "P17": _child_worker,
    "P19": _two_numbers,
    "P20": _unknown("id_type", "sex", "ethnicity"),
    "P21": lambda v, _: bool(v["region"]) and v["region"][:6] not in REGIONS,
    "P22": lambda v, _: bool(v["phone"]) and not re.fullmatch(r"1\d{10}", v["phone"]),
}
UNIT: Final[dict[str, Callable[[Values, dt.date], bool]]] = {
    "U03": lambda v, _: _in_alphabet(v) and v["uscc"][2:6] == "9901" and v["uscc"][2:8] not in REGIONS,
    "U04": lambda v, _: _in_alphabet(v) and v["uscc"][8:16].isdigit() and org_check(v["uscc"][8:16]) != v["uscc"][16],
    "U06": _unknown("unit_type", "economic_type", "subordination"),
}
ENROLMENT: Final[dict[str, Callable[[Values, dt.date], bool]]] = {
    "E05": lambda v, _: (v["enrol_state"], v["pay_state"]) == ("4", "3") and v["end_date"] is None,
    "E16": lambda v, _: v.get("change_reason") in ENDING_REASONS and not (v["enrol_state"] == "4" and v["end_date"]),
    "E19": lambda v, _: bool(v.get("change_reason")) and v.get("change_date") is None,
    "C27": lambda v, _: (
        v["insurance"] in ("150", "390")
        and v["pay_state"] == "1"
        and (v["pay_base_fen"] or 0) > 0
        and v["pay_base_fen"] not in RESIDENT_BASES.tolist()
    ),
}
ROWS: Final = {"person": PERSON, "unit": UNIT, "enrolment": ENROLMENT}
JUDGED: Final = (*PERSON, *UNIT, *ENROLMENT, "U05", "E10", "E02", "E03")
"""The rules whose hits on master data are worked out here; plants state their near misses."""


def _rows(p: Planting, slot: int) -> Iterator[tuple[str, str, Values]]:
    """Source, dataset and values of every touched row that is delivered in a slot."""
    for subjects in p.subjects.values():
        for subject in subjects:
            for (source, dataset), rows in subject.rows.items():
                for row in rows:
                    if (values := received(row, slot)) is not None:
                        yield source, dataset, values


def judge_master_data(p: Planting) -> None:
    """Adds the truth of :data:`JUDGED` for every business date."""
    for slot, date in enumerate(DATES, start=1):
        found: set[tuple[str, str, str, str, str | None]] = set()
        sources: dict[str, dict[str, list[Values]]] = defaultdict(lambda: defaultdict(list))
        for source, dataset, values in _rows(p, slot):
            sources[source][dataset].append(values)
            for rule, breaks in ROWS.get(dataset, {}).items():
                if breaks(values, date):
                    found.add((rule, f"check:{dataset}:{source}", source, _key(dataset, values), values.get("insurance")))
        for source, datasets in sources.items():
            found |= _groups(source, datasets)
            found |= _across(source, datasets)
        for rule, scope, source, key, insurance in sorted(found, key=str):
            kind = "CODE" if rule in ("P20", "U06") else "RULE"
            p.expect(rule, scope, key, (slot,), kind=kind, source=source, insurance=insurance)


def _key(dataset: str, v: Values) -> str:
    if dataset == "enrolment":
        return f"{v['person_no']}/{iso(v['start_date'])}"
    return str(v["unit_no"] if dataset == "unit" else v["person_no"])


def _groups(source: str, datasets: dict[str, list[Values]]) -> set[tuple[str, str, str, str, str | None]]:
    """U05: one code, two active units of a region; E10: pays the pension and lacks a companion that the source knows."""
    units: dict[tuple[str, str], set[str]] = defaultdict(set)
    for v in datasets["unit"] if source == "shebao" else ():
        if v["uscc"] and v["region"] and v["unit_state"] == "1":
            units[v["uscc"], v["region"]].add(v["unit_no"])
    paying: dict[str, set[str]] = defaultdict(set)
    for v in datasets["enrolment"] if source in ("shebao", "sheng") else ():
        if v["pay_state"] == "1" and v["insurance"]:
            paying[v["person_no"]].add(v["insurance"])
    twice = {("U05", f"check:unit:{source}", source, code, None) for (code, _), numbers in units.items() if len(numbers) > 1}
    lacking = {
        ("E10", f"check:enrolment:{source}", source, person, None)
        for person, schemes in paying.items()
        if "110" in schemes and not schemes.issuperset(COMPANIONS)
    }
    return twice | lacking


def _across(source: str, datasets: dict[str, list[Values]]) -> set[tuple[str, str, str, str, str | None]]:
    """E02: insured before the first month of work; E03: insured under age."""
    spells: dict[str, list[Values]] = defaultdict(list)
    for v in datasets["enrolment"]:
        spells[v["person_no"]].append(v)
    found: set[tuple[str, str, str, str, str | None]] = set()
    for person in datasets["person"]:
        for v in spells[person["person_no"]]:
            work, birth, key = person["first_work_date"], person["birth_date"], _key("enrolment", v)
            if work and v["first_month"] and v["first_month"] < f"{work:%Y%m}":
                found.add(("E02", f"rule:E02:{source}", source, key, v["insurance"]))
            if birth and v["insurance"] in ADULT_SCHEMES and v["start_date"] < years_after(birth, 16):
                found.add(("E03", f"rule:E03:{source}", source, key, v["insurance"]))
    return found
