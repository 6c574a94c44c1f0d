"""The findings ``batch:<source>`` of each night: what is wrong with a source's batches by what was known on that night."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from hedui import engine
from hedui.batches.changes import counted_changes
from hedui.batches.exchange import Exchange, decisions_of, nights, recorded_exchange
from hedui.batches.facts import PacketFact, recorded_facts
from hedui.batches.judge import judge
from hedui.batches.problems import Open, of_days, of_exchange, of_packets, of_staging
from hedui.batches.settle import disabled_rules
from hedui.batches.staging import still_unreceived
from hedui.canonical.convert import prepare
from hedui.context import Context
from hedui.findings import fingerprint_sql
from hedui.lake import Manifest
from hedui.site.models import Source

SCHEMA: Final = pa.schema(
    [
        (name, pa.date32() if name == "origin_date" else pa.string())
        for name in ("rule", "kind", "severity", "agency", "dataset", "subject_key", "origin_date", "evidence")
    ]
)


def scope(source: str) -> str:
    """The scope of the findings about a source's batches."""
    return f"batch:{source}"


def write_findings(context: Context, source: Source, date: dt.date) -> int:
    """Writes the findings of ``date``, and those of later nights where they have become others.

    Returns:
        The findings of ``date``.
    """
    facts = recorded_facts(context.lake, source)
    exchange = recorded_exchange(context.lake, source)
    known = nights(context, source)
    count = 0
    for night in (night for night in known if night >= date):
        found = open_problems(
            context,
            source,
            night,
            facts=[fact for fact in facts if fact.date <= night],
            exchange={day: value for day, value in exchange.items() if day <= night},
            days=[day for day in known if day <= night],
        )
        _write(context, source, night, found)
        if night == date:
            count = len(found)
    return count


def open_problems(
    context: Context,
    source: Source,
    night: dt.date,
    *,
    facts: Iterable[PacketFact],
    exchange: dict[dt.date, Exchange],
    days: Sequence[dt.date],
) -> list[Open]:
    """What is wrong as of a night, from what was known then."""
    disabled = disabled_rules(context)
    decisions = decisions_of(exchange.values())
    verdicts = judge(facts, decisions, source.batches, disabled=disabled)
    delivered = [day for day in days if not _missing(context, source, day)]
    found = of_packets(verdicts, decisions)
    found += of_days(verdicts, source, delivered, context.workdays, context.site.timezone)
    found += of_exchange(exchange, source, night, context.workdays)
    tonight = exchange.get(night)
    if tonight is not None:
        found += of_staging(still_unreceived(context, source, tonight.staged, night))
    confirmed = {decision.key for decision in decisions if decision.kind == "confirm"}
    return [
        problem
        for problem in found
        if problem.rule not in disabled
        and (problem.key not in confirmed or problem.rule == "R22")
        and (problem.kind != "ARRIVAL" or problem.date == night)
    ]


def _missing(context: Context, source: Source, day: dt.date) -> bool:
    """Whether nothing came at all on a day: that is B12 of the source, not a zero report that its agencies owe."""
    manifest = context.lake.manifest(context.findings(f"arrival:{source.id}", day))
    return manifest is not None and not manifest.meta["arrived"]


def _write(context: Context, source: Source, night: dt.date, found: Sequence[Open]) -> None:
    partition = context.findings(scope(source.id), night)
    changes = counted_changes(context, source)
    rows = [
        _row(context, source, problem, changes.get((problem.date, problem.evidence.get("packet", "")), {})) for problem in found
    ]
    token = hashlib.sha256(json.dumps(rows, default=str, sort_keys=True).encode()).hexdigest()
    manifest = context.lake.manifest(partition)
    if manifest is not None and manifest.meta.get("problems") == token:
        return
    own = scope(source.id)
    query = engine.render(
        "batches/findings.sql",
        date=night,
        scope=own,
        source=source.id,
        fingerprint=fingerprint_sql(
            scope=engine.literal(own), rule="rule", subject_key="subject_key", insurance="NULL", period="NULL", field="NULL"
        ),
    )
    with context.lake.writer(partition) as writer, engine.connect(threads=1) as connection:
        prepare(connection, [])
        connection.register("problem", pa.Table.from_pylist(rows, schema=SCHEMA))
        connection.execute(f"COPY (\n{query}\n) TO {engine.literal(writer.new_file())} (FORMAT parquet, COMPRESSION zstd)")
        writer.commit(Manifest(rows=len(rows), meta={"source": source.id, "problems": token, "inputs": {}}))


def _row(context: Context, source: Source, problem: Open, changes: dict[str, int]) -> dict[str, Any]:
    evidence = {"reason": problem.reason, **problem.evidence, **changes}
    return {
        "rule": problem.rule,
        "kind": problem.kind,
        "severity": context.site.rule_severity(problem.rule),
        "agency": context.site.rule_agency(problem.rule, source.id),
        "dataset": problem.dataset,
        "subject_key": problem.key,
        "origin_date": problem.date,
        "evidence": json.dumps(evidence, ensure_ascii=False, sort_keys=True, default=str),
    }
