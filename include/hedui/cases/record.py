"""The step ``record``: findings partitions become cases in the ledger.

The lake is the truth and the ledger follows it: whatever the order of dates, and however often a date is repeated, the ledger holds what
the partitions that have been merged say. Each partition is merged in one transaction under an advisory lock, so a killed run leaves whole
partitions only and the next run goes on from there.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, text

from hedui.cases import merge, nights
from hedui.cases.partitions import findings_manifests, recordable
from hedui.cases.staging import CASE_COLUMNS, StagedPartition, staged
from hedui.context import Context
from hedui.errors import LakeError, LedgerError
from hedui.lake import Manifest
from hedui.ledger import schema
from hedui.ledger.database import LOCK_RECORD, begin
from hedui.steps import StepSummary


def record_findings(context: Context, date: dt.date) -> StepSummary:
    """Merges every findings partition from ``date`` on whose content differs from what the ledger has recorded.

    Later dates are included because a flow comparison restates them when an earlier date is filled. A scope that has no partition for a
    recorded night any more could not run again on it: the night is taken back for that scope.

    Returns:
        Counts of the night ``date``: ``new``, ``still``, ``cleared``, ``reopened``, ``exempt`` (of those open), ``open_total``; and of
        this run: ``partitions`` merged, ``restated`` later dates.

    Raises:
        LedgerError: The ledger cannot be reached, its schema is old, or a finding contradicts it.
        LakeError: The lake holds no findings of ``date``, or a partition was replaced while it was read.
    """
    schema.check(context.ledger_url)
    manifests = findings_manifests(context, since=date)
    if not any(night == date for _, night in manifests):
        raise LakeError(f"The lake holds no findings of {date}; run the steps check and compare of that date first.")
    with begin(context.ledger_url) as connection:
        recorded = nights.recorded_digests(connection, since=date)
    changed = sorted(
        (
            (night, scope)
            for scope, night in manifests.keys() | recorded.keys()
            if _digest(manifests, scope, night) != recorded.get((scope, night))
        ),
    )
    touched = {date}
    for done, (night, scope) in enumerate(changed):
        context.progress("record", done, len(changed))
        if merge_partition(context, scope, night):
            touched.add(night)
    context.progress("record", len(changed), len(changed))
    for night in sorted(touched):
        with begin(context.ledger_url, lock=LOCK_RECORD) as connection:
            counts = nights.log_night(context, connection, night, manifests)
            if night == date:
                summary = counts
    return StepSummary(
        step="record",
        subject="",
        business_date=date,
        counts={**summary, "partitions": len(changed), "restated": len(touched) - 1},
    )


def _digest(manifests: dict[tuple[str, dt.date], Manifest], scope: str, night: dt.date) -> str | None:
    manifest = manifests.get((scope, night))
    return manifest.digest if manifest else None


def merge_partition(context: Context, scope: str, date: dt.date) -> bool:
    """Merges one findings partition, or takes a recorded night back that has none any more, in one transaction.

    Returns:
        Whether anything had to be done.
    """
    with begin(context.ledger_url, lock=LOCK_RECORD) as connection:
        # Both sides are read again under the lock: another run may have merged the partition in the meantime.
        night = merge.position(connection, _scope_id(connection, scope), date)
        manifest = recordable(context, scope, date)
        if night.digest == (manifest.digest if manifest else None):
            return False
        merge.prepare(connection)
        if manifest is None:
            _take_back(connection, night)
        else:
            with staged(context, context.findings(scope, date), manifest) as partition:
                _merge(connection, night, manifest, partition)
        _restore_values(context, connection, scope, night)
    return True


def _scope_id(connection: Connection, scope: str) -> int:
    connection.execute(text("INSERT INTO hedui.scope (name) VALUES (:name) ON CONFLICT DO NOTHING"), {"name": scope})
    return int(connection.execute(text("SELECT id FROM hedui.scope WHERE name = :name"), {"name": scope}).scalar_one())


def _merge(connection: Connection, night: merge.NightPosition, manifest: Manifest, partition: StagedPartition) -> None:
    partition.copy_narrow(connection, "staged")
    _take_values(connection, night, partition)
    if night.digest is not None:
        merge.note_stale(connection, night)
    connection.execute(
        text(
            """
            INSERT INTO hedui.recorded_night (scope_id, business_date, digest, findings, code_version)
            VALUES (:scope, :d, :digest, :findings, :version)
            ON CONFLICT (scope_id, business_date) DO UPDATE
            SET digest = EXCLUDED.digest, findings = EXCLUDED.findings, code_version = EXCLUDED.code_version, recorded_at = now()
            """
        ),
        {
            "scope": night.scope_id,
            "d": night.date,
            "digest": manifest.digest,
            "findings": partition.distinct,
            "version": manifest.code_version,
        },
    )
    merge.set_members(connection, night)


def _take_values(connection: Connection, night: merge.NightPosition, partition: StagedPartition) -> None:
    """Inserts unknown cases, refreshes the values of known ones that no later night has seen, and fills ``target``."""
    connection.execute(
        text(
            """
            ANALYZE staged;
            CREATE TEMP TABLE known ON COMMIT DROP AS
            SELECT s.fingerprint, c.id AS case_id, c.scope_id, c.values_digest <> s.values_digest AS differs
            FROM staged AS s LEFT JOIN hedui.reconciliation_case AS c USING (fingerprint)
            """
        )
    )
    unknown, differing, foreign, newest = connection.execute(
        text(
            """
            SELECT count(*) FILTER (WHERE case_id IS NULL), count(*) FILTER (WHERE differs),
                   count(*) FILTER (WHERE scope_id <> :scope), (SELECT coalesce(max(id), 0) FROM hedui.reconciliation_case)
            FROM known
            """
        ),
        {"scope": night.scope_id},
    ).one()
    if foreign:
        raise LedgerError(
            f"{foreign} findings of {night.date} carry fingerprints that cases of another scope already have; a fingerprint must contain "
            "its scope (hedui.findings.fingerprint_sql). Nothing was recorded."
        )
    if unknown:
        wanted = None if unknown == partition.distinct else "SELECT fingerprint FROM known WHERE case_id IS NULL"
        partition.copy_wide(connection, "hedui.reconciliation_case", wanted=wanted, scope_id=night.scope_id)
    if differing:
        partition.copy_wide(connection, "wide", wanted="SELECT fingerprint FROM known WHERE differs", scope_id=night.scope_id)
        _update_values(connection, night)
    connection.execute(
        text(
            """
            INSERT INTO target SELECT case_id FROM known WHERE case_id IS NOT NULL
            UNION ALL SELECT id FROM hedui.reconciliation_case WHERE id > :newest;
            """
        ),
        {"newest": newest},
    )


def _update_values(connection: Connection, night: merge.NightPosition) -> None:
    assignments = ", ".join(f"{column} = w.{column}" for column in (*CASE_COLUMNS[1:], "values_digest"))
    connection.execute(
        text(
            f"""
            UPDATE hedui.reconciliation_case AS c SET {assignments} FROM wide AS w
            WHERE c.fingerprint = w.fingerprint AND NOT EXISTS (
                SELECT FROM hedui.spell AS s WHERE s.case_id = c.id
                AND CASE WHEN s.last_seen IS NULL THEN CAST(:n AS date) IS NOT NULL ELSE s.last_seen > :d END)
            """
        ),
        night.parameters,
    )


def _take_back(connection: Connection, night: merge.NightPosition) -> None:
    merge.note_stale(connection, night)
    merge.target_without_night(connection, night)
    merge.set_members(connection, night)
    connection.execute(
        text("DELETE FROM hedui.recorded_night WHERE scope_id = :scope AND business_date = :d"),
        {"scope": night.scope_id, "d": night.date},
    )


def _restore_values(context: Context, connection: Connection, scope: str, night: merge.NightPosition) -> None:
    """Gives cases whose last sighting was taken back the values of the sighting before, and deletes those never seen otherwise."""
    merge.delete_orphans(connection)
    for date in merge.stale_by_night(connection, night.scope_id):
        earlier = context.findings(scope, date)
        manifest = context.lake.manifest(earlier)
        if manifest is None:
            continue  # the lake no longer keeps that night: the newest values known stay
        with staged(context, earlier, manifest) as partition:
            connection.execute(text("TRUNCATE wide"))
            wanted = f"SELECT fingerprint FROM stale_seen WHERE last_seen = DATE '{date.isoformat()}'"
            partition.copy_wide(connection, "wide", wanted=wanted, scope_id=night.scope_id)
        _update_values(connection, merge.position(connection, night.scope_id, date))
