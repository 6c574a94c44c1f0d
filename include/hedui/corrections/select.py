"""Which cases a proposal is about, with all that deciding on them needs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import pyarrow as pa

from hedui import engine
from hedui.cases.query import CaseFilter, cases_as_of
from hedui.cases.tokens import case_of_token
from hedui.context import Context
from hedui.corrections.history import HumanDecision, closed_cases, human_decisions, previous_bundles, returned_cases, taken_cases
from hedui.corrections.moments import made_at
from hedui.corrections.selection import Selection as Selection
from hedui.site import Site
from hedui.site.corrections import Target
from hedui.site.models import SnapshotComparison

TOKEN_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """An open case of a night with all that deciding and correcting need.

    Attributes:
        values: Normalised values by source.
        rows: Number of the row by source, in the night's raw batches; a source that is not there has no such row.
        previous: Bundles for the target that had the case before, the latest first.
        human: What a person decided.
    """

    fingerprint: str
    scope: str
    rule: str
    kind: str
    dataset: str | None
    source: str | None
    subject_type: str
    subject_key: str
    region: str | None
    insurance: str | None
    period: str | None
    field: str | None
    values: Mapping[str, str | None]
    right_source: str | None
    amount_diff_fen: int | None
    age: int
    exempt_reason: str | None
    rows: Mapping[str, int] = attribute(default_factory=dict)
    previous: tuple[str, ...] = ()
    human: HumanDecision | None = None


def open_cases(context: Context, *, date: dt.date, target: Target, selection: Selection) -> list[CaseRow]:
    """The open cases of a night that a selection takes and that may concern a target, in the order of fingerprints.

    Cases of an unfinished bundle are left out, and those that a bundle has closed, unless the night's findings are younger. A case
    concerns a target where the target's source takes part in its scope.

    Raises:
        CorrectionError: The selection names something that is not there.
        LakeError: The night's findings are not in the lake.
    """
    table = cases_as_of(context, date, where=_filter(context, target, selection))
    table = _narrowed(context, table, selection, date)
    taken = taken_cases(context)
    rows = [row for row in table.to_pylist() if row["fingerprint"] not in taken]
    rows = _not_settled(context, rows, closed_cases(context, target.id), date)
    if selection.parent is not None:
        wanted = returned_cases(context, selection.parent)
        rows = [row for row in rows if row["fingerprint"] in wanted]
    if selection.limit is not None:
        oldest = sorted(rows, key=lambda row: (-row["age"], row["fingerprint"]))[: selection.limit]
        rows = sorted(oldest, key=lambda row: row["fingerprint"])
    return case_rows(context, date=date, target=target, rows=rows)


def _not_settled(
    context: Context, rows: list[dict[str, Any]], closed: Mapping[str, dt.datetime], date: dt.date
) -> list[dict[str, Any]]:
    """The cases that no bundle has closed since the night's findings were made."""
    scopes = {row["scope"] for row in rows if row["fingerprint"] in closed}
    made = {scope: made_at(context, context.findings(scope, date)) for scope in scopes}
    return [
        row
        for row in rows
        if (closed_at := closed.get(row["fingerprint"])) is None or ((at := made[row["scope"]]) is not None and at > closed_at)
    ]


def cases_named(context: Context, *, date: dt.date, target: Target, fingerprints: Sequence[str]) -> list[CaseRow]:
    """Cases by fingerprint as they stood on a night, whatever bundle has them."""
    table = cases_as_of(context, date, where=CaseFilter(fingerprint=tuple(fingerprints)))
    return case_rows(context, date=date, target=target, rows=table.to_pylist())


def case_rows(context: Context, *, date: dt.date, target: Target, rows: list[dict[str, Any]]) -> list[CaseRow]:
    """Cases of the ledger with where their rows are, what people decided and which bundles had them."""
    fingerprints = [row["fingerprint"] for row in rows]
    evidence = evidence_of(context, date, {(row["scope"], row["fingerprint"]) for row in rows})
    humans = human_decisions(context, fingerprints)
    previous = previous_bundles(context, target.id, fingerprints)
    return [
        CaseRow(
            **{name: row[name] for name in _PLAIN},
            age=int(row["age"] or 0),
            values=json.loads(row["side_values"]) if row["side_values"] else {},
            rows=evidence.get(row["fingerprint"], {}),
            previous=previous.get(row["fingerprint"], ()),
            human=humans.get(row["fingerprint"]),
        )
        for row in rows
        if row["state"] == "open"
    ]


