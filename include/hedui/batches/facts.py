"""What is known of packets: as received, kept beside the rows in the raw partition, never changed afterwards."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from hedui.lake import Lake, Manifest, Partition, PartitionWriter
from hedui.site.models import Source

GROUP: Final = "packets"
"""File group of a raw partition that holds the facts about its packets."""

EXCHANGE: Final = "_exchange"
"""The raw partition of a source that holds what is known of its batches beside its datasets: decisions, receipts, staged rows."""

HEAD: Final = ("SJBBH", "SJBLX", "JGBS", "JLS", "SCRQ")
"""Fields that the head of a packet must have."""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a packet cannot be used, or what is to be known about it; no personal data."""

    rule: str
    reason: str
    value: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class PacketFact:
    """A packet as it was received.

    Attributes:
        date: Business date of the delivery that it was found in.
        dataset: Canonical dataset of its records.
        number: Its number in the delivery, from 1.
        name: Path below the inbox.
        head: Fields of its envelope.
        name_parts: What its name says.
        first_row: Number of its first record in the raw partition.
        rows: Its records, unreadable ones included.
        declared_rows: Records that it declares.
        content: Digest of its records, whatever its head says.
        sha256: Digest of its bytes.
        size: Its bytes.
        modified: When the file was last changed (ISO, UTC), where the place tells.
        problems: What the reader and the look at its records found wrong.
    """

    date: dt.date
    dataset: str
    number: int
    name: str
    head: dict[str, str] = field(default_factory=dict)
    name_parts: dict[str, str] = field(default_factory=dict)
    first_row: int = 1
    rows: int = 0
    declared_rows: int | None = None
    content: str = ""
    sha256: str = ""
    size: int = 0
    modified: str | None = None
    problems: tuple[Problem, ...] = ()

    @cached_property
    def id(self) -> str:
        """The packet's number (SJBBH); empty where it has none."""
        return self.head.get("SJBBH", "").strip()

    @property
    def key(self) -> str:
        """What findings and people call it: its number, or its file's name."""
        return self.id or self.name.rsplit("/", 1)[-1]

    @property
    def resend(self) -> bool:
        """Whether it says that it replaces an earlier version."""
        return self.head.get("SFCF", "").strip() == "1"

    @property
    def made(self) -> str:
        """When it was made, as digits that can be compared; empty where it does not say."""
        return re.sub(r"\D", "", self.head.get("SCRQ", ""))

    @property
    def agency(self) -> str:
        """The agency whose data it holds: of its head, else of its name."""
        return self.head.get("JGBS", "").strip() or self.name_parts.get("agency", "")

    @property
    def slot(self) -> tuple[str, ...]:
        """Its place in the sender's day (type, agency, day, file number); empty where its name does not say."""
        parts = self.name_parts
        if not parts.get("sequence"):
            return ()
        day = parts.get("date") or self.date.strftime("%Y%m%d")
        return (parts.get("type", self.dataset), parts.get("agency", ""), day, parts["sequence"])

    @property
    def order(self) -> tuple[object, ...]:
        """Packets of a source in the order in which they count: by business date, then by name."""
        return (self.date, self.name, self.dataset, self.number)

    @property
    def last_row(self) -> int:
        """Number of its last record in the raw partition."""
        return self.first_row + self.rows - 1


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about a batch.

    Attributes:
        date: Business date from which it counts.
        key: Packet number or file name.
        kind: ``confirm`` (taken note of), ``cancel`` (does not count), ``close`` (finished).
        reason: Why.
        approver: Who.
    """

    date: dt.date
    key: str
    kind: Literal["confirm", "cancel", "close"]
    reason: str = ""
    approver: str = ""


def write_facts(lake: Lake, writer: PartitionWriter, facts: Iterable[PacketFact]) -> None:
    """Writes the facts of a delivery into the raw partition that is being written."""
    lines = [asdict(fact) | {"date": fact.date.isoformat()} for fact in facts]
    body = json.dumps(lines, ensure_ascii=False, sort_keys=True, indent=1).encode()
    with lake.fs.open(writer.new_file(GROUP, suffix=".json"), "wb") as handle:
        handle.write(body)


def raw_partition(source: str, dataset: str, date: dt.date) -> Partition:
    """Address of a raw partition."""
    return Partition(layer="raw", parts=(source, dataset), date=date)


def read_facts(lake: Lake, partition: Partition, manifest: Manifest) -> list[PacketFact]:
    """The facts that a raw partition holds."""
    facts = []
    for relative in manifest.files.get(GROUP, []):
        with lake.fs.open(lake.full_path(partition, relative), "rb") as handle:
            for line in json.loads(handle.read()):
                problems = tuple(Problem(**problem) for problem in line.pop("problems"))
                facts.append(PacketFact(**line | {"date": dt.date.fromisoformat(line["date"]), "problems": problems}))
    return facts


def recorded_facts(lake: Lake, source: Source) -> list[PacketFact]:
    """Everything the lake knows of a source's packets."""
    facts: list[PacketFact] = []
    for dataset in source.datasets:
        for date in lake.dates("raw", source.id, dataset):
            partition = raw_partition(source.id, dataset, date)
            manifest = lake.manifest(partition)
            if manifest is not None:
                facts += read_facts(lake, partition, manifest)
    return facts
