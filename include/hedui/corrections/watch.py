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
from hedui.corrections.history import human_decisions
from hedui.corrections.ledger import Bundle, advance, bundle_of, cases_of, list_bundles, release
from hedui.corrections.moments import made_at
from hedui.corrections.select import scopes_of
from hedui.corrections.sides import Sides
from hedui.corrections.site import correction_settings
from hedui.corrections.states import STILL_SHOWN, SYSTEM, CaseState, State
from hedui.findings import fingerprint_sql
from hedui.lake import Manifest
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.rules import rule
from hedui.site.corrections import Target

RULE: Final = STILL_SHOWN
EXECUTED: Final = (State.EXECUTED, State.CLOSED, State.REOPENED, State.ROLLBACK_PENDING, State.ROLLBACK_APPROVED)
"""States of bundles whose changes are in the target."""
SETTLED: Final = (CaseState.SOLVED, CaseState.VERIFIED, CaseState.CLOSED)


def scope(target: str) -> str:
    """The scope of the findings about a target's bundles."""
    return f"bundle:{target}"


def write_unproven(context: Context, date: dt.date) -> dict[str, int]:
    """Writes the findings T18 of a night, for each target that has had a bundle executed; before the night is recorded.

    A night can show a bundle's result where its findings were made after the bundle was executed. Targets whose source has not delivered
    have no partition: nothing is known of them. A finding that stands because another side is wrong, while the target holds what is right,
    is none of the bundle's.

    Returns:
        Findings by target.
    """
    settings = correction_settings(context)
    if settings is None or not context.site.rule_setting(RULE).enabled:
        return {}
    counts: dict[str, int] = {}
    for target in settings.targets:
        bundles = list_bundles(context, targets=[target.id])
        partition = context.findings(scope(target.id), date)
        if not any(bundle.executed_at is not None for bundle in bundles):
            continue
        fresh = _fresh_scopes(context, target, date)
        if not fresh:
            context.lake.remove(partition)
            continue
        suspects = _suspects(context, bundles, fresh, date)
        counts[target.id] = _write(context, target, date, sorted(fresh), suspects)
        _open_again(context, target, date)
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


def _suspects(context: Context, bundles: Sequence[Bundle], fresh: dict[str, dt.datetime], date: dt.date) -> list[_Suspect]:
    """Cases that an executed bundle has settled, if no later bundle has them; those that an earlier night has shown again stay."""
    known = {bundle.id: bundle for bundle in bundles if bundle.state is not State.VOID}
    case = models.BundleCase
    with begin(context.ledger_url) as connection:
        columns = (case.fingerprint, case.bundle_id, case.state, case.reason)
        rows = connection.execute(select(*columns).where(case.bundle_id.in_(known))).all()
    latest: dict[str, tuple[Bundle, bool]] = {}
    for row in rows:
        bundle, before = known[row.bundle_id], latest.get(row.fingerprint.hex)
        settled = bundle.state in EXECUTED and (row.state in SETTLED or row.reason.startswith(RULE))
        if before is None or (bundle.round, bundle.created_at) > (before[0].round, before[0].created_at):
            latest[row.fingerprint.hex] = bundle, settled
    return [
        _Suspect(fingerprint=name, scope=place, bundle=bundle.id, round=bundle.round)
        for name, (bundle, settled) in sorted(latest.items())
        for place, made in sorted(fresh.items())
        if settled and bundle.business_date <= date and bundle.executed_at is not None and bundle.executed_at < made
    ]


def _write(context: Context, target: Target, date: dt.date, scopes: Sequence[str], suspects: Sequence[_Suspect]) -> int:
    files = [path for name in scopes for path in context.lake.files(context.findings(name, date))]
    own = scope(target.id)
    of_others = _of_others(context, target, files, suspects)
    wrong = [item for item in suspects if (item.fingerprint, item.scope) not in of_others]
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
        duck.register("suspects", _table(wrong))
        path = writer.new_file()
        duck.execute(f"COPY ({query}) TO {engine.literal(path)} (FORMAT parquet, COMPRESSION zstd)")
        rows = duck.execute(f"SELECT count(*) FROM {engine.parquet([path])}").fetchall()[0][0]
        writer.commit(Manifest(rows=rows, meta={"suspects": len(suspects), "name": rule(RULE).name}))
    return int(rows)


def _of_others(context: Context, target: Target, files: list[str], suspects: Sequence[_Suspect]) -> set[tuple[str, str]]:
    """Cases, by fingerprint and scope, that a night shows though the target holds what is right: another side is wrong."""
    words = human_decisions(context, sorted({item.fingerprint for item in suspects}))
    with engine.connect(threads=1) as duck:
        duck.register("suspects", _table(suspects))
        columns = "fingerprint, scope, side_values, right_source, field"
        query = f"SELECT {columns} FROM {engine.parquet(files)} SEMI JOIN suspects USING (fingerprint, scope)"
        shown = duck.execute(query).fetchall()
    return {
        (fingerprint, place)
        for fingerprint, place, values, right, field in shown
        if Sides.of(source=target.source, side_values=values, right_source=right, field=field).settled(
            words[fingerprint].value if fingerprint in words else None
        )
    }


def _table(suspects: Sequence[_Suspect]) -> pa.Table:
    return pa.table({name: pa.array([getattr(item, name) for item in suspects], kind) for name, kind in _SUSPECT.items()})


_SUSPECT = {"fingerprint": pa.string(), "scope": pa.string(), "bundle": pa.string(), "round": pa.int64()}


def _open_again(context: Context, target: Target, date: dt.date) -> None:
    """Cases that a night shows again are opened again; a bundle that was closed is so no more."""
    files = context.lake.files(context.findings(scope(target.id), date))
    with engine.connect(threads=1) as duck:
        query = f"""
            SELECT evidence ->> '$.bundle', list(DISTINCT evidence ->> '$.case') FROM {engine.parquet(files)} GROUP BY ALL ORDER BY 1
            """
        shown = duck.execute(query).fetchall()
    for bundle_id, cases in shown:
        with begin(context.ledger_url) as connection:
            still = [name for name, row in cases_of(connection, bundle_id).items() if name in cases and row.state in SETTLED]
            if not still:
                continue
            state = bundle_of(connection, bundle_id).state
            reason = f"{RULE} {rule(RULE).name}：{date} 比对仍有差异"
            release(connection, bundle_id, cases=still, reason=reason)
            if state is State.CLOSED:
                advance(connection, bundle_id, to=State.REOPENED, actor=SYSTEM, note=reason, details={"cases": len(still)})