_PLAIN = (
    "fingerprint", "scope", "rule", "kind", "dataset", "source", "subject_type", "subject_key", "region", "insurance", "period",
    "field", "right_source", "amount_diff_fen", "exempt_reason",
)  # fmt: skip


def _filter(context: Context, target: Target, selection: Selection) -> CaseFilter:
    selection.check(context.site, target=target.id, comparisons=scopes_of(context, target))
    scopes = tuple(scope for scope in scopes_of(context, target) if not selection.comparisons or scope in selection.comparisons)
    agencies = selection.agencies
    if selection.tiers:
        of_tiers = {agency.id for agency in context.site.agencies if agency.tier in selection.tiers}
        agencies = tuple(sorted(of_tiers & set(agencies) if agencies else of_tiers))
    fingerprints = tuple(token if len(token) != TOKEN_LENGTH else case_of_token(context, token) for token in selection.cases)
    return CaseFilter(
        scope=scopes,
        rule=selection.rules or None,
        kind=selection.kinds or None,
        agency=agencies if selection.agencies or selection.tiers else None,
        region=selection.regions or None,
        insurance=selection.insurances or None,
        fingerprint=fingerprints or None,
    )


def scopes_of(context: Context, target: Target) -> tuple[str, ...]:
    """The snapshot comparisons that a target's source takes part in, with one of the target's tables."""
    datasets = {table.dataset for table in target.tables}
    return tuple(
        comparison.id
        for comparison in context.site.comparisons
        if isinstance(comparison, SnapshotComparison)
        and any(side.source == target.source and side.dataset in datasets for side in comparison.sides)
    )


def dataset_of(site: Site, target: Target, case: CaseRow) -> str:
    """The dataset with which a target's source takes part in a case's comparison."""
    return dataset_named(site, target, case.scope, case.dataset) or ""


def dataset_named(site: Site, target: Target, scope: str, dataset: str | None) -> str | None:
    """As :func:`dataset_of` by the case's scope; outside comparisons the case's own dataset."""
    return dataset_at(site, target.source, scope, dataset)


def dataset_at(site: Site, source: str, scope: str, dataset: str | None) -> str | None:
    """The dataset with which a source takes part in a scope."""
    for comparison in site.comparisons:
        if comparison.id == scope and isinstance(comparison, SnapshotComparison):
            for side in comparison.sides:
                if side.source == source:
                    return side.dataset
    return dataset


def _narrowed(context: Context, table: pa.Table, selection: Selection, date: dt.date) -> pa.Table:
    """The rest of the selection, which the ledger's filter does not know; cases that the night has not seen are left out."""
    conditions = ["state = 'open'", f"last_seen = DATE '{date.isoformat()}'"]
    if selection.fields:
        conditions.append(f"field IN ({', '.join(engine.literal(name) for name in selection.fields)})")
    for name, sign, column in (
        ("min_age", ">=", "age"),
        ("max_age", "<=", "age"),
        ("min_amount_fen", ">=", "abs(amount_diff_fen)"),
        ("max_amount_fen", "<=", "abs(amount_diff_fen)"),
    ):
        bound = getattr(selection, name)
        if bound is not None:
            conditions.append(f"{column} {sign} {int(bound)}")
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        duck.register("cases", table)
        return duck.execute(f"SELECT * FROM cases WHERE {' AND '.join(conditions)} ORDER BY fingerprint").to_arrow_table()


def evidence_of(context: Context, date: dt.date, wanted: set[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Where the rows of cases are: by fingerprint, the number of the row by source, from the night's findings."""
    found: dict[str, dict[str, int]] = {}
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        for scope in sorted({scope for scope, _ in wanted}):
            if context.lake.manifest(context.findings(scope, date)) is None:
                continue
            files = context.lake.files(context.findings(scope, date))
            names = pa.table({"fingerprint": sorted(name for place, name in wanted if place == scope)})
            duck.register("names", names)
            query = f"SELECT fingerprint, evidence FROM {engine.parquet(files)} SEMI JOIN names USING (fingerprint)"
            for fingerprint, evidence in duck.execute(query).fetchall():
                rows = json.loads(evidence or "{}").get("source_row")
                if isinstance(rows, dict):
                    found[fingerprint] = {source: int(number) for source, number in rows.items() if number is not None}
    return found
