"""What the five feeds hold about a child: rows that appear, change and vanish over the demo's dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hedui.demo.births.people import FEMALE, MALE, Parent, People
from hedui.demo.planting import DATES, Expectation

Days = tuple[int, ...]
ALL: Final[Days] = (0, 1, 2)
WHEN: Final[tuple[Days, ...]] = (ALL, (1, 2), (0, 1), (0, 2))
"""When the four hits of a plant hold: always, from the second date on, until the second date, on the first and the third."""

LAG: Final = {"child": 5, "health": 7, "household": 12}
"""Days from the birth until the other feeds know of it."""

HOSPITALS: Final = ("和对市妇幼保健院", "和对市人民医院", "东城新区医院", "青河县医院")
DISTRICTS: Final = ("东城新区", "西湖区", "南山区", "北塘区", "中和区", "青河县")


@dataclass(eq=False)
class Record:
    """A row of a feed.

    Attributes:
        source: Source id.
        dataset: Canonical dataset.
        values: Canonical values.
        since: From when on the feed has it.
        changes: Other values on some days, by index of the date.
        hidden: Days on which the row is not there.
        kind: What the row is about a child (``child``, ``household`` …).
    """

    source: str
    dataset: str
    values: dict[str, Any]
    since: dt.date = dt.date.min
    changes: list[tuple[Days, str, Any]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)

    def set(self, name: str, value: Any, when: Days = ALL) -> None:
        """Gives a field another value."""
        self.changes.append((when, name, value))

    def hide(self, when: Days = ALL) -> None:
        """Takes the row out."""
        self.hidden |= set(when)

    def at(self, day: int) -> dict[str, Any] | None:
        """The values on a date; None where the feed does not have the row."""
        if day in self.hidden or self.since > DATES[day]:
            return None
        return self.values | {name: value for when, name, value in self.changes if day in when}


@dataclass(eq=False, kw_only=True)
class Family:
    """A child's rows: birth certificate, registration, the registration's list of children, household, health record."""

    born: dt.date
    mother: Parent
    father: Parent
    birth: Record
    registration: Record
    child: Record
    household: Record
    health: Record

    @property
    def key(self) -> str:
        """The birth certificate's number."""
        return str(self.birth.values["certificate_no"])

    @property
    def about_the_child(self) -> tuple[Record, ...]:
        """The rows of which each is about this child alone."""
        return (self.birth, self.child, self.household, self.health)

    def everywhere(self, name: str, value: Any, when: Days = ALL) -> None:
        """The same value in every row about the child that has the field."""
        for record in self.about_the_child:
            if name in record.values:
                record.set(name, value, when)

    def rename(self, number: str) -> None:
        """Another certificate number, in every feed."""
        for record in self.about_the_child:
            record.values["certificate_no"] = number
        for change, (when, name, _) in enumerate(self.registration.changes):
            if name == "birth_certificate_no":
                self.registration.changes[change] = (when, name, number)


