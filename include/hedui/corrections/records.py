"""Whole records that are added to a target or deleted from it, drafted from the night's data.

A record is added with the values that the right side has, in the columns of the target's own mapping. A record that is there twice,
the same in everything but the number that the system gave it, loses its later rows. What cannot be done safely says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hedui.context import Context
from hedui.corrections.cells import CellDraft, manual
from hedui.corrections.decide import Judgement
from hedui.corrections.model import Cell, Operation, Reason, Value
from hedui.corrections.night_records import NightRecords, RawRow, Record, raw_rows
from hedui.corrections.reverse import Irreversible, Reverse
from hedui.corrections.select import CaseRow
from hedui.corrections.whole_rows import authority

OWN_NUMBER: Final = "person_no"
"""The field that each system fills with its own number of a person."""


def added(context: Context, reverse: Reverse, judgements: Sequence[Judgement]) -> Iterator[CellDraft | Reason]:
    """The cells of the rows that are added to a table, or why one is not."""
    if not judgements:
        return
    night = NightRecords(context=context, reverse=reverse)
    records = night.records(judgements)
    numbers = night.own_numbers({record.get("id_number") for by_source in records.values() for record in by_source.values()})
    rows: dict[str, tuple[tuple[Value, ...], list[Cell]]] = {}
    for judgement in judgements:
        try:
            rows[judgement.case.fingerprint] = _new_row(context, reverse, judgement, records[judgement.case.fingerprint], numbers)
        except Irreversible as obstacle:
            yield manual(judgement, str(obstacle))
    there = night.there({key for key, _ in rows.values()})
    for judgement in judgements:
        key, cells = rows.get(judgement.case.fingerprint, ((), []))
        if key in there:
            yield manual(judgement, "被修改系统已有同主键的记录，其证件号等比对键不同或无法读入，须先更正该记录")
            continue
        for cell in cells:
            yield CellDraft(reverse=reverse, key=key, cell=cell, judgements=(judgement,), operation=Operation.INSERT)


def _new_row(
    context: Context, reverse: Reverse, judgement: Judgement, records: dict[str, Record], numbers: dict[str, str]
) -> tuple[tuple[Value, ...], list[Cell]]:
    """Key and cells of a new row.

    Raises:
        Irreversible: A value has no form in the target, or one that must be there is not.
    """
    case = judgement.case
    right = judgement.right_source
    if right is None or right not in records:
        raise Irreversible("正确一方当日没有该行数据")
    values: dict[str, Value] = {}
    amounts: dict[str, int | None] = {}
    for field, mapping in reverse.mapped.columns.items():
        if mapping.column is None or mapping.column in (*reverse.table.live, reverse.table.batch_column):
            continue
        text = _text(context, reverse, case, judgement, field, records, numbers)
        value = None if text is None else reverse.written(field, text, insurance=case.insurance)
        if mapping.column in values and values[mapping.column] != value:
            raise Irreversible(f"“{reverse.dataset.fields[field].label}”与同一列的另一字段取值不同")
        values[mapping.column] = value
        if text is not None and reverse.dataset.fields[field].type == "fen":
            amounts[mapping.column] = int(text)
    values |= reverse.new_row_values()
    for name, value in values.items():
        column = reverse.column(name)
        if value is None and (not column.nullable or name in reverse.table.key):
            raise Irreversible(f"必填字段“{column.label or name}”没有可用的值")
    key = tuple(values[name] for name in reverse.table.key)
    cells = [
        Cell(column=name, old=None, new=value, amount_fen=(None, amounts[name]) if name in amounts else None)
        for name, value in values.items()
        if name not in reverse.table.key
    ]
    return key, cells


def _text(
    context: Context,
    reverse: Reverse,
    case: CaseRow,
    judgement: Judgement,
    field: str,
    records: dict[str, Record],
    numbers: dict[str, str],
) -> str | None:
    """The canonical value of a field of a new record: of the side that is right about the field, else about the record."""
    assert judgement.right_source is not None
    if field in reverse.table.closed_fields:
        if field != OWN_NUMBER:
            return None
        number = numbers.get(records[judgement.right_source].get("id_number") or "")
        if reverse.table.dataset == "person" or number is None:
            raise Irreversible("被修改系统没有该人唯一的个人编号，不能据以补录")
        return number
    right = judgement.right_source
    if not judgement.reason.decided_by:
        right = authority(context.site, case, reverse.date, among=records, field=field) or right
    return records[right].get(field)


def deleted(context: Context, reverse: Reverse, judgements: Sequence[Judgement]) -> Iterator[CellDraft | Reason]:
    """The cells of the rows that go because an earlier row says the same, or why none does."""
    if not judgements:
        return
    night = NightRecords(context=context, reverse=reverse)
    twins = night.twins(judgements)
    raw, repeated = raw_rows(context, reverse, sorted({number for numbers in twins.values() for number in numbers}))
    numbers = night.own_numbers(night.people(twins))
    for judgement in judgements:
        group = twins.get(judgement.case.fingerprint, [])
        try:
            later = _later(reverse, [raw[number] for number in group if number in raw], numbers)
            if repeated.intersection(group):
                raise Irreversible("重复的记录主键也相同，不能确定删除哪一行")
            drafts = [draft for row in later for draft in _old_row(reverse, judgement, row)]
        except Irreversible as obstacle:
            yield manual(judgement, str(obstacle))
        else:
            yield from drafts


def _later(reverse: Reverse, rows: list[RawRow], numbers: dict[str, str]) -> list[RawRow]:
    """The rows after the first, where all are the same but for the system's own numbers.

    Raises:
        Irreversible: They are not, or the first is not the one that bears the person's own number.
    """
    own = [
        mapping.column
        for field, mapping in reverse.mapped.columns.items()
        if mapping.column is not None and field in reverse.table.closed_fields
    ]
    if len(rows) < 2:
        raise Irreversible("被修改系统当日没有重复的行")
    first, *later = rows
    for row in later:
        other = [name for name in first if name not in own and row[name] != first[name]]
        if other:
            label = reverse.column(other[0]).label or other[0]
            raise Irreversible(f"重复的记录内容不一致（“{label}”等 {len(other)} 项），不能自动删除")
    number, identity = (_column(reverse, field) for field in (OWN_NUMBER, "id_number"))
    if number is not None and identity is not None:
        known = numbers.get(first[identity] or "")
        if known is not None and first[number] != known and any(row[number] == known for row in later):
            raise Irreversible("先登记的一行不是该人本人的编号，须人工确定保留哪一行")
    return later


def _column(reverse: Reverse, field: str) -> str | None:
    mapping = reverse.mapped.columns.get(field)
    return mapping.column if mapping is not None else None


def _old_row(reverse: Reverse, judgement: Judgement, row: RawRow) -> Iterator[CellDraft]:
    """The cells of a row that goes, each guarded by its value."""
    key = tuple(reverse.as_held(reverse.column(name), row[name]) for name in reverse.table.key)
    if any(part is None for part in key):
        raise Irreversible("主键为空，不能确定删除哪一行")
    for name, text in row.items():
        if name in (*reverse.table.key, *reverse.table.live, reverse.table.batch_column):
            continue
        column = reverse.column(name)
        value = reverse.as_held(column, text)
        fen = reverse.held_fen(column, value)
        cell = Cell(column=name, old=value, new=None, amount_fen=None if fen is None else (fen, None))
        yield CellDraft(reverse=reverse, key=key, cell=cell, judgements=(judgement,), operation=Operation.DELETE)
