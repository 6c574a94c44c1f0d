"""From judgements to rows that change: the target's own row is found, its old values are read, cells of several cases are put together.

What cannot be changed safely becomes MANUAL with its reason: no such row, a key that names several rows, a value without a form in the
target, proposals that contradict each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hedui.context import Context
from hedui.corrections.cells import CellDraft, manual, without
from hedui.corrections.decide import CORRECTING, Judgement
from hedui.corrections.model import Cell, Operation, Reason, Value
from hedui.corrections.night_records import RawRow, raw_rows
from hedui.corrections.records import added, deleted
from hedui.corrections.reverse import Irreversible, Reverse
from hedui.corrections.select import dataset_of
from hedui.site.corrections import Target


@dataclass(frozen=True, kw_only=True)
class Drafts:
    """What judgements come to.

    Attributes:
        cells: The cells that change, by table and key.
        reasons: The cases that nothing is changed for, with why.
    """

    cells: tuple[CellDraft, ...]
    reasons: tuple[Reason, ...]


def draft_cells(context: Context, *, date: dt.date, target: Target, judgements: Iterable[Judgement]) -> Drafts:
    """The cells that judgements want changed in a target, by the night's raw batches."""
    reasons: list[Reason] = []
    by_dataset: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.reason.decision not in CORRECTING:
            reasons.append(judgement.reason)
            continue
        by_dataset.setdefault(dataset_of(context.site, target, judgement.case), []).append(judgement)
    drafts: list[CellDraft] = []
    for table in target.tables:
        wanted = by_dataset.pop(table.dataset, [])
        reverse = Reverse(site=context.site, target=target, table=table, date=date)
        for operation, draw in ((Operation.UPDATE, _updated), (Operation.INSERT, added), (Operation.DELETE, deleted)):
            for result in draw(context, reverse, [judgement for judgement in wanted if judgement.operation is operation]):
                if isinstance(result, Reason):
                    reasons.append(result)
                else:
                    drafts.append(result)
    for name, left in by_dataset.items():
        reasons += [manual(judgement, f"被修改系统没有登记数据集“{name}”对应的表") for judgement in left]
    kept, refused = _merged(drafts)
    return Drafts(cells=tuple(kept), reasons=tuple(sorted([*reasons, *refused], key=lambda reason: reason.case)))


def _updated(context: Context, reverse: Reverse, judgements: Sequence[Judgement]) -> Iterable[CellDraft | Reason]:
    if not judgements:
        return
    source = reverse.target.source
    rows = {judgement.case.rows[source] for judgement in judgements if source in judgement.case.rows}
    raw, repeated = raw_rows(context, reverse, sorted(rows))
    for judgement in judgements:
        number = judgement.case.rows.get(source)
        row = raw.get(number) if number is not None else None
        try:
            if row is None:
                raise Irreversible("被修改系统当日没有该行数据")
            yield _cell(reverse, judgement, row, repeated=number in repeated)
        except Irreversible as obstacle:
            yield manual(judgement, str(obstacle))


def _cell(reverse: Reverse, judgement: Judgement, row: RawRow, *, repeated: bool) -> CellDraft:
    field, value = judgement.case.field, judgement.value
    if field is None or value is None:
        raise Irreversible("没有正确值")
    if repeated:
        raise Irreversible("主键在被修改系统对应多行，不能确定修改哪一行")
    name = reverse.column_of(field)
    if name in reverse.table.key:
        raise Irreversible(f"“{reverse.dataset.fields[field].label}”是主键，不能直接修改")
    key = tuple(reverse.as_held(reverse.column(column), row[column]) for column in reverse.table.key)
    if any(part is None for part in key):
        raise Irreversible("主键为空，不能确定修改哪一行")
    column = reverse.column(name)
    old, new = reverse.as_held(column, row[name]), reverse.to_column(field, value, insurance=judgement.case.insurance)
    if old == new:
        raise Irreversible("现值已与正确值相同")
    held = judgement.case.values.get(reverse.target.source)
    money = reverse.dataset.fields[field].type == "fen"
    amount = (reverse.fen(field, held), reverse.fen(field, value)) if money else None
    return CellDraft(reverse=reverse, key=key, cell=Cell(column=name, old=old, new=new, amount_fen=amount), judgements=(judgement,))


def _merged(drafts: Sequence[CellDraft]) -> tuple[list[CellDraft], list[Reason]]:
    """Cells that several cases want, once; where they want different values, or different things of a whole row, none of them."""
    rows: dict[tuple[str, tuple[Value, ...]], list[CellDraft]] = {}
    for draft in drafts:
        rows.setdefault(draft.row, []).append(draft)
    kept: list[CellDraft] = []
    refused: dict[str, Reason] = {}
    for of_row in rows.values():
        if not _agree(of_row):
            for judgement in (draft.judgements[0] for draft in of_row):
                refused[judgement.case.fingerprint] = manual(judgement, "同一行有互相矛盾的修改方案")
            continue
        places: dict[str, list[CellDraft]] = {}
        for draft in of_row:
            places.setdefault(draft.cell.column, []).append(draft)
        for same in places.values():
            wanted = tuple(sorted((draft.judgements[0] for draft in same), key=lambda item: item.case.fingerprint))
            if len({draft.cell.new for draft in same}) > 1:
                refused |= {each.case.fingerprint: manual(each, "同一数据项有互相矛盾的修改方案") for each in wanted}
            else:
                kept.append(replace(same[0], judgements=wanted))
    return without(kept, refused), list(refused.values())


def _agree(drafts: Sequence[CellDraft]) -> bool:
    """Whether the cases that want a row to come or to go all want exactly the same."""
    if all(draft.operation is Operation.UPDATE for draft in drafts):
        return True
    wanted: dict[str, set[tuple[Operation, Cell]]] = {}
    for draft in drafts:
        wanted.setdefault(draft.judgements[0].case.fingerprint, set()).add((draft.operation, draft.cell))
    first, *others = wanted.values()
    return all(other == first for other in others)
