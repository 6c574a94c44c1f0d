"""What a bundle brought about: findings of later nights about the rows it changed that were not there before."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from hedui.cases.query import cases_as_of
from hedui.context import Context
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import Bundle, list_bundles, read_bundle
from hedui.corrections.model import BundlePlan
from hedui.corrections.moments import made_at
from hedui.corrections.plan import plan_of
from hedui.corrections.reading import rows_in_lake
from hedui.corrections.reverse import Reverse
from hedui.corrections.select import dataset_named, evidence_of
from hedui.corrections.site import correction_settings
from hedui.corrections.watch import EXECUTED, scope
from hedui.errors import HeduiError
from hedui.lake import Partition
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.ledger.models import Case
from hedui.site.corrections import Target

log = logging.getLogger(__name__)
WATCHED_DAYS: Final = 45
"""Days after execution in which a bundle's rows are watched."""


def note_effects(context: Context, date: dt.date) -> dict[str, int]:
    """Ties new cases of a night to the executed bundles that changed the rows they are about; after the night is recorded.

    Returns:
        New ties by bundle.
    """
    settings = correction_settings(context)
    if settings is None:
        return {}
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=WATCHED_DAYS)
    counts: dict[str, int] = {}
    for target in settings.targets:
        for bundle in list_bundles(context, states=EXECUTED, targets=[target.id]):
            if bundle.executed_at is not None and bundle.executed_at >= since and bundle.business_date <= date:
                try:
                    tied = _tie(context, target, bundle, date)
                except HeduiError as error:
                    # A bundle whose files are gone or changed must not cost the night its cases.
                    log.warning("What bundle %s brought about on %s cannot be told: %s", bundle.id, date, error)
                else:
                    counts |= {bundle.id: tied} if tied else {}
    return counts


def _tie(context: Context, target: Target, bundle: Bundle, date: dt.date) -> int:
    plan = frozen_bundle(context, bundle.id)[1].plan if bundle.digest else plan_of(context, bundle.id)
    touched = _touched(context, target, bundle, plan, date)
    new = _new_cases(context, bundle, date) if touched else []
    evidence = evidence_of(context, date, {(case["scope"], case["fingerprint"]) for case in new})
    rows = [
        {"bundle_id": bundle.id, "fingerprint": uuid.UUID(case["fingerprint"]), "seen_on": date, "rule": case["rule"]}
        for case in new
        if (
            dataset_named(context.site, target, case["scope"], case["dataset"]),
            evidence.get(case["fingerprint"], {}).get(target.source),
        )
        in touched
    ]
    if not rows:
        return 0
    with begin(context.ledger_url) as connection:
        return connection.execute(insert(models.BundleEffect).values(rows).on_conflict_do_nothing()).rowcount


def _touched(
    context: Context, target: Target, bundle: Bundle, plan: BundlePlan, date: dt.date
) -> set[tuple[str | None, int | None]]:
    """The changed rows in a night's batches that were read after the bundle was executed: dataset and number of the row."""
    datasets = {}
    for table in target.tables:
        made = made_at(context, Partition(layer="raw", parts=(target.source, table.dataset), date=date))
        if made is not None and bundle.executed_at is not None and made > bundle.executed_at:
            datasets[Reverse(site=context.site, target=target, table=table, date=date).name] = table.dataset
    changes = [change for change in plan.changes if change.table in datasets]
    found = rows_in_lake(context, plan, changes, date)
    tables = {change.number: change.table for change in changes}
    return {(datasets[tables[number]], int(str(row["source_row"]))) for number, row in found.items()}


def _new_cases(context: Context, bundle: Bundle, date: dt.date) -> list[dict[str, Any]]:
    """Cases of a night that the ledger did not know, or did not know as open, when the bundle was executed."""
    newest = max((int(event.details.get("newest_case", 0)) for event in read_bundle(context, bundle.id).events), default=0)
    with begin(context.ledger_url) as connection:
        unknown = {item.hex for item in connection.execute(select(Case.fingerprint).where(Case.id > newest)).scalars()}
        case = models.BundleCase
        own = {item.hex for item in connection.execute(select(case.fingerprint).where(case.bundle_id == bundle.id)).scalars()}
    return [
        row
        for row in cases_as_of(context, date).to_pylist()
        if row["state"] == "open"
        and row["last_seen"] == date
        and row["fingerprint"] not in own
        and row["scope"] != scope(bundle.target)
        and (row["fingerprint"] in unknown or row["opened_on"] == date > bundle.business_date)
    ]
