"""From what a reader tells of its packets to facts: what the judge needs to know, found out while the records are at hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, replace

import duckdb

from hedui import engine
from hedui.batches.facts import PacketFact, Problem
from hedui.canonical.plan import BLANKS, FieldPlan
from hedui.errors import ConservationError
from hedui.site.batches import Batches
from hedui.sources.base import Packet
from hedui.sources.raw import RawBatchFiles


def packet_facts(
    connection: duckdb.DuckDBPyConnection,
    *,
    date: dt.date,
    dataset: str,
    packets: Sequence[Packet],
    raw: RawBatchFiles,
    plans: Sequence[FieldPlan],
    settings: Batches,
) -> list[PacketFact]:
    """The facts about the packets of one dataset's delivery.

    Args:
        connection: A connection that :func:`hedui.canonical.convert.prepare` has seen.
        date: Business date of the delivery.
        dataset: Canonical dataset.
        packets: What the reader tells of them.
        raw: The records that were read, with the digest of each packet's.
        plans: How the canonical fields are filled.
        settings: The source's settings.

    Raises:
        ConservationError: A packet's records are not those that were read from it.
    """
    facts, first = [], 1
    for packet in packets:
        passed = raw.packets.get(packet.number)
        rows = passed.rows if passed else 0
        if rows != packet.rows:
            raise ConservationError(f"{packet.name}: {packet.rows} records are in the packet, but {rows} were read from it.")
        modified = packet.modified.astimezone(dt.UTC).isoformat() if packet.modified else None
        facts.append(
            PacketFact(
                date=date, dataset=dataset, number=packet.number, name=packet.name, head=dict(packet.head),
                name_parts=dict(packet.name_parts), first_row=first, rows=rows, declared_rows=packet.declared_rows,
                content=passed.content if passed else "", sha256=packet.sha256, size=packet.size, modified=modified,
                problems=tuple(Problem(**asdict(problem)) for problem in packet.problems),
            )
        )  # fmt: skip
        first += rows
    if first - 1 != raw.source_rows:
        raise ConservationError(f"{dataset}: {raw.source_rows} records were read, but the packets hold {first - 1}.")
    return _look_at_records(connection, facts, packets, raw, plans, settings)


def _look_at_records(
    connection: duckdb.DuckDBPyConnection,
    facts: list[PacketFact],
    packets: Sequence[Packet],
    raw: RawBatchFiles,
    plans: Sequence[FieldPlan],
    settings: Batches,
) -> list[PacketFact]:
    """Adds B05 and B16 where packets declare totals and the source may not send every region."""
    sound = {fact.number: fact for fact in facts if not any(problem.rule in ("B07", "B08") for problem in fact.problems)}
    declared = sorted({name for packet in packets if packet.number in sound for name in packet.declared_totals})
    region = any(plan.name == "pool_region" and plan.column is not None for plan in plans)
    regions = settings.regions if region else ()
    if not sound or not (declared or regions):
        return facts
    wanted = [plan for plan in plans if plan.name in declared or (regions and plan.name == "pool_region")]
    amounts = [plan.name for plan in wanted if plan.name != "pool_region"]
    relation = engine.parquet([raw.data])
    engine.run(connection, "canonical/cleaned.sql", relation=relation, fields=wanted, columns=raw.columns, blanks=BLANKS)
    engine.run(connection, "canonical/typed.sql", fields=wanted, columns=raw.columns, insurance="NULL")
    found = engine.run(connection, "batches/records.sql", packets=list(sound.values()), amounts=amounts, regions=regions)
    totals = {packet.number: packet.declared_totals for packet in packets}
    added: dict[int, tuple[Problem, ...]] = {}
    for number, *sums, foreign, foreign_rows in found.fetchall():
        problems = [_total(dict(zip(amounts, sums, strict=True)), totals[number])]
        if foreign_rows:
            problems.append(
                Problem(rule="B16", reason="记录的统筹区不在许可范围内", value=f"{str(foreign)[:20]} 等 {foreign_rows} 条")
            )
        added[number] = tuple(problem for problem in problems if problem is not None)
    return [replace(fact, problems=fact.problems + added.get(fact.number, ())) for fact in facts]


def _total(sums: dict[str, int], declared: dict[str, int]) -> Problem | None:
    """B05 of the totals that a packet declares itself."""
    wrong = [f"{name} {declared[name]} ≠ {sums.get(name, 0)}" for name in sorted(declared) if declared[name] != sums.get(name, 0)]
    return Problem(rule="B05", reason="批次总额不符（分）", value="；".join(wrong)[:120]) if wrong else None
