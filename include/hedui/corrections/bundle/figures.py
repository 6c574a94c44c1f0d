"""What the papers say of a bundle in figures, counted in one pass over its changes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final, TypeVar

from hedui.corrections.bundle.manifest import Money, added, money_of
from hedui.corrections.bundle.shown import shown, subject
from hedui.corrections.model import DECISION_LABELS, OPERATION_LABELS, BundlePlan, Cell, Change, Operation, Table
from hedui.reports.sections.names import kind_name
from hedui.rules import rules
from hedui.security.masking import PERSON_FIELDS

EXAMPLES: Final = 5
MOST_LINES: Final = 15
MOST_PATTERNS: Final = 5_000
"""Distinct patterns after which no more are counted: values differ from row to row then."""
EVIDENCE_SHOWN: Final = 20
_Key = TypeVar("_Key")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A change of one column, masked."""

    number: int
    subject: str
    column: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures.

    Attributes:
        cases: Number of cases.
        people: Number of people.
        rows: Changed rows.
        money: Of all tables.
        by_rule: Rule id, name, cases.
        by_basis: Kind, basis, decision, cases: the most frequent first.
        by_column: Table, what is done, column, rows.
        by_cause: What is wrong with the old values, cells.
        by_pattern: Column, old value, new value, rows: what was changed the same way more than once; never of personal fields.
        by_region: Region code, rows.
        by_table: Table, operation, rows; and its money.
        examples: The first changes, at most one per column at first.
        evidence: Change number and proof, of changes that name one.
    """

    cases: int
    people: int
    rows: int
    money: Money
    by_rule: tuple[tuple[str, str, int], ...]
    by_basis: tuple[tuple[str, str, str, int], ...]
    by_column: tuple[tuple[str, str, str, int], ...]
    by_cause: tuple[tuple[str, int], ...]
    by_pattern: tuple[tuple[str, str, str, int], ...]
    by_region: tuple[tuple[str, int], ...]
    by_table: tuple[tuple[str, str, int, Money], ...]
    examples: tuple[Example, ...]
    evidence: tuple[tuple[int, str], ...]


def figures(plan: BundlePlan) -> Figures:
    """Counts a plan."""
    tables = {table.name: table for table in plan.tables}
    columns: Counter[tuple[str, str, str]] = Counter()
    causes: Counter[str] = Counter()
    patterns: Counter[tuple[str, str, str]] = Counter()
    regions: Counter[str] = Counter()
    rows: Counter[tuple[str, Operation]] = Counter()
    sums: dict[tuple[str, Operation], Money] = {}
    for change in plan.changes:
        table = tables[change.table]
        place = (change.table, change.operation)
        rows[place] += 1
        sums[place] = added((sums.get(place, Money()), money_of([change])))
        regions[change.region or "（未知）"] += 1
        what = (table.label or table.name, OPERATION_LABELS[change.operation])
        if change.operation is not Operation.UPDATE:
            columns[(*what, "整行")] += 1
            causes["缺少整行" if change.operation is Operation.INSERT else "多出整行"] += 1
            continue
        for cell in change.cells:
            columns[(*what, table.column(cell.column).label or cell.column)] += 1
            causes[cause(cell)] += 1
        if len(patterns) < MOST_PATTERNS:
            patterns.update(_patterns(change, table))
    bases = Counter((kind_name(r.kind), r.basis, DECISION_LABELS[r.decision]) for r in plan.reasons)
    catalogue = rules()
    by_rule = Counter(reason.rule for reason in plan.reasons)
    return Figures(
        cases=len(plan.cases),
        people=plan.people,
        rows=len(plan.changes),
        money=added(list(sums.values())),
        by_rule=tuple((rule, catalogue[rule].name if rule in catalogue else rule, n) for rule, n in _most(by_rule)),
        by_basis=tuple((*key, n) for key, n in _most(bases)),
        by_column=tuple((*key, n) for key, n in _most(columns)),
        by_cause=tuple(_most(causes)),
        by_pattern=tuple((*key, n) for key, n in _most(patterns) if n > 1),
        by_region=tuple(_most(regions)),
        by_table=tuple(
            (tables[name].label or name, OPERATION_LABELS[operation], n, sums[name, operation])
            for (name, operation), n in sorted(rows.items())
        ),
        examples=_examples(plan, tables),
        evidence=tuple((change.number, change.evidence) for change in plan.changes if change.evidence)[:EVIDENCE_SHOWN],
    )


def _most(counter: Counter[_Key]) -> list[tuple[_Key, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_LINES]


def cause(cell: Cell) -> str:
    """What is wrong with an old value, told from the values themselves."""
    if cell.old is None or cell.old == "":
        return "原值缺失"
    if cell.new is None or cell.new == "":
        return "原值多余，应为空"
    if isinstance(cell.old, str) and isinstance(cell.new, str) and _plain(cell.old) == _plain(cell.new):
        return "仅空格、全半角或大小写不同"
    return "原值与权威来源不一致"


def _patterns(change: Change, table: Table) -> list[tuple[str, str, str]]:
    """A change's columns with their values before and after, but for personal ones."""
    if set(change.field.split(",")) & set(PERSON_FIELDS):
        return []
    return [
        (table.column(cell.column).label or cell.column, shown(change, table, cell, cell.old), shown(change, table, cell, cell.new))
        for cell in change.cells
    ]


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _examples(plan: BundlePlan, tables: dict[str, Table]) -> tuple[Example, ...]:
    found: list[Example] = []
    spoken: set[tuple[str, str]] = set()
    for fresh in (True, False):
        for change in plan.changes:
            table = tables[change.table]
            for cell in change.cells:
                place = (change.table, cell.column)
                if len(found) == EXAMPLES:
                    return tuple(sorted(found, key=lambda example: example.number))
                if (place not in spoken) is fresh and cell.old != cell.new and all(e.number != change.number for e in found):
                    spoken.add(place)
                    found.append(_example(change, table, cell))
    return tuple(sorted(found, key=lambda example: example.number))


def _example(change: Change, table: Table, cell: Cell) -> Example:
    return Example(
        number=change.number,
        subject=subject(table, change),
        column=table.column(cell.column).label or cell.column,
        old=shown(change, table, cell, cell.old),
        new=shown(change, table, cell, cell.new),
    )
