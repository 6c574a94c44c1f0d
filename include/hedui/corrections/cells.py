"""Cells that judgements want changed, before they are put together into bundles."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hedui.corrections.decide import Judgement
from hedui.corrections.model import Cell, Decision, Operation, Reason, Value
from hedui.corrections.reverse import Reverse


@dataclass(frozen=True, kw_only=True)
class CellDraft:
    """A cell that changes, and the judgements that want it.

    Attributes:
        reverse: Its table.
        key: The row's key.
        cell: Old and new value.
        judgements: Who wants it, by fingerprint; all want the same.
        operation: What is done to the row; of one that comes or goes every cell is drafted.
    """

    reverse: Reverse
    key: tuple[Value, ...]
    cell: Cell
    judgements: tuple[Judgement, ...]
    operation: Operation = Operation.UPDATE

    @property
    def row(self) -> tuple[str, tuple[Value, ...]]:
        """Table and key."""
        return self.reverse.name, self.key

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


def without(cells: Sequence[CellDraft], cases: Collection[str]) -> list[CellDraft]:
    """The cells without what some cases (by fingerprint) want: a case is corrected whole or not at all.

    One cell of a row that goes is one of its guards, one of several rows that go is the same record again: nothing of a case may be left
    where something of it is refused.
    """
    left = (
        replace(cell, judgements=tuple(each for each in cell.judgements if each.case.fingerprint not in cases)) for cell in cells
    )
    return [cell for cell in left if cell.judgements]


def manual(judgement: Judgement, why: str) -> Reason:
    """The reason for which a case that was decided goes to a person all the same."""
    return replace(judgement.reason, decision=Decision.MANUAL, basis=f"{why}（{judgement.reason.basis}）")
