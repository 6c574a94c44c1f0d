"""Puts cells into bundles: one decision, one parent and, for key fields, one person per bundle; no bundle above the site's sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hedui.corrections.cells import CellDraft
from hedui.corrections.decide import Judgement
from hedui.corrections.model import Change, Decision, Operation, Reason, Table, Value
from hedui.corrections.reverse import Reverse
from hedui.site import Site
from hedui.site.corrections import Sizes

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Group:
    """What may stand in one bundle.

    Attributes:
        decision: Who is right.
        parent: The bundle of the round before.
        person: The one person of a key-field bundle.
    """

    decision: Decision
    parent: str | None
    person: str | None

    @property
    def order(self) -> tuple[str, str, str]:
        """Its place among groups."""
        return self.parent or "", self.decision, self.person or ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A bundle without its name.

    Attributes:
        group: What it has in common.
        changes: Its rows, numbered from 1.
        tables: The tables they are in.
        reasons: One per case, by fingerprint.
        cells: The cells behind the changes.
    """

    group: Group
    changes: tuple[Change, ...]
    tables: tuple[Table, ...]
    reasons: tuple[Reason, ...]
    cells: tuple[CellDraft, ...]


def split(cells: Iterable[CellDraft], *, site: Site, sizes: Sizes, together: bool = False) -> list[Draft]:
    """Drafts of bundles in a fixed order.

    Args:
        cells: The cells that change.
        site: For the keys of comparisons.
        sizes: Limits of a bundle.
        together: Everything into one bundle, as it was split before.
    """
    groups: dict[Group, list[CellDraft]] = {}
    for linked in _linked(list(cells), _cases):
        groups.setdefault(_group(linked, site), []).extend(linked)
    drafts: list[Draft] = []
    for group in sorted(groups, key=lambda group: group.order):
        rows = _rows(groups[group])
        units = _linked(rows, lambda row: {case for cell in row for case in _cases(cell)})
        pieces: Iterable[list[list[CellDraft]]] = [rows] if together else _pieces(units, sizes, lambda row: person_of(row[0], site))
        drafts += [_draft(group, piece, site) for piece in pieces]
    return drafts


def person_of(cell: CellDraft, site: Site) -> str | None:
    """Who a row is about: the subject's id number, None for units."""
    return person_of_case(cell.judgements[0], site)


def person_of_case(judgement: Judgement, site: Site) -> str | None:
    """Who a case is about: the part of its subject key that is the person."""
    case = judgement.case
    if case.subject_type != "person":
        return None
    names = [name for name in site.comparison(case.scope).key if name not in ("insurance", "period")]
    parts = case.subject_key.split("/")
    return parts[names.index("id_number")] if "id_number" in names and len(parts) == len(names) else parts[0]


def _cases(cell: CellDraft) -> set[str]:
    return {judgement.case.fingerprint for judgement in cell.judgements}


def _linked(items: Sequence[T], cases: Callable[[T], set[str]]) -> list[list[T]]:
    """Items in sets that have no case in common, each in the order of its first: a case is in one bundle only."""
    sets: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        linked = sorted({index}.union(*(sets.get(case, []) for case in cases(item))))
        sets |= {case: linked for number in linked for case in cases(items[number])}
    first = {linked[0]: linked for linked in sets.values()}
    return [[items[index] for index in first[start]] for start in sorted(first)]


def _group(linked: Sequence[CellDraft], site: Site) -> Group:
    judgements = [judgement for cell in linked for judgement in cell.judgements]
    parents = sorted({judgement.case.previous[0] for judgement in judgements if judgement.case.previous})
    return Group(
        decision=judgements[0].reason.decision,
        parent=parents[-1] if parents else None,
        person=person_of(linked[0], site) if any(judgement.key_field for judgement in judgements) else None,
    )


def _rows(cells: Sequence[CellDraft]) -> list[list[CellDraft]]:
    """Cells by row, rows in the order of tables and keys, cells in the order of columns."""
    rows: dict[tuple[str, tuple[Value, ...]], list[CellDraft]] = {}
    for cell in cells:
        rows.setdefault((cell.reverse.name, cell.key), []).append(cell)
    return [sorted(rows[place], key=lambda cell: cell.cell.column) for place in sorted(rows, key=_place_order)]


def _place_order(place: tuple[str, tuple[Value, ...]]) -> tuple[str, tuple[str, ...]]:
    return place[0], tuple(str(part) for part in place[1])


def _pieces(
    units: Sequence[list[list[CellDraft]]], sizes: Sizes, person: Callable[[list[CellDraft]], str | None]
) -> Iterator[list[list[CellDraft]]]:
    """Rows in pieces that keep to the sizes, those of a case together; what is too much alone makes a piece alone."""
    piece: list[list[CellDraft]] = []
    people: set[str] = set()
    amount = 0
    for rows in units:
        theirs, moved = {who for who in map(person, rows) if who}, sum(_moved(cell) for row in rows for cell in row)
        more = people | theirs
        full = len(piece) + len(rows) > sizes.rows or len(more) > sizes.people
        full = full or (sizes.amount_fen is not None and amount + moved > sizes.amount_fen)
        if piece and full:
            yield piece
            piece, more, amount = [], theirs, 0
        piece += rows
        people, amount = more, amount + moved
    if piece:
        yield piece


def _moved(cell: CellDraft) -> int:
    before, after = cell.cell.amount_fen or (0, 0)
    return abs((after or 0) - (before or 0))


def _draft(group: Group, rows: Sequence[list[CellDraft]], site: Site) -> Draft:
    changes = tuple(_change(number, row, site) for number, row in enumerate(rows, start=1))
    reverses: dict[str, Reverse] = {}
    changed: dict[str, set[str]] = {}
    going: set[str] = set()
    reasons: dict[str, Reason] = {}
    for row in rows:
        for cell in row:
            reverses[cell.reverse.name] = cell.reverse
            changed.setdefault(cell.reverse.name, set()).add(cell.cell.column)
            going |= {cell.reverse.name} if cell.operation is Operation.DELETE else set()
            reasons |= {judgement.case.fingerprint: judgement.reason for judgement in cell.judgements}
    return Draft(
        group=group,
        changes=changes,
        tables=tuple(reverses[name].described(changed[name], whole=name in going) for name in sorted(reverses)),
        reasons=tuple(reasons[case] for case in sorted(reasons)),
        cells=tuple(cell for row in rows for cell in row),
    )


def _change(number: int, row: Sequence[CellDraft], site: Site) -> Change:
    judgements = [judgement for cell in row for judgement in cell.judgements]
    first = judgements[0]
    evidence = list(dict.fromkeys(judgement.evidence for judgement in judgements if judgement.evidence))
    fields = dict.fromkeys(judgement.case.field or "" for judgement in judgements)
    return Change(
        number=number,
        operation=row[0].operation,
        table=row[0].reverse.name,
        key=row[0].key,
        cells=tuple(cell.cell for cell in row),
        cases=tuple(sorted({judgement.case.fingerprint for judgement in judgements})),
        rule=first.case.rule,
        field=",".join(fields),
        region=first.case.region,
        person=person_of(row[0], site),
        evidence="；".join(evidence),
    )
