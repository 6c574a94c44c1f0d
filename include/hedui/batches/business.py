"""Receipts of business rows (YWJY101): which records of a sender's packets broke a rule that both sides have agreed to tell.

They are written once a night's comparisons and checks are done, and tell what that night found and the night before it had not: written
again they are the same files, and a file of an earlier try that has no reason any more is taken away.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from hedui import engine
from hedui.batches.facts import PacketFact, raw_partition
from hedui.batches.receipts import ROW, package, receipt_stem, receipts_folder, write_file
from hedui.batches.settle import Place, places_of, verdicts_of
from hedui.context import Context
from hedui.rules import rule
from hedui.site.batches import Business
from hedui.site.models import FlowComparison, Source

FAILED = "1"
Told = dict[tuple[str, dt.date], dict[int, list[str]]]
"""By dataset and date of delivery: the rules that each record broke, by its number."""


def write_business_receipts(context: Context, source: Source, date: dt.date) -> int:
    """Writes the receipts of business rows of a night.

    Returns:
        Files written; 0 where the site tells nothing, or all were there already.
    """
    business = source.batches.business
    if business is None or source.batches.receipts is None:
        return 0
    bodies = {}
    for stem, records in _receipts(context, source, date, business).items():
        numbered = [{"XH": str(number), **record} for number, record in enumerate(records, start=1)]
        head = {"SJBBH": f"{ROW}{stem}"[:60], "SJBLX": ROW, "JLS": str(len(records))}
        bodies[f"{ROW}_{stem}.xml"] = package(head, numbered)
    with receipts_folder(context, source, date) as place:
        for path in place.fs.glob(f"{place.base}/{ROW}_*.xml"):
            if path.rsplit("/", 1)[-1] not in bodies:
                place.fs.rm(path)
        return sum(write_file(place, f"{place.base}/{name}", body) for name, body in bodies.items())


def _receipts(context: Context, source: Source, date: dt.date, business: Business) -> dict[str, list[dict[str, str]]]:
    """The receipts' records by the packets' file stems, in the order of the records."""
    receipts: dict[str, list[dict[str, str]]] = defaultdict(list)
    for (dataset, delivered), broken in sorted(_told(context, source, date, business).items()):
        numbers = _numbers(context, source, dataset, delivered, business.number[dataset], list(broken))
        places = _places(context, source, dataset, delivered)
        for row, rules in sorted(broken.items()):
            fact = next((fact for fact, first in places if first <= row < first + fact.rows), None)
            if fact is not None:
                receipts[receipt_stem(fact)] += _records(fact, numbers.get(row, ""), rules)
    return receipts


def _records(fact: PacketFact, number: str, rules: list[str]) -> Iterator[dict[str, str]]:
    for rule_id in rules:
        yield {"SJBBH": fact.id, "YWXH": number, "CLZT": FAILED, "SBYY_DM": rule_id, "SBYY": rule(rule_id).name}


def _told(context: Context, source: Source, date: dt.date, business: Business) -> Told:
    scopes = {scope: dataset for scope, dataset in _scopes(source, context) if dataset in business.number}
    files = [file for scope in scopes for file in _files(context, scope, date)]
    earlier = {scope: [day for day in context.lake.dates("findings", scope) if day < date] for scope in scopes}
    before = [file for scope, days in earlier.items() if days for file in _files(context, scope, max(days))]
    told: Told = defaultdict(lambda: defaultdict(list))
    if not files:
        return told
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        query = engine.render(
            "batches/failed_rows.sql", findings=engine.parquet(files), before=engine.parquet(before) if before else None,
            source=source.id, rules=business.rules, datasets=[{"scope": scope, "dataset": dataset} for scope, dataset in scopes.items()],
        )  # fmt: skip
        for dataset, delivered, row, rule_id in connection.execute(query).fetchall():
            told[dataset, delivered][row].append(rule_id)
    return told


def _files(context: Context, scope: str, date: dt.date) -> list[str]:
    partition = context.findings(scope, date)
    return context.lake.files(partition) if context.lake.manifest(partition) else []


def _scopes(source: Source, context: Context) -> Iterator[tuple[str, str]]:
    """The scopes whose findings name records of the source, each with the source's dataset in it."""
    for dataset in source.datasets:
        yield f"check:{dataset}:{source.id}", dataset
    for comparison in context.site.comparisons:
        sides = [comparison.left, comparison.right] if isinstance(comparison, FlowComparison) else comparison.sides
        yield from ((comparison.id, side.dataset) for side in sides if side.source == source.id)


def _numbers(context: Context, source: Source, dataset: str, date: dt.date, column: str, rows: list[int]) -> dict[int, str]:
    """The business numbers of records, as they were received."""
    partition = raw_partition(source.id, dataset, date)
    files = context.lake.files(partition) if context.lake.manifest(partition) else []
    if not files:
        return {}
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        wanted: Any = connection.execute(
            f"SELECT source_row, {engine.ident(column)} FROM {engine.parquet(files)} WHERE list_contains(?, source_row)", [rows]
        )
        return {row: number or "" for row, number in wanted.fetchall()}


def _places(context: Context, source: Source, dataset: str, date: dt.date) -> list[Place]:
    manifest = context.lake.manifest(raw_partition(source.id, dataset, date))
    if manifest is None:
        return []
    counting = [
        verdict.fact
        for verdict in verdicts_of(context, source)
        if verdict.state == "accepted" and verdict.fact.dataset == dataset and verdict.belongs == date
    ]
    return places_of(counting, date, own_rows=manifest.meta["own_rows"])
