"""Receipts in three layers: of the packet (SSHZ001), of fields (JYFK101) and of business rows (YWJY101); read and written.

A receipt that is written depends only on what is known of its packet: written again, it is the same file. What it quotes of a record are
values that are no date, amount or number though they had to be, never a name or an id number.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

import pyarrow.parquet as pq

from hedui.batches.exchange import ReceiptFact, SentFact
from hedui.batches.facts import PacketFact
from hedui.batches.judge import Verdict
from hedui.context import Context
from hedui.security.logs import scrub
from hedui.site.models import Source
from hedui.sources.base import PacketError
from hedui.sources.inbox import Place, open_beside
from hedui.sources.packets import OTHER
from hedui.sources.xml_packets import XmlParser

PACKET, FIELD, ROW = "SSHZ001", "JYFK101", "YWJY101"
LAYERS: Final[dict[str, Literal["packet", "field", "row"]]] = {PACKET: "packet", FIELD: "field", ROW: "row"}
NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold, and text and fixed width files may."""
GOOD: Final = "0"
MOST: Final = 10_000
"""Field problems of one packet that a receipt names."""


@dataclass(frozen=True, kw_only=True)
class _Small:
    """A small packet: its name, head and records, and what kept it or some of its records from being read."""

    name: str
    head: dict[str, str]
    records: list[dict[str, str]]
    problem: str = ""


def _parsed(context: Context, source: Source, template: str, date: dt.date) -> Iterator[_Small]:
    """The small packets that a path names, as far as they can be read."""
    with open_beside(context, source, template.format(date=date)) as place:
        for path in sorted(place.fs.glob(place.base)):
            name = path.rsplit("/", 1)[-1]
            with place.fs.open(path, "rb") as handle:
                yield _small(name, handle)


def _small(name: str, handle: Any) -> _Small:
    parser = XmlParser(encoding="declared", place=name, columns=[OTHER], wanted=[])
    records: list[dict[str, str]] = []
    bad, problem = 0, ""
    try:
        for batch in parser.batches(handle):
            records += [json.loads(text) for text in batch.records.column(0).to_pylist() if text]
            bad += len(batch.bad)
    except PacketError:
        problem = "回执无法读取或不完整"
    if bad and not problem:
        problem = f"回执中有 {bad} 条记录无法读取"
    return _Small(name=name, head=dict(parser.head), records=records, problem=problem)


def read_sent(context: Context, source: Source, date: dt.date) -> Iterator[SentFact]:
    """The batches that were sent on for a date."""
    if source.batches.sent is None:
        return
    for one in _parsed(context, source, source.batches.sent.path, date):
        yield SentFact(
            date=date, key=one.head.get("SJBBH", "").strip() or one.name, name=one.name, type=one.head.get("SJBLX", "").strip()
        )


def read_receipts(context: Context, source: Source, date: dt.date) -> Iterator[ReceiptFact]:
    """The receipts that came back by a date; what cannot be read of one is a failure, for nobody knows what it says."""
    if source.batches.sent is None:
        return
    for one in _parsed(context, source, source.batches.sent.receipts, date):
        kind = one.head.get("SJBLX", "").strip()
        for record in one.records or ([] if one.problem else [{}]):
            yield _receipt(date, one.name, kind, {**one.head, **record})
        if one.problem:
            key = one.head.get("SJBBH", "").strip() or one.name
            yield ReceiptFact(date=date, layer=LAYERS.get(kind, "packet"), key=key, ok=False, reason=one.problem, name=one.name)


def _receipt(date: dt.date, name: str, kind: str, values: Mapping[str, str]) -> ReceiptFact:
    def text(*names: str) -> str:
        return next((values[one].strip() for one in names if values.get(one, "").strip()), "")

    key = text("SJBBH")
    if kind == FIELD:
        return ReceiptFact(
            date=date, layer="field", key=key, record=text("RECORD_INDEX"), item=text("SJX"), ok=not text("RKHJYSBYY"),
            reason=scrub(text("RKHJYSBYY"))[:200], name=name,
        )  # fmt: skip
    if kind == ROW:
        failed = text("SBYY_DM", "SBYY")
        return ReceiptFact(
            date=date, layer="row", key=key, record=text("YWXH", "XH"), ok=not failed, code=text("SBYY_DM"),
            reason=scrub(text("SBYY"))[:200], name=name,
        )  # fmt: skip
    code = text("RECODE", "RECODE_ZT", "returnCode")
    return ReceiptFact(
        date=date, layer="packet", key=key, ok=code == GOOD, code=code, reason=scrub(text("REMSG", "REMSG_ZT"))[:200], name=name
    )