class Births:
    """Makes families and collects the truth."""

    def __init__(self, seed: int) -> None:
        self.people = People(seed)
        self.records: list[Record] = []
        self.truth: list[Expectation] = []
        self._serial = 0

    def serial(self) -> int:
        """A number that nothing else has."""
        self._serial += 1
        return self._serial

    def add(self, record: Record) -> Record:
        """Puts a row into its feed."""
        self.records.append(record)
        return record

    def family(
        self, born: dt.date, *, order: int = 1, parents: tuple[Parent, Parent] | None = None, hour: int | None = None, **values: Any
    ) -> Family:
        """A couple with their registration, and a newborn whom every feed knows in time.

        Args:
            born: Day of the birth.
            order: The child's place among its siblings.
            parents: Mother and father; fresh ones where left out.
            hour: Hour of the birth.
            values: Other values of the birth certificate.
        """
        mother, father = parents or (self.people.parent(sex=FEMALE), self.people.parent(sex=MALE))
        registration = self.registration(born - dt.timedelta(days=140), mother=mother, father=father, order=order)
        return self.child(born, mother=mother, father=father, order=order, registration=registration, hour=hour, **values)

    def registration(self, date: dt.date, *, mother: Parent, father: Parent, order: int = 1) -> Record:
        """A couple's registration."""
        number, married = self.serial(), max(mother.born.year, father.born.year) + 23
        values: dict[str, Any] = {
            "registration_no": f"DJ9901{number:08d}", "registered_date": date,
            "wife_name": mother.name, "wife_id_type": "01", "wife_id_number": mother.id_number,
            "wife_registered_region": mother.region, "wife_living_region": mother.region,
            "husband_name": father.name, "husband_id_type": "01", "husband_id_number": father.id_number,
            "husband_registered_region": father.region, "husband_living_region": mother.region,
            "certificate_state": "1", "service_certificate_no": f"FW9901{number:08d}", "certificate_date": date,
            "existing_children": order - 1, "birth_order": order, "birth_certificate_no": None, "adopted": "0",
            "issuer_name": "和对市卫生健康委员会", "void_reason": None, "change_reason": None,
        }  # fmt: skip
        for spouse in ("wife", "husband"):
            values |= {f"{spouse}_marital_state": "20", f"{spouse}_first_marriage_date": dt.date(married, 5, 1)}
        return self.add(Record("shengyu", "fertility_registration", values))

    def child(
        self,
        born: dt.date,
        *,
        mother: Parent,
        father: Parent,
        order: int,
        registration: Record,
        hour: int | None = None,
        **values: Any,
    ) -> Family:
        """A newborn of a couple in every feed; a twin shares its sibling's registration."""
        number = f"T99{self.serial():07d}"
        birth = self._certificate(number, born, mother=mother, father=father, order=order, hour=hour) | values
        shared = {name: birth[name] for name in ("certificate_no", "sex", "birth_date", "mother_id_number")}
        known = {kind: born + dt.timedelta(days=lag) for kind, lag in LAG.items()}
        named = {name: birth[name] for name in ("child_name", "mother_name", "birth_order")}
        id_number = self.people.id_number(region=mother.region, born=born, sex=birth["sex"])
        entered: dict[str, Any] = {"child_name": birth["child_name"], "id_number": id_number, "father_id_number": father.id_number}
        entered |= {"household_no": f"{self.serial():09d}", "relation": "20", "region": mother.region}
        entered["registered_on"] = known["household"]
        record: dict[str, Any] = {
            "record_no": f"{mother.region}{self.serial():011d}",
            "record_type": "2",
            "name": birth["child_name"],
        }
        record |= {"id_number": None, "region": mother.region, "established_on": known["health"]}
        if registration.values["birth_certificate_no"] is None and not registration.changes:
            later = tuple(day for day in ALL if DATES[day] >= known["child"])
            registration.set("birth_certificate_no", number, later)
        return Family(
            born=born, mother=mother, father=father, registration=registration,
            birth=self.add(Record("chusheng", "birth", birth, since=birth["reported_on"])),
            child=self.add(Record("shengyu", "birth", shared | named, since=known["child"])),
            household=self.add(Record("gongan", "household", shared | entered, since=known["household"])),
            health=self.add(Record("jiankang", "health_record", shared | record, since=known["health"])),
        )  # fmt: skip

    def _certificate(
        self, number: str, born: dt.date, *, mother: Parent, father: Parent, order: int, hour: int | None
    ) -> dict[str, Any]:
        people, region = self.people, mother.region
        hospital = HOSPITALS[people.number(len(HOSPITALS))]
        time = dt.time(people.number(24) if hour is None else hour, people.number(60), people.number(60))
        district = DISTRICTS[int(region[-1]) - 1]
        return {
            "certificate_no": number, "child_name": people.name(surname=father.name[0]), "sex": (MALE, FEMALE)[people.number(2)],
            "birth_time": dt.datetime.combine(born, time), "birth_date": born,
            "birth_place": f"东和省和对市{district}建设路{1 + people.number(90)}号", "address_type": "03", "region": region,
            "province": "东和省", "city": "和对市", "county": district, "township": "中心街道", "village": "第一社区",
            "house_no": f"建设路{1 + people.number(90)}号", "postcode": "990000", "place_type": "1", "health_state": "1",
            "gestation_weeks": 37 + people.number(5), "length_cm": f"{46 + people.number(8)}.{people.number(2) * 5}",
            "weight_g": 2500 + 10 * people.number(160),
            "mother_name": mother.name, "mother_nationality": "156", "mother_ethnicity": "01", "mother_id_type": "01",
            "mother_id_number": mother.id_number,
            "father_name": father.name, "father_nationality": "156", "father_ethnicity": "01", "father_id_type": "01",
            "father_id_number": father.id_number,
            "midwife_name": people.name(), "institution_name": hospital, "issue_date": born + dt.timedelta(days=2),
            "issuer_name": hospital, "birth_order": order, "reported_on": born + dt.timedelta(days=1 + people.number(2)),
            "record_state": "1", "void_reason": None, "change_reason": None,
        }  # fmt: skip

    def expect(
        self,
        rule: str,
        scope: str,
        key: str,
        days: Sequence[int] = ALL,
        *,
        kind: str = "RULE",
        source: str | None = None,
        field: str | None = None,
        near: bool = False,
    ) -> None:
        """Adds truth on some dates."""
        self.truth += [
            Expectation(
                business_date=DATES[day], scope=scope, rule=rule, kind=kind, source=source, subject_key=key, insurance=None,
                period=None, field=field, expect="near" if near else "hit", note="",
            )
            for day in days
        ]  # fmt: skip

    def check(self, rule: str, key: str, days: Sequence[int] = ALL, *, dataset: str = "birth", near: bool = False) -> None:
        """Truth of a rule on the rows of one dataset, of births as a rule."""
        source = {"birth": "chusheng", "fertility_registration": "shengyu"}[dataset]
        self.expect(rule, f"check:{dataset}:{source}", key, days, source=source, near=near)

    def across(self, rule: str, key: str, days: Sequence[int] = ALL, *, source: str = "chusheng", near: bool = False) -> None:
        """Truth of a rule across datasets."""
        self.expect(rule, f"rule:{rule}:{source}", key, days, source=source, near=near)
