"""The state that plants work on: touched rows with their values per time slot, pools of subjects, and the truth.

Time is five slots: before the demo, its three business dates, and after. A touched row has its ideal values (see
:mod:`hedui.demo.systems.spec`) and changes that hold in some slots; file sources show slots 1 to 3, validity tables show all.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from hedui.demo.systems import accounts, duizhao, guotong, schemes, shebao, sheng, shuiwu, yibao
from hedui.demo.systems.spec import Table
from hedui.demo.world import World

DATES: Final = (dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5))
"""The demo's business dates: Wednesday to Friday."""

MISSING_SOURCE, MISSING_DATE = "guotong", DATES[1]
"""The batch that never arrives."""

Slots = tuple[int, ...]
ALL: Final[Slots] = (0, 1, 2, 3, 4)
PAST: Final[Slots] = (0,)
FUTURE: Final[Slots] = (4,)
WHEN: Final[tuple[Slots, ...]] = (ALL, (2, 3, 4), (0, 1, 2), (0, 1, 3, 4))
"""When the four hits of a plant hold: always, from the second date on, until the second date, on the first and the third."""

NEAR_MISSES: Final = 3
PERSON_TABLES: Final[tuple[Table, ...]] = (
    shebao.PERSON, sheng.PERSON, guotong.PERSON, yibao.PERSON,
    shebao.ENROLMENT, sheng.ENROLMENT, guotong.ENROLMENT, yibao.ENROLMENT,
    shuiwu.TAX_REGISTRATION,
)  # fmt: skip
UNIT_TABLES: Final[tuple[Table, ...]] = (shebao.UNIT, shuiwu.UNIT, yibao.UNIT, duizhao.UNIT_MAP)
TIER_TABLES: Final[tuple[Table, ...]] = accounts.SNAPSHOTS + schemes.SNAPSHOTS
"""Contributions, accounts, benefits, deaths and legacy schemes: only the plants on them touch these, on subjects of their own."""

THREE_TIERS: Final = ("person_tiers", "enrolment_tiers", "months_tiers", "accounts_tiers", "benefit_tiers")
"""Comparisons with a side of the batch that never arrives."""

SNAPSHOT_TABLES: Final = PERSON_TABLES + UNIT_TABLES + TIER_TABLES
PERSON_SOURCES: Final = ("shebao", "sheng", "guotong", "yibao")


@dataclass(eq=False)
class Row:
    """A touched row of one system's table."""

    table: Table
    values: dict[str, Any]
    changes: list[tuple[Slots, str, Any]] = field(default_factory=list)
    raw: list[tuple[Slots, str, str | None]] = field(default_factory=list)
    shown: set[int] = field(default_factory=lambda: set(ALL))

    def set(self, name: str, value: Any, when: Slots = ALL) -> None:
        """Gives a field another ideal value in the slots."""
        self.changes.append((when, name, value))

    def write(self, column: str, text: str | None, when: Slots = ALL) -> None:
        """Puts ``text`` into the system's own column in the slots, whatever the ideal value."""
        self.raw.append((when, column, text))

    def hide(self, when: Slots = ALL) -> None:
        """Removes the row in the slots."""
        self.shown -= set(when)

    def at(self, slot: int) -> dict[str, Any]:
        """The ideal values in a slot."""
        return self.values | {name: value for when, name, value in self.changes if slot in when}

    def raw_at(self, slot: int) -> dict[str, str | None]:
        """The overwritten columns in a slot."""
        return {column: text for when, column, text in self.raw if slot in when}