def write_receipts(context: Context, source: Source, date: dt.date, verdicts: Iterable[Verdict]) -> int:
    """Writes the receipts of the packets that were received on a date; what is there already and the same is left alone.

    Returns:
        Files written.
    """
    if source.batches.receipts is None:
        return 0
    bodies: dict[str, bytes | None] = {}
    for verdict in verdicts:
        if verdict.fact.date != date:
            continue
        stem = receipt_stem(verdict.fact)
        bodies[f"{PACKET}_{stem}.xml"] = _of_packet(verdict)
        fields = list(_of_fields(context, source, verdict))
        head = {"SJBBH": f"{FIELD}{stem}"[:60], "SJBLX": FIELD, "JLS": str(len(fields))}
        bodies[f"{FIELD}_{stem}.xml"] = package(head, fields) if fields else None
    if not bodies:
        return 0
    with receipts_folder(context, source, date) as place:
        return sum(write_file(place, f"{place.base}/{name}", body) for name, body in bodies.items())


def receipts_folder(context: Context, source: Source, date: dt.date) -> AbstractContextManager[Place]:
    """The folder in which the receipts of a date are written."""
    assert source.batches.receipts is not None
    return open_beside(context, source, source.batches.receipts.format(date=date))


def receipt_stem(fact: PacketFact) -> str:
    """Unique per packet of the date, whatever its number: its name without the folder, save what only the folder says."""
    file, _, member = fact.name.partition("!")
    name = file.rsplit("/", 1)[-1] + (f"_{member.replace('/', '_')}" if member else "")
    folders = [value for part, value in fact.name_parts.items() if value and part != "date" and value not in name]
    return "_".join([*folders, name.rsplit(".", 1)[0]])


def _of_packet(verdict: Verdict) -> bytes:
    good = verdict.state != "rejected" and verdict.state != "outdated"
    reason = "；".join(f"{problem.rule} {problem.reason}" for problem in verdict.problems) if not good else ""
    code = GOOD if good else "1"
    head = {"SJBLX": PACKET, "RECODE_ZT": code, "REMSG_ZT": reason}
    return package(head, [{"SJBBH": verdict.fact.id, "RECODE": code, "REMSG": reason}])


def _of_fields(context: Context, source: Source, verdict: Verdict) -> Iterator[dict[str, str]]:
    """Values of the packet's records that could not be taken, from the rejects of the date that it counts for."""
    fact = verdict.fact
    if verdict.state != "accepted" or verdict.belongs != fact.date:
        return
    target = context.canonical(fact.dataset, source.id, fact.date)
    manifest = context.lake.manifest(target)
    if manifest is None or not manifest.rejected:
        return
    count = 0
    for path in context.lake.files(target, "rejects"):
        with context.lake.fs.open(path, "rb") as handle:
            rejects = pq.read_table(handle, columns=["source_row", "raw_column", "raw_value", "reason"]).to_pylist()
        for reject in rejects:
            if fact.first_row <= reject["source_row"] <= fact.last_row and count < MOST:
                count += 1
                yield {
                    "SJBLX": fact.head.get("SJBLX", ""),
                    "SJBBH": fact.id,
                    "RECORD_INDEX": str(reject["source_row"] - fact.first_row + 1),
                    "SJX": reject["raw_column"] or "",
                    "SJXNR": scrub((reject["raw_value"] or "")[:100]),
                    "RKHJYSBYY": reject["reason"],
                }


def write_file(place: Place, path: str, body: bytes | None) -> int:
    """Writes a receipt whole, or takes away one that has no reason any more; returns how many were written, 0 where it was there."""
    present = place.fs.exists(path)
    if body is None:
        if present:
            place.fs.rm(path)
        return 0
    if present:
        with place.fs.open(path, "rb") as handle:
            if handle.read() == body:
                return 0
    place.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    partial = f"{path}.part"
    with place.fs.open(partial, "wb") as handle:
        handle.write(body)
    place.fs.mv(partial, path)
    return 1


def package(head: Mapping[str, str], records: Iterable[Mapping[str, str]]) -> bytes:
    """A packet in the usual envelope, in GB18030, which is GBK as far as GBK goes and loses nothing beyond."""
    lines = ['<?xml version="1.0" encoding="GB18030"?>', "<Package>", f"<PackageHead>{_elements(head)}</PackageHead>", "<Data>"]
    lines += [f'<Record index="{number}">{_elements(values)}</Record>' for number, values in enumerate(records, start=1)]
    return "\n".join([*lines, "</Data>", "</Package>", ""]).encode("gb18030")


def _elements(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(NOT_XML.sub('?', value))}</{name}>" for name, value in values.items())
