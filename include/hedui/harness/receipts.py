"""Receipts as the harness sees them: ours, which it waits for, and those that it answers our own packets with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import fsspec
from fsspec.core import url_to_fs
from lxml import etree

from hedui.batches.receipts import FIELD, GOOD, PACKET, ROW, package
from hedui.errors import HeduiError
from hedui.harness.scenario import Answer
from hedui.site.models import Source
from hedui.sources.inbox import Place

RULE: Final = re.compile(r"\b[A-Z]\d\d\b")


@dataclass(frozen=True, kw_only=True)
class SeenReceipt:
    """What a receipt says of a packet: its result and the rules that its reasons name."""

    accepted: bool
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReceiptFolder:
    """The folder that Hedui writes its receipts to.

    Attributes:
        source: The source whose packets are receipted.
        date: Business date.
        inbox: The source's inbox; the folder may lie below it.
    """

    source: Source
    date: dt.date
    inbox: Place

    def find(self, path: str) -> SeenReceipt | None:
        """The receipt of the packet that was dropped at ``path``; None while there is none.

        Raises:
            HeduiError: The site does not say where receipts are written.
        """
        if self.source.batches.receipts is None:
            raise HeduiError(f"The site writes no receipts for source {self.source.id}: set batches.receipts in its YAML.")
        fs, folder = place(self.source.batches.receipts.format(date=self.date), inbox=self.inbox)
        stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        name = f"{folder}/{PACKET}_{stem}.xml"
        fs.invalidate_cache()
        if not fs.exists(name):
            return None
        values = _values(fs.cat_file(name))
        return SeenReceipt(accepted=values.get("RECODE") == GOOD, rules=tuple(dict.fromkeys(RULE.findall(values.get("REMSG", "")))))


def place(folder: str, *, inbox: Place) -> tuple[fsspec.AbstractFileSystem, str]:
    """File system and path of a folder that is named below the inbox or by a URL."""
    if "://" not in folder:
        return inbox.fs, f"{inbox.base}/{folder}"
    target: tuple[Any, str] = url_to_fs(folder)
    return target


def _values(content: bytes) -> dict[str, str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return {item.tag: item.text or "" for item in etree.fromstring(content, parser).iter() if not len(item)}


def answers(source: Source, step: Answer, *, date: dt.date) -> Iterator[tuple[str, bytes]]:
    """Path below the inbox and bytes of the receipts by which the other side answers a packet of ours.

    Raises:
        HeduiError: The site does not say where receipts of sent packets come in.
    """
    if source.batches.sent is None:
        raise HeduiError(f"Source {source.id} sends nothing on: set batches.sent in its YAML.")
    template = source.batches.sent.receipts.format(date=date)
    code = GOOD if step.result == "accepted" else "1"
    of_packet = [{"SJBBH": step.packet, "RECODE": code, "REMSG": step.reason}]
    yield _answer(template, PACKET, step.packet, of_packet, {"RECODE_ZT": code, "REMSG_ZT": step.reason})
    if step.fields:
        rows = [
            {"SJBBH": step.packet, "RECORD_INDEX": str(item.record), "SJX": item.field, "RKHJYSBYY": item.reason}
            for item in step.fields
        ]
        yield _answer(template, FIELD, step.packet, rows)
    if step.rows:
        rows = [{"SJBBH": step.packet, "YWXH": item.key, "SBYY_DM": item.code, "SBYY": item.reason} for item in step.rows]
        yield _answer(template, ROW, step.packet, rows)


def _answer(
    template: str, kind: str, packet: str, records: list[dict[str, str]], head: Mapping[str, str] | None = None
) -> tuple[str, bytes]:
    path = template.replace("*", f"{kind}_{packet}")
    return path, package({"SJBLX": kind, "SJBBH": f"{kind}{packet}", "JLS": str(len(records))} | dict(head or {}), records)
