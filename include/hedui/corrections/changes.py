"""From judgements to rows that change: the target's own row is found, its old values are read, cells of several cases are put together.

What cannot be changed safely becomes MANUAL with its reason: no such row, a key that names several rows, a value without a form in the
target, proposals that contradict each other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from hedui import engine
from hedui.context import Context
from hedui.corrections.decide import CORRECTING, Judgement
from hedui.corrections.model import Cell, Decision, Reason, Value
from hedui.corrections.reverse import Irreversible, Reverse
from hedui.corrections.select import dataset_of
from hedui.lake import Partition
from hedui.site.corrections import Target

RawRow = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class CellDraft:
    """A cell that changes, and the judgements that want it.

    Attributes:
        reverse: Its table.
        key: The row's key.
        cell: Old and new value.
        judgements: Who wants it, by fingerprint; all want the same.
    """

    reverse: Reverse
    key: tuple[Value, ...]
    cell: Cell
    judgements: tuple[Judgement, ...]

    @property
    def place(self) -> tuple[str, tuple[Value, ...], str]:
        """Table, key and column."""
        return self.reverse.name, self.key, self.cell.column

    @cached_property
    def digest(self) -> uuid.UUID:
        """What the ledger calls the cell by."""
        return cell_digest(self.reverse.target.id, *self.place)


def cell_digest(target: str, table: str, key: Sequence[Value], column: str) -> uuid.UUID:
    """A cell's name in the ledger: a digest of target, table, key and column."""
    text = json.dumps([target, table, [str(part) for part in key], column], ensure_ascii=False)
    return uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])


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
        for result in _of_table(context, reverse, wanted):
            if isinstance(result, Reason):
                reasons.append(result)
            else:
                drafts.append(result)
    for name, left in by_dataset.items():
        reasons += [manual(judgement, f"被修改系统没有登记数据集“{name}”对应的表") for judgement in left]
    kept, refused = _merged(drafts)
    return Drafts(cells=tuple(kept), reasons=tuple(sorted([*reasons, *refused], key=lambda reason: reason.case)))


def manual(judgement: Judgement, why: str) -> Reason:
    """The reason for which a case that was decided goes to a person all the same."""
    return replace(judgement.reason, decision=Decision.MANUAL, basis=f"{why}（{judgement.reason.basis}）")


def _of_table(context: Context, reverse: Reverse, judgements: Sequence[Judgement]) -> Iterable[CellDraft | Reason]:
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


def raw_rows(context: Context, reverse: Reverse, numbers: Sequence[int]) -> tuple[dict[int, dict[str, str | None]], set[int]]:
    """Raw rows of the night by their number, and which of them share their key with another row."""
    partition = Partition(layer="raw", parts=(reverse.target.source, reverse.table.dataset), date=reverse.date)
    columns = list(
        dict.fromkeys([*reverse.table.key, *(m.column for m in reverse.mapped.columns.values() if m.column is not None)])
    )
    keys = ", ".join(engine.ident(name) for name in reverse.table.key)
    same = " AND ".join(f"r.{engine.ident(name)} IS NOT DISTINCT FROM t.{engine.ident(name)}" for name in reverse.table.key)
    listed = ", ".join(f"r.{engine.ident(name)}" for name in columns)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        duck.register("wanted", pa.table({"source_row": pa.array(numbers, pa.int64())}))
        duck.execute(f"CREATE TEMP VIEW raw AS SELECT * FROM {engine.parquet(context.lake.files(partition))}")
        duck.execute(f"CREATE TEMP TABLE touched AS SELECT source_row, {listed} FROM raw AS r SEMI JOIN wanted USING (source_row)")
        found = duck.execute(f"SELECT source_row, {listed} FROM touched AS r ORDER BY source_row").fetchall()
        shared = duck.execute(
            f"""
            SELECT t.source_row FROM touched AS t
            JOIN (SELECT {keys}, count(*) AS n FROM raw GROUP BY {keys} HAVING count(*) > 1) AS r ON {same}
            """
        ).fetchall()
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in found}, {number for (number,) in shared}


def _merged(drafts: Sequence[CellDraft]) -> tuple[list[CellDraft], list[Reason]]:
    """Cells that several cases want, once; where they want different values, none of them."""
    places: dict[tuple[str, tuple[Value, ...], str], list[CellDraft]] = {}
    for draft in drafts:
        places.setdefault(draft.place, []).append(draft)
    kept: list[CellDraft] = []
    refused: list[Reason] = []
    for same in places.values():
        judgements = tuple(sorted((draft.judgements[0] for draft in same), key=lambda item: item.case.fingerprint))
        if len({draft.cell.new for draft in same}) > 1:
            refused += [manual(judgement, "同一数据项有互相矛盾的修改方案") for judgement in judgements]
        else:
            kept.append(replace(same[0], judgements=judgements))
    return kept, refused
