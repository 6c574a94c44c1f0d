"""The files of a push: which regions there are, which rows or counts, masked; the same data give the same bytes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hedui import engine
from hedui.context import Context
from hedui.padis.envelopes import write
from hedui.padis.fields import MASKS, text_of
from hedui.regions.receiving import ReceiverCodes
from hedui.security.masking import mask_phone, pseudonym
from hedui.site.pushes import Push

Sent = Callable[[str], str | None]
"""A region code in the receiver's version; None where none is certain."""
Masks = Mapping[str, Callable[[str | None], str | None]]
PUSH_MASKS: Final[Masks] = {**MASKS, "phone": mask_phone, "pseudonym": pseudonym}
HIDDEN: Final = "*"
"""What stands in the place of a count that is not told."""
TOTAL: Final = "合计"
UNCERTAIN: Final = "区划待定"
"""What counts of a county are told under that has no certain code in the receiver's version."""


@dataclass(frozen=True, kw_only=True)
class PushFile:
    """A finished file.

    Attributes:
        region: County that its rows are of; empty for counts.
        rows: Rows, without the header.
        suppressed: Cells that are not told.
        waiting: Rows that stay here because a region code of theirs is not certain in the receiver's version.
        columns: Names of its columns.
        masks: Mask by column, ``clear: …`` with the basis where a personal field leaves in clear.
        content: Its bytes.
    """

    region: str
    rows: int
    suppressed: int
    waiting: int
    columns: tuple[str, ...]
    masks: Mapping[str, str]
    content: bytes


def push_files(context: Context, push: Push, *, date: dt.date, codes: ReceiverCodes) -> Iterator[PushFile]:
    """The files of a push as of a business date; one county at a time is held in memory.

    Raises:
        LakeError: The source has not delivered for that date. RegionError: ``regions.yaml`` knows no such receiver.
    """
    to = codes.wanted(push.codes, on=date) if push.codes else date

    def sent(code: str) -> str | None:
        found = codes.answer(code, on=date, to=to)
        return found.code if found.sure else None

    relation = engine.parquet(context.lake.files(context.canonical(push.dataset, push.source, date)))
    only = {name: list(values) for name, values in push.only.items()}
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        fields = list(push.statistics.by) if push.statistics else []
        statement = engine.render("exchange/push_counts.sql", rows=relation, region=push.region, fields=fields, only=only)
        counted = [row for row in duck.execute(statement).fetchall() if _wanted(push, row[0])]
        if push.statistics:
            yield _statistics(push, counted, sent)
            return
        for county in sorted({row[0] for row in counted if row[0]}):
            names = [column.source for column in push.columns]
            query = engine.render(
                "exchange/push_rows.sql", rows=relation, columns=names, region=push.region, county=county, only=only
            )
            yield _rows(push, county, duck.execute(query).fetchall(), sent)


def without_region(context: Context, push: Push, *, date: dt.date) -> int:
    """Rows of a push that stay here because they have no region to be split by; none where only some regions are asked for.

    Raises:
        LakeError: The source has not delivered for that date.
    """
    if push.statistics or push.regions:
        return 0
    relation = engine.parquet(context.lake.files(context.canonical(push.dataset, push.source, date)))
    only = {name: list(values) for name, values in push.only.items()}
    statement = engine.render("exchange/push_counts.sql", rows=relation, region=push.region, fields=[], only=only)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        return sum(int(row[1]) for row in duck.execute(statement).fetchall() if not row[0])


def _wanted(push: Push, county: str) -> bool:
    return not push.regions or county.startswith(push.regions)


def _rows(push: Push, county: str, found: list[tuple[Any, ...]], sent: Sent) -> PushFile:
    masks = [PUSH_MASKS[column.mask] if column.mask else sent if column.region else None for column in push.columns]
    made = [
        [mask(text_of(value)) if mask and value else text_of(value) for mask, value in zip(masks, row, strict=True)]
        for row in found
    ]
    certain = [number for number, column in enumerate(push.columns) if column.region]
    rows = [[text or "" for text in row] for row in made if all(row[number] is not None for number in certain)]
    names = tuple(column.to for column in push.columns)
    said = {column.to: column.mask or f"clear: {column.clear}" for column in push.columns if column.mask or column.clear}
    content = write(push.envelope, names=names, rows=rows, head={})
    waiting = len(found) - len(rows)
    return PushFile(region=county, rows=len(rows), suppressed=0, waiting=waiting, columns=names, masks=said, content=content)


def _statistics(push: Push, counted: list[tuple[Any, ...]], sent: Sent) -> PushFile:
    from hedui.exchange.suppression import suppress

    assert push.statistics is not None
    groups: dict[str, Counter[str]] = {}
    for county, *labels, persons in counted:
        told_as = (sent(county) or UNCERTAIN) if county else county
        groups.setdefault(told_as, Counter())["\x1f".join(labels)] += int(persons)
    rows: list[list[str]] = []
    hidden = 0
    blank = [""] * (len(push.statistics.by) - 1)
    for county, cells in sorted(groups.items()):
        told = suppress(cells, threshold=push.statistics.threshold)
        hidden += told.hidden + (told.total is None)
        rows += [
            [county, *name.split("\x1f"), HIDDEN if count is None else str(count)] for name, count in sorted(told.cells.items())
        ]
        rows.append([county, TOTAL, *blank, HIDDEN if told.total is None else str(told.total)])
    names = ("区划", *push.statistics.by, "人数")
    masks = {"人数": f"小于 {push.statistics.threshold} 的不提供"}
    content = write(push.envelope, names=names, rows=rows, head={})
    return PushFile(region="", rows=len(rows), suppressed=hidden, waiting=0, columns=names, masks=masks, content=content)
