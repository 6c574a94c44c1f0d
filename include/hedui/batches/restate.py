"""Makes nights anew whose batches were corrected by what has been read since: a resend, a cancellation, an older date filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from hedui import steps
from hedui.batches.follow import in_packets
from hedui.checks.cross import cross_rules, run_rule, sources_of
from hedui.checks.datadocs import build_datadocs
from hedui.context import Context
from hedui.site.models import FlowComparison, Source
from hedui.steps import StepSummary


def restate_nights(context: Context, date: dt.date) -> StepSummary:
    """Checks, compares, records and reports every night again, other than ``date``, whose rows are not those it was made from.

    Which nights these are is read from the lake (the digests of what each partition of findings was made from), so that a run that
    was killed is made up for by the next one.
    """
    stale: dict[dt.date, list[Source]] = {}
    for source in context.site.sources:
        if in_packets(source):
            for day in sorted(set(_stale(context, source)) - {date}):
                stale.setdefault(day, []).append(source)
    for number, (day, sources) in enumerate(sorted(stale.items())):
        context.progress("restate", number, len(stale))
        for source in sources:
            _again(context, source, day)
        build_datadocs(context, day)
        steps.record(context, day)
        steps.report(context, day)
    return StepSummary(step="restate", subject="", business_date=date, counts={"nights": len(stale)})


def _again(context: Context, source: Source, day: dt.date) -> None:
    steps.check_source(context, source.id, day)
    for spec in cross_rules():
        if source.id in sources_of(context.site, spec):
            run_rule(context, spec, source.id, day)
    for comparison in comparisons_of(context, source.id):
        steps.compare(context, comparison, day)


def comparisons_of(context: Context, source: str) -> list[str]:
    """Ids of the comparisons that a source takes part in."""
    found = []
    for comparison in context.site.comparisons:
        sides = [comparison.left, comparison.right] if isinstance(comparison, FlowComparison) else list(comparison.sides)
        if source in {side.source for side in sides}:
            found.append(comparison.id)
    return found


def _stale(context: Context, source: Source) -> Iterator[dt.date]:
    """Nights whose findings were made from other rows of the source than there are now."""
    lake = context.lake
    nights = {day for comparison in context.site.comparisons for day in lake.dates("findings", comparison.id)}
    for name in source.datasets:
        for day in sorted(set(lake.dates("raw", source.id, name)) & nights):
            rows = lake.manifest(context.canonical(name, source.id, day))
            now = rows.digest if rows else None
            checked = lake.manifest(context.findings(f"check:{name}:{source.id}", day))
            used = [next(iter(checked.meta["inputs"].values()), None) if checked else None]
            for comparison in comparisons_of(context, source.id):
                compared = lake.manifest(context.findings(comparison, day))
                if compared is not None:
                    used += [digest for place, digest in compared.meta["inputs"].items() if place == f"{name}/{source.id}"]
            if any(digest != now for digest in used):
                yield day
