"""Nights after a bundle: rule T18, they still show what it settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from sqlalchemy import select

from hedui import engine
from hedui.context import Context
from hedui.corrections.ledger import Bundle, list_bundles
from hedui.corrections.select import scopes_of
from hedui.corrections.site import correction_settings
from hedui.corrections.states import CaseState, State
from hedui.findings import fingerprint_sql
from hedui.lake import Manifest, Partition
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.rules import rule
from hedui.site.corrections import Target

RULE: Final = "T18"
EXECUTED: Final = (State.EXECUTED, State.CLOSED, State.REOPENED, State.ROLLBACK_PENDING, State.ROLLBACK_APPROVED)
"""States of bundles whose changes are in the target."""


def scope(target: str) -> str:
    """The scope of the findings about a target's bundles."""
    return f"bundle:{target}"


def write_unproven(context: Context, date: dt.date) -> dict[str, int]:
    """Writes the findings T18 of a night, for each target that has had a bundle executed; before the night is recorded.

    A night can show a bundle's result where its findings were made after the bundle was executed. Targets whose source has not delivered
    have no partition: nothing is known of them.

    Returns:
        Findings by target.
    """
    settings = correction_settings(context)
    if settings is None or not context.site.rule_setting(RULE).enabled:
        return {}
    counts: dict[str, int] = {}
    for target in settings.targets:
        bundles = [bundle for bundle in list_bundles(context, targets=[target.id]) if bundle.executed_at is not None]
        partition = context.findings(scope(target.id), date)
        if not bundles:
            continue
        fresh = _fresh_scopes(context, target, date)
        if not fresh:
            context.lake.remove(partition)
            continue
        suspects = _suspects(context, [bundle for bundle in bundles if bundle.state in EXECUTED], fresh, date)
        counts[target.id] = _write(context, target, date, sorted(fresh), suspects)
    return counts


@dataclass(frozen=True, kw_only=True)
class _Suspect:
    """A case that is settled by a bundle, if a scope that was looked at afterwards does not show it."""

    fingerprint: str
    scope: str
    bundle: str
    round: int


def _fresh_scopes(context: Context, target: Target, date: dt.date) -> dict[str, dt.datetime]:
    """The comparisons that ran on a night, with when their findings were made."""
    found = {}
    for name in scopes_of(context, target):
        made = made_at(context, context.findings(name, date))
        if made is not None:
            found[name] = made
    return found


def made_at(context: Context, partition: Partition) -> dt.datetime | None:
    """When a partition was written last; None where there is none."""
    if context.lake.manifest(partition) is None:
        return None
    made: dt.datetime = context.lake.fs.modified(context.lake.full_path(partition, "manifest.json"))
    return made if made.tzinfo else made.replace(tzinfo=dt.UTC)


def _suspects(context: Context, bundles: Sequence[Bundle], fresh: dict[str, dt.datetime], date: dt.date) -> list[_Suspect]:
    """Cases of bundles that were executed before the night's findings were made; of several bundles the latest."""
    late = {bundle.id: bundle for bundle in bundles if bundle.business_date <= date}
    case = models.BundleCase
    settled = [CaseState.SOLVED, CaseState.VERIFIED, CaseState.CLOSED]
    with begin(context.ledger_url) as connection:
        rows = connection.execute(
            select(case.fingerprint, case.bundle_id).where(case.bundle_id.in_(late), case.state.in_(settled))
        ).all()
    latest: dict[str, Bundle] = {}
    for row in rows:
        bundle, before = late[row.bundle_id], latest.get(row.fingerprint.hex)
        if before is None or (bundle.round, bundle.created_at) > (before.round, before.created_at):
            latest[row.fingerprint.hex] = bundle
    return [
        _Suspect(fingerprint=name, scope=place, bundle=bundle.id, round=bundle.round)
        for name, bundle in sorted(latest.items())
        for place, made in sorted(fresh.items())
        if bundle.executed_at is not None and bundle.executed_at < made
    ]


def _write(context: Context, target: Target, date: dt.date, scopes: Sequence[str], suspects: Sequence[_Suspect]) -> int:
    files = [path for name in scopes for path in context.lake.files(context.findings(name, date))]
    own = scope(target.id)
    query = engine.render(
        "corrections/unproven.sql",
        findings=engine.parquet(files),
        date=date,
        scope=own,
        source=target.source,
        agency=context.site.rule_agency(RULE, target.source),
        severity=context.site.rule_severity(RULE),
        fingerprint=fingerprint_sql(
            scope=engine.literal(own), rule=engine.literal(RULE), subject_key="subject_key", insurance="insurance", period="period",
            field="mark",
        ),
    )  # fmt: skip
    with (
        context.lake.writer(context.findings(own, date)) as writer,
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck,
    ):
        columns = {name: pa.array([getattr(item, name) for item in suspects], kind) for name, kind in _SUSPECT.items()}
        duck.register("suspects", pa.table(columns))
        path = writer.new_file()
        duck.execute(f"COPY ({query}) TO {engine.literal(path)} (FORMAT parquet, COMPRESSION zstd)")
        rows = duck.execute(f"SELECT count(*) FROM {engine.parquet([path])}").fetchall()[0][0]
        writer.commit(Manifest(rows=rows, meta={"suspects": len(suspects), "name": rule(RULE).name}))
    return int(rows)


_SUSPECT = {"fingerprint": pa.string(), "scope": pa.string(), "bundle": pa.string(), "round": pa.int64()}
