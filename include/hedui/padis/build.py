"""From canonical rows to drafts: births and registrations, new, changed or void.

Whether a draft is new or a change is not decided here: it depends on what the receiver has acknowledged when the file is packed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow.parquet as pq

from hedui.context import Context
from hedui.errors import LakeError
from hedui.padis.fields import Kind, date_of, kinds, text_of
from hedui.padis.model import Draft

ROWS = 5_000


def drafts(kind: Kind, rows: Iterable[Mapping[str, Any]]) -> Iterator[Draft]:
    """A draft per row that has a business key; rows without one cannot be reported and are the checks' matter.

    Args:
        kind: What the rows are.
        rows: Canonical field → value (text, date, time, number or None); other columns are left alone. A row whose column
            ``void_reason`` is filled is to be withdrawn.
    """
    spec = kinds()[kind]
    names = list(spec.fields)
    for row in rows:
        content = {name: text for name in names if (text := text_of(row.get(name)))}
        business_key = content.get(spec.key, "")
        if not business_key:
            continue
        void = text_of(row.get(spec.withdrawn))
        yield Draft(
            kind=kind,
            business_key=business_key,
            intent="withdraw" if void else "report",
            event_date=date_of(content.get(spec.event, "")),
            region=content.get(spec.region, ""),
            content=content,
            reason=void or text_of(row.get("change_reason")),
        )


def canonical_rows(context: Context, *, dataset: str, source: str, date: dt.date) -> Iterator[dict[str, Any]]:
    """The rows of a canonical partition in blocks of bounded memory.

    Raises:
        LakeError: There is no such partition.
    """
    for path in context.lake.files(context.canonical(dataset, source, date)):
        try:
            with context.lake.fs.open(path, "rb") as handle:
                for batch in pq.ParquetFile(handle, pre_buffer=False).iter_batches(batch_size=ROWS):
                    yield from batch.to_pylist()
        except FileNotFoundError:
            raise LakeError(f"A file of {dataset}/{source}/{date} was replaced while it was read; run the step again.") from None
