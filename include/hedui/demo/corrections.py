"""What is corrected after the first date's night, what the city does with it afterwards, and what the third date's night must say (T18).

The nights know nothing of it: it shows after bundles were decided about and executed, so that its truth is a file of its own. Who plays
the plan proposes each bundle's cases on :attr:`CorrectionPlan.night`, brings it to its end, writes what the city writes, and runs the
next night.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from hedui.demo.planting import DATES, Expectation, Planting, Subject, iso
from hedui.demo.plants.corrections import FATES, INSURANCE, LOADER, MONTHS, RULES, SCOPE, End, Fate, wrong
from hedui.demo.systems.shebao import ENROLMENT
from hedui.demo.truth import write_later_truth
from hedui.demo.writers import BATCH

TARGET: Final = "shebao"
PLAN: Final = "correction_plan.json"
TRUTH: Final = "correction_truth.csv"
NIGHT, NEXT = DATES[0], DATES[2]
"""On the date between them the nation sends nothing, so that nobody compares."""

ENDS: Final[tuple[End, ...]] = ("executed", "approved", "rejected", "rolled_back")
COLUMNS: Final = {column.sql: column.name for column in ENROLMENT.columns}
"""The city's columns by the ideal field that they hold as it is."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A finding of the first night that a bundle takes up."""

    scope: str
    rule: str
    subject_key: str
    insurance: str
    field: str


@dataclass(frozen=True, kw_only=True)
class Write:
    """What the city writes into a row after the bundles.

    Attributes:
        table: The table.
        key: The row's key; the version in force is meant.
        values: New values by column.
        who: Whose doing it is, in Chinese.
    """

    table: str
    key: dict[str, str]
    values: dict[str, str | int | None]
    who: str


@dataclass(frozen=True, kw_only=True)
class CorrectionPlan:
    """Bundles, what comes after them, and what must be found.

    Attributes:
        bundles: The cases of each bundle, by how it ends.
        later: What the city writes once the bundles have come to their ends.
        truth: Findings and near misses of the next night.
    """

    bundles: dict[End, tuple[Case, ...]]
    later: tuple[Write, ...]
    truth: tuple[Expectation, ...]


def plan_corrections(planting: Planting) -> CorrectionPlan:
    """The plan for the registrations that the plant T18 has made wrong."""
    people = [(fate, person) for name, fate in FATES.items() for person in planting.marked[f"T18 {name}"]]
    bundles = {end: tuple(_cases(people, end)) for end in ENDS}
    later = tuple(_write(person, fate) for fate, person in people if fate.later)
    return CorrectionPlan(bundles=bundles, later=later, truth=tuple(_truth(people)))


def _cases(people: list[tuple[Fate, Subject]], end: End) -> Iterator[Case]:
    for fate, person in people:
        for field in fate.wrong if fate.end == end else ():
            yield Case(scope=SCOPE, rule=RULES[field], subject_key=person.id, insurance=INSURANCE, field=field)


def _write(person: Subject, fate: Fate) -> Write:
    row = person.row(TARGET, "enrolment", INSURANCE).values
    key = {COLUMNS["person_no"]: row["person_no"], COLUMNS["insurance"]: INSURANCE, "aae030": f"{row['start_date']:%Y%m%d}"}
    values: dict[str, Any] = {COLUMNS[field]: wrong(person, field, by) for field, by in fate.later}
    old_marks = {name: None for name, *_ in BATCH} if fate.who == LOADER else {}
    return Write(table=f"{TARGET}.{ENROLMENT.name}", key=key, values=values | old_marks, who=fate.who)


def _truth(people: list[tuple[Fate, Subject]]) -> Iterator[Expectation]:
    """Hits are the fields of an executed bundle that are wrong again; near: what was not executed, or is put right, or is another's."""
    for fate, person in people:
        written = {field for field, _ in fate.later}
        for field in sorted({MONTHS, *fate.wrong, *written}):
            yield Expectation(
                business_date=NEXT, scope=f"bundle:{TARGET}", rule="T18", kind="RULE", source=TARGET, subject_key=person.id,
                insurance=INSURANCE, period=None, field=field, expect="hit" if field in fate.shown else "near", note="",
            )  # fmt: skip


def write_corrections(out: Path, plan: CorrectionPlan) -> None:
    """Writes the plan and its truth into the world's folder."""
    told = {
        "target": TARGET,
        "night": iso(NIGHT),
        "next_night": iso(NEXT),
        "bundles": [{"end": end, "cases": [asdict(case) for case in cases]} for end, cases in plan.bundles.items()],
        "later": [asdict(write) for write in plan.later],
    }
    (out / PLAN).write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write_later_truth(out / TRUTH, plan.truth)
