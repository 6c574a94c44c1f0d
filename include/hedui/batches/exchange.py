"""What is known of a source's batches beside their rows: people's decisions, batches sent on with their receipts, staged rows.

One partition ``raw/<source>/_exchange/<date>`` per night. It holds facts as they were found on that night, as JSON.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

from hedui.batches.facts import EXCHANGE, Decision, raw_partition
from hedui.context import Context
from hedui.errors import SourceError, SourceFormatError
from hedui.lake import Lake, Manifest
from hedui.site.models import Source
from hedui.sources.inbox import open_place, said

GROUP: Final = "exchange"
DECISIONS: Final[dict[str, Literal["confirm", "cancel", "close"]]] = {"确认": "confirm", "撤销": "cancel", "关闭": "close"}
DECISION_COLUMNS: Final = ("数据包编号", "处理", "理由", "批准人")


@dataclass(frozen=True, kw_only=True)
class SentFact:
    """A batch that was sent on."""

    date: dt.date
    key: str
    name: str
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class ReceiptFact:
    """A receipt that came back.

    Attributes:
        date: Business date on which it was found.
        layer: ``packet`` (SSHZ001), ``field`` (JYFK101) or ``row`` (YWJY101).
        key: Number of the packet that it is about.
        record: Record index or business number.
        item: Field name (field layer).
        ok: Whether it says success.
        code: Result or failure code.
        reason: Failure reason, personal data masked.
        name: The receipt's file.
    """

    date: dt.date
    layer: Literal["packet", "field", "row"]
    key: str
    record: str = ""
    item: str = ""
    ok: bool = True
    code: str = ""
    reason: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class StagedFact:
    """Rows of an intermediate database that a night found wanting.

    Attributes:
        date: Business date of the night.
        dataset: Canonical dataset of the table.
        rule: B15 (not passed on for too long) or B17 (marked as passed on, and never received).
        arrived: Day on which they were put there.
        rows: How many.
        key: The row (B17); empty for all rows of the day (B15).
    """

    date: dt.date
    dataset: str
    rule: Literal["B15", "B17"]
    arrived: dt.date
    rows: int = 1
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What a night found."""

    decisions: tuple[Decision, ...] = ()
    sent: tuple[SentFact, ...] = ()
    receipts: tuple[ReceiptFact, ...] = ()
    staged: tuple[StagedFact, ...] = ()


KINDS: Final[dict[str, type[Any]]] = {"decisions": Decision, "sent": SentFact, "receipts": ReceiptFact, "staged": StagedFact}


def write_exchange(context: Context, source: Source, date: dt.date, exchange: Exchange) -> None:
    """Replaces what is known of a night."""
    partition = raw_partition(source.id, EXCHANGE, date)
    body = json.dumps(asdict(exchange), ensure_ascii=False, sort_keys=True, indent=1, default=dt.date.isoformat).encode()
    with context.lake.writer(partition) as writer:
        with context.lake.fs.open(writer.new_file(GROUP, suffix=".json"), "wb") as handle:
            handle.write(body)
        writer.commit(Manifest(rows=0))


def recorded_exchange(lake: Lake, source: Source) -> dict[dt.date, Exchange]:
    """What each night found, by business date."""
    found = {}
    for date in lake.dates("raw", source.id, EXCHANGE):
        for path in lake.files(raw_partition(source.id, EXCHANGE, date), GROUP):
            with lake.fs.open(path, "rb") as handle:
                found[date] = _exchange(json.loads(handle.read()))
    return found


def _exchange(document: dict[str, list[dict[str, Any]]]) -> Exchange:
    return Exchange(**{name: tuple(_fact(kind, line) for line in document.get(name, ())) for name, kind in KINDS.items()})


def _fact(kind: type[Any], line: dict[str, Any]) -> Any:
    dated = {name: dt.date.fromisoformat(line[name]) for name in ("date", "arrived") if name in line}
    known = {item.name for item in fields(kind)}
    return kind(**{name: value for name, value in (line | dated).items() if name in known})


def decisions_of(exchanges: Iterable[Exchange]) -> list[Decision]:
    """All decisions of some nights."""
    return [decision for exchange in exchanges for decision in exchange.decisions]


def read_decisions(context: Context, source: Source, date: dt.date) -> tuple[Decision, ...]:
    """The list in which people decided about batches on a date; none where there is no list.

    It is in the site's inbox, also for a source with an inbox of its own: who sends batches does not decide about them.

    Raises:
        SourceError: The inbox cannot be read. SourceFormatError: The list lacks a column or names an unknown decision.
    """
    template = source.batches.decisions
    if template is None:
        return ()
    path = template.format(date=date)
    content = _content(context, source, path)
    if content is None:
        return ()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceFormatError(
            f"Source {source.id}: the list of decisions {path} is not UTF-8; save it as CSV in UTF-8."
        ) from None
    rows = csv.DictReader(io.StringIO(text))
    missing = [name for name in DECISION_COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise SourceFormatError(f"Source {source.id}: the list of decisions {path} has no column {'、'.join(missing)}.")
    decisions = []
    for line, row in enumerate(rows, start=2):
        kind = DECISIONS.get((row["处理"] or "").strip())
        if kind is None or not (row["批准人"] or "").strip() or not (row["数据包编号"] or "").strip():
            raise SourceFormatError(
                f"Source {source.id}: {path} line {line}: 数据包编号 and 批准人 must be there, and 处理 be one of {'、'.join(DECISIONS)}."
            )
        decisions.append(
            Decision(
                date=date,
                key=row["数据包编号"].strip(),
                kind=kind,
                reason=(row["理由"] or "").strip(),
                approver=row["批准人"].strip(),
            )
        )
    return tuple(decisions)


def _content(context: Context, source: Source, path: str) -> bytes | None:
    """A file below the site's inbox; None where there is none."""
    with open_place(context, source.id, None, below=path) as place:
        try:
            with place.fs.open(place.base, "rb") as handle:
                content: bytes = handle.read()
                return content
        except FileNotFoundError:
            return None
        except place.errors as error:
            raise SourceError(
                f"Source {source.id}: the list of decisions {path} cannot be read ({said(error)}). Reading it again later may help."
            ) from error


def nights(context: Context, source: Source) -> Sequence[dt.date]:
    """The nights on which a source was looked at, whether it had delivered or not."""
    return context.lake.dates("findings", f"arrival:{source.id}")
