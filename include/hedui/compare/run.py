"""One comparison of one night: what it needs, whether it can run, what it found."""

from __future__ import annotations

import datetime as dt

from hedui import engine
from hedui.compare.flow import match_own_date, residual
from hedui.compare.plan import inputs
from hedui.compare.snapshot import compare_snapshot
from hedui.compare.windows import restate
from hedui.context import Context
from hedui.errors import HeduiError, LakeError
from hedui.lake import Manifest, Partition
from hedui.site.models import Comparison, FlowComparison, SnapshotComparison
from hedui.steps import StepSummary


def find_comparison(context: Context, comparison_id: str) -> Comparison:
    """The site's comparison with the id.

    Raises:
        HeduiError: The site has no such comparison.
    """
    for comparison in context.site.comparisons:
        if comparison.id == comparison_id:
            return comparison
    known = ", ".join(comparison.id for comparison in context.site.comparisons)
    raise HeduiError(f'The site has no comparison "{comparison_id}"; choose one of {known}.')


def run_comparison(context: Context, comparison_id: str, date: dt.date) -> StepSummary:
    """Runs one comparison for ``date`` and replaces its findings partition (flows: and its residual partition).

    Where a side's canonical partition is missing the comparison is skipped: partitions of an earlier run are removed, so that nothing
    stale is taken for a result.

    Raises:
        HeduiError: The site has no such comparison. ConservationError: the balance does not foot.
    """
    comparison = find_comparison(context, comparison_id)
    missing = [partition for partition, manifest in inputs(context, comparison, date).items() if manifest is None]
    if missing:
        remove(context, comparison, date)
        return StepSummary(
            step="compare", subject=comparison_id, business_date=date, state="skipped", reason=reason(context, missing)
        )
    context.progress(comparison.name, 0, None)
    if isinstance(comparison, SnapshotComparison):
        compare_snapshot(context, comparison, date)
    else:
        compare_flow(context, comparison, date)
    manifest = context.lake.manifest(context.findings(comparison_id, date))
    if manifest is None:
        raise LakeError(f"The findings of {comparison_id} on {date} vanished while they were written; run the comparison again.")
    return summary(context, comparison_id, date, manifest)


def compare_flow(context: Context, comparison: FlowComparison, date: dt.date) -> None:
    """Matches the rows of ``date`` and evaluates it and the later dates that it affects."""
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        match_own_date(connection, context, comparison, date)
        restate(connection, context, comparison, date)


def remove(context: Context, comparison: Comparison, date: dt.date) -> None:
    """Removes what an earlier run of the date left; later dates of a flow are evaluated without it."""
    context.lake.remove(context.findings(comparison.id, date))
    if isinstance(comparison, FlowComparison) and context.lake.manifest(residual(comparison.id, date)) is not None:
        context.lake.remove(residual(comparison.id, date))
        with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
            restate(connection, context, comparison, date)


def reason(context: Context, missing: list[Partition]) -> str:
    """Why a comparison is skipped, in Chinese."""
    names = dict.fromkeys(context.site.source(partition.parts[1]).name for partition in missing)
    return f"缺少数据：{'、'.join(names)}"


def summary(context: Context, comparison_id: str, date: dt.date, manifest: Manifest) -> StepSummary:
    """The summary of a comparison that ran: findings, and the balance per side."""
    counts = {"findings": manifest.rows}
    for side, classes in manifest.meta["balance"].items():
        counts |= {f"{side}.{name}": value for name, value in classes.items()}
    path = context.lake.full_path(context.findings(comparison_id, date))
    return StepSummary(step="compare", subject=comparison_id, business_date=date, counts=counts, paths={"findings": path})
