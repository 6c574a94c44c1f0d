"""Deliveries of files for tests of the carriers: a source made of a reader's settings, and what reading it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hedui.context import Context
from hedui.lake import Lake
from hedui.site import load_site
from hedui.site.models import Source
from hedui.sources.base import BadRow, Delivery, Packet
from hedui.sources.registry import open_reader

DATE = dt.date(2026, 6, 3)
SMALL_SITE = Path(__file__).parents[2] / "sites" / "small"
COLUMNS = {"person_no": {"from": "AAC001"}, "name": {"from": "AAC003"}}
FIXED = [{"name": "AAC001", "bytes": 6}, {"name": "AAC003", "bytes": 10}]


def source(reader: dict[str, Any], *, columns: dict[str, Any] | None = None, table: str = "CBXX102") -> Source:
    """A source of persons."""
    spec = {"table": table, "columns": columns or COLUMNS}
    return Source.model_validate({"id": "lai", "name": "来源", "agency": "sb", "reader": reader, "datasets": {"person": spec}})


@dataclass
class Received:
    """What reading gave."""

    rows: list[tuple[int, int, list[str | None]]] = field(default_factory=list)
    """Packet, record number, values."""
    bad: list[BadRow] = field(default_factory=list)
    packets: tuple[Packet, ...] = ()
    delivery: Delivery | None = None

    @property
    def values(self) -> list[list[str | None]]:
        """The values of all rows."""
        return [values for _, _, values in self.rows]

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Packet, rule and reason of each problem."""
        return [(packet.name, one.rule, one.reason) for packet in self.packets for one in packet.problems]

    def check(self) -> None:
        """Every record has a number, the numbers run on without a gap, and the packets' counts are theirs."""
        numbers = sorted([number for _, number, _ in self.rows] + [row.row for row in self.bad])
        assert numbers == list(range(1, len(numbers) + 1))
        assert sum(packet.rows for packet in self.packets) == len(numbers)
        assert [packet.number for packet in self.packets] == list(range(1, len(self.packets) + 1))


def context(inbox: Path | str, connections: dict[str, str] | None = None) -> Context:
    """A context whose inbox is a folder."""
    return Context(
        site=load_site(SMALL_SITE),
        lake=Lake(str(Path(inbox).parent / "lake") if "://" not in str(inbox) else "memory://lake"),
        reports=Path("reports"),
        inbox=str(inbox),
        ledger_url="",
        connection=(connections or {}).__getitem__,
    )


def receive(
    inbox: Path | str,
    reader: dict[str, Any],
    *,
    columns: dict[str, Any] | None = None,
    connections: dict[str, str] | None = None,
    between: Callable[[], None] | None = None,
    table: str = "CBXX102",
) -> Received:
    """Reads all packets of the date; ``between`` is called after the first batch."""
    made = source(reader, columns=columns, table=table)
    received = Received()
    with open_reader(context(inbox, connections), made).open(DATE) as snapshot:
        for batch in snapshot.read("person"):
            values = [column.to_pylist() for column in batch.records.columns]
            numbers = batch.rows.to_pylist()
            received.rows += [(batch.packet, number, list(row)) for number, *row in zip(numbers, *values, strict=True)]
            received.bad += batch.bad
            if between is not None:
                between()
                between = None
        received.packets = snapshot.packets("person")
        received.delivery = snapshot.delivery("person")
    received.check()
    return received


def packet(
    records: list[dict[str, str]], *, encoding: str = "gbk", head: dict[str, str] | None = None, count: int | None = None
) -> bytes:
    """An XML packet."""
    fields = {
        "SJBBH": "B20260603000001",
        "SJBLX": "CBXX102",
        "SFCF": "0",
        "JGBS": "990100001",
        "JLS": str(len(records) if count is None else count),
        "SCRQ": "20260603",
    } | (head or {})
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    rows = "".join(
        f'<Record index="{number}">' + "".join(f"<{name}>{value}</{name}>" for name, value in record.items()) + "</Record>\n"
        for number, record in enumerate(records, start=1)
    )
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<Package><PackageHead>{inside}</PackageHead><Data>\n{rows}</Data></Package>\n'
    return text.encode(encoding)


def people(count: int, *, first: int = 1) -> list[dict[str, str]]:
    """Records of made-up persons."""
    return [{"AAC001": f"P{number:05d}", "AAC003": f"张测试{number}"} for number in range(first, first + count)]


def fixed_line(record: dict[str, str], *, encoding: str = "gbk") -> bytes:
    """A record of the layout ``FIXED``."""
    return b"".join(record[item["name"]].encode(encoding).ljust(item["bytes"]) for item in FIXED)