@dataclass(eq=False)
class Subject:
    """A person or unit with its rows in every system.

    Attributes:
        number: Index of the person (``i``) or unit (``u``).
        values: The ideal values of the base table's row.
        rows: By (source, dataset).
    """

    number: int
    values: dict[str, Any]
    rows: dict[tuple[str, str], list[Row]] = field(default_factory=lambda: defaultdict(list))

    @property
    def id(self) -> str:
        """The person's own id number."""
        return str(self.values["id_number"])

    def select(
        self, *, sources: tuple[str, ...] = (), datasets: tuple[str, ...] = (), insurance: tuple[str, ...] = ()
    ) -> Iterator[Row]:
        """The rows of the given sources, datasets and insurances (empty: all)."""
        for (source, dataset), rows in self.rows.items():
            if (not sources or source in sources) and (not datasets or dataset in datasets):
                yield from (row for row in rows if not insurance or row.values.get("insurance") in insurance)

    def set(self, name: str, value: Any, when: Slots = ALL, **which: tuple[str, ...]) -> None:
        """Sets an ideal value in all selected rows that have the field."""
        for row in self.select(**which):
            if name in row.values:
                row.set(name, value, when)

    def hide(self, when: Slots = ALL, **which: tuple[str, ...]) -> None:
        """Removes the selected rows in the slots."""
        for row in self.select(**which):
            row.hide(when)

    def row(self, source: str, dataset: str, insurance: str | None = None) -> Row:
        """The one row of a source's dataset (and insurance)."""
        (found,) = self.select(sources=(source,), datasets=(dataset,), insurance=(insurance,) if insurance else ())
        return found

    def no(self, source: str) -> str:
        """The person's number in a source."""
        dataset = "tax_registration" if source == "shuiwu" else "person"
        return str(self.rows[source, dataset][0].values["person_no"])

    def add_row(
        self,
        source: str,
        dataset: str,
        when: Slots = ALL,
        *,
        insurance: str | None = None,
        values: dict[str, Any] | None = None,
        **more: Any,
    ) -> Row:
        """A further row of the subject, copied from its row of that dataset with other values, that exists in the slots only."""
        model = next(self.select(sources=(source,), datasets=(dataset,), insurance=(insurance,) if insurance else ()))
        row = Row(table=model.table, values=model.values | (values or {}) | more, shown=set(when))
        self.rows[source, dataset].append(row)
        return row


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A line of the truth: on the date the scope must (``hit``) or must not (``near``) have a finding."""

    business_date: dt.date
    scope: str
    rule: str
    kind: str
    source: str | None
    subject_key: str
    insurance: str | None
    period: str | None
    field: str | None
    expect: str
    note: str


def iso(day: dt.date) -> str:
    """A date as findings write it."""
    return day.isoformat()


class Planting:
    """Hands out untouched persons and units, and collects the truth."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, world: World) -> None:
        self.world = world
        self.truth: list[Expectation] = []
        self.rejects: list[tuple[dt.date, str, str]] = []
        self.serial = 0
        self.marked: dict[str, list[Subject]] = {}
        alive = "enrol_state = '1' AND pay_state = '1' AND birth_date BETWEEN DATE '1967-01-01' AND DATE '1999-12-31'"
        residents = self._load(connection, "base_person", f"kind = 'R' AND {alive}", "i", 420, PERSON_TABLES)
        employees = self._load(connection, "base_person", f"kind = 'E' AND {alive}", "i", 200, PERSON_TABLES)
        units = self._load(connection, "base_unit", "TRUE", "u", 150, UNIT_TABLES)
        taken = ", ".join(str(subject.number) for subject in employees)
        tiers, receiving = PERSON_TABLES + TIER_TABLES, "enrol_state = '1' AND pay_state = '3'"
        members = self._load(connection, "base_person", f"kind = 'E' AND {alive} AND i NOT IN ({taken})", "i", 200, tiers)
        pensioners = self._load(connection, "base_person", f"kind = 'R' AND {receiving}", "i", 140, tiers)
        self.subjects = {"person": [*residents, *employees, *members, *pensioners], "unit": units}
        self.idle = [subject.number for subject in (*residents, *employees, *pensioners)]
        """Persons without levies and payments; members have them like anybody else."""
        pools = {"R": residents, "E": employees, "M": members, "O": pensioners, "U": units}
        self._free = {kind: list(reversed(subjects)) for kind, subjects in pools.items()}

    def _load(
        self, connection: duckdb.DuckDBPyConnection, base: str, where: str, key: str, limit: int, tables: tuple[Table, ...]
    ) -> list[Subject]:
        chosen = f"SELECT {key} FROM {base} WHERE {where} ORDER BY {key} DESC LIMIT {limit}"
        rows = connection.sql(f"SELECT * FROM {base} WHERE {key} IN ({chosen}) ORDER BY {key} DESC").to_arrow_table().to_pylist()
        subjects = {row[key]: Subject(number=row[key], values=row) for row in rows}
        for table in tables:
            ideal = connection.sql(f"SELECT * FROM ({table.ideal}) WHERE {key} IN ({chosen}) ORDER BY ALL")
            for row in ideal.to_arrow_table().to_pylist():
                subjects[row[key]].rows[table.source, table.dataset].append(Row(table=table, values=row))
        return list(subjects.values())

    def take(self, kind: str) -> Subject:
        """An untouched resident (``R``), employee (``E``) or unit (``U``).

        ``M`` (employees) and ``O`` (residents who receive a benefit) alone have rows in :data:`TIER_TABLES`.
        """
        return self._free[kind].pop()

    def hits(self, kind: str) -> Iterator[tuple[int, Slots, Subject]]:
        """The subjects of a plant's four hits: (number, when it holds, subject)."""
        for number, when in enumerate(WHEN):
            yield number, when, self.take(kind)

    def nears(self, kind: str, count: int = NEAR_MISSES) -> Iterator[tuple[int, Subject]]:
        """The subjects of a plant's near misses."""
        for number in range(count):
            yield number, self.take(kind)

    def new_number(self) -> int:
        """A number that no ordinary row has, for rows that plants add."""
        self.serial += 1
        return self.serial

    def expect(
        self,
        rule: str,
        scope: str,
        key: str,
        when: Slots = ALL,
        *,
        kind: str = "RULE",
        source: str | None = None,
        insurance: str | None = None,
        period: str | None = None,
        field: str | None = None,
        expect: str = "hit",
        note: str = "",
    ) -> None:
        """Adds truth for the business dates among the slots, save where the missing batch leaves nothing to find."""
        for number, date in enumerate(DATES, start=1):
            dead = scope.removeprefix("link:") in THREE_TIERS or source == MISSING_SOURCE
            if number not in when or (dead and date == MISSING_DATE and not scope.startswith("arrival:")):
                continue
            self.truth.append(
                Expectation(
                    business_date=date, scope=scope, rule=rule, kind=kind, source=source, subject_key=key,
                    insurance=insurance, period=period, field=field, expect=expect, note=note,
                )
            )  # fmt: skip

    def check(self, rule: str, dataset: str, row: Row, when: Slots = ALL, *, kind: str = "RULE", expect: str = "hit") -> None:
        """Truth of a row rule: the scope and the subject follow from the row."""
        values = row.at(when[0]) if when else row.values
        source = row.table.source
        insurance = values.get("insurance")
        if dataset == "enrolment":
            key = f"{values['person_no']}/{iso(values['start_date'])}"
        else:
            key = values["unit_no"] if dataset == "unit" else values["person_no"]
        self.expect(rule, f"check:{dataset}:{source}", key, when, kind=kind, source=source, insurance=insurance, expect=expect)

    def check_all(
        self, rule: str, dataset: str, subject: Subject, when: Slots = ALL, *, expect: str = "hit", **which: tuple[str, ...]
    ) -> None:
        """:meth:`check` for every row of the subject in the dataset that the selection names."""
        for row in subject.select(datasets=(dataset,), **which):
            self.check(rule, dataset, row, when, expect=expect)

    def compare(
        self, rule: str, scope: str, kind: str, key: str, when: Slots = ALL, *, field: str | None = None,
        insurance: str | None = None, expect: str = "hit", note: str = "",
    ) -> None:  # fmt: skip
        """Truth of a snapshot comparison."""
        self.expect(rule, scope, key, when, kind=kind, field=field, insurance=insurance, expect=expect, note=note)

    def rejected(self, source: str, dataset: str, when: Slots) -> None:
        """Notes that a source's row cannot be converted in the slots."""
        days = [date for number, date in enumerate(DATES, start=1) if number in when]
        self.rejects += [(date, source, dataset) for date in days if (source, date) != (MISSING_SOURCE, MISSING_DATE)]
