"""Which partitions of the lake a night's report rests on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.cases.partitions import findings_scopes
from hedui.compare.plan import inputs
from hedui.context import Context
from hedui.errors import LakeError
from hedui.findings import FINDING_COLUMNS
from hedui.lake import Manifest
from hedui.reports.night import ComparisonNight, Input, SourceNight
from hedui.site.models import FlowComparison, SnapshotComparison


@dataclass(frozen=True, kw_only=True)
class NightPartitions:
    """Partitions of a night.

    Attributes:
        date: Business date.
        tonight: Findings by scope that ran on the night.
        carried: Findings of scopes that did not run, from the last night on which they did: their cases are still open.
        canonical: Canonical partitions by dataset and source.
    """

    date: dt.date
    tonight: dict[str, Manifest]
    carried: dict[str, tuple[dt.date, Manifest]]
    canonical: dict[tuple[str, str], Manifest]


def version_of(manifest: Manifest) -> dt.date | None:
    """The region table whose codes a partition of findings carries; None where it does not say."""
    given = manifest.meta.get("region_version")
    return dt.date.fromisoformat(given) if given else None


def night_partitions(context: Context, date: dt.date) -> NightPartitions:
    """The partitions of a business date.

    Raises:
        LakeError: Nothing has run for the date.
    """
    tonight: dict[str, Manifest] = {}
    carried: dict[str, tuple[dt.date, Manifest]] = {}
    for scope in findings_scopes(context):
        manifest = context.lake.manifest(context.findings(scope, date))
        if manifest is not None:
            tonight[scope] = manifest
            continue
        earlier = [night for night in context.lake.dates("findings", scope) if night < date]
        manifest = context.lake.manifest(context.findings(scope, earlier[-1])) if earlier else None
        if manifest is not None:
            carried[scope] = (earlier[-1], manifest)
    if not tonight:
        raise LakeError(f"The lake holds no findings of {date}; run the steps check and compare of that date first.")
    canonical = {
        (name, source.id): manifest
        for source in context.site.sources
        for name in source.datasets
        if (manifest := context.lake.manifest(context.canonical(name, source.id, date))) is not None
    }
    return NightPartitions(date=date, tonight=tonight, carried=carried, canonical=canonical)


def findings_relation(context: Context, partitions: NightPartitions) -> str:
    """All findings that are open on the night as one query: FINDING_COLUMNS and ``carried``."""
    columns = ", ".join(FINDING_COLUMNS)
    selects = [
        f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in FINDING_COLUMNS.items())}, FALSE AS carried WHERE FALSE"
    ]
    dated = [(scope, partitions.date, manifest, False) for scope, manifest in partitions.tonight.items()]
    dated += [(scope, night, manifest, True) for scope, (night, manifest) in partitions.carried.items()]
    for carried in (False, True):
        files = [
            context.lake.full_path(context.findings(scope, night), relative)
            for scope, night, manifest, old in dated
            if old is carried
            for relative in manifest.files.get("data", [])
        ]
        if files:
            selects.append(f"SELECT {columns}, {engine.literal(carried)} AS carried FROM {engine.parquet(files)}")
    return " UNION ALL ".join(selects)


def source_nights(context: Context, partitions: NightPartitions) -> tuple[SourceNight, ...]:
    """The state of each source in the site's order."""
    return tuple(_source_night(context, partitions, source.id) for source in context.site.sources)


def _source_night(context: Context, partitions: NightPartitions, source_id: str) -> SourceNight:
    source = context.site.source(source_id)
    arrival = partitions.tonight.get(f"arrival:{source_id}")
    manifests = [
        (name, partitions.canonical[name, source_id]) for name in source.datasets if (name, source_id) in partitions.canonical
    ]
    received = tuple((dataset(name).label, received_rows(manifest)) for name, manifest in manifests)
    arrived: bool | None = bool(manifests) or None
    if arrival is not None and arrival.rows:
        arrived = False
    return SourceNight(
        id=source_id,
        name=source.name,
        agency=context.site.agency(source.agency).name,
        arrived=arrived,
        datasets=received,
        rows=sum(rows for _, rows in received),
        rejected=sum(manifest.rejected for _, manifest in manifests),
    )


def received_rows(manifest: Manifest) -> int:
    """Rows that the source delivered, as counted when its batch was read."""
    return int(manifest.meta.get("source_rows", manifest.rows + manifest.rejected))


def comparison_nights(
    context: Context, partitions: NightPartitions, counts: dict[str, tuple[int, int]]
) -> tuple[ComparisonNight, ...]:
    """Each comparison in the site's order: it ran (``counts``: findings and fen by scope), or which source it lacked."""
    return tuple(_comparison_night(context, partitions, comparison, counts) for comparison in context.site.comparisons)


def _comparison_night(
    context: Context,
    partitions: NightPartitions,
    comparison: SnapshotComparison | FlowComparison,
    counts: dict[str, tuple[int, int]],
) -> ComparisonNight:
    findings, amount = counts.get(comparison.id, (0, 0))
    ran = comparison.id in partitions.tonight
    reason = ""
    if not ran:
        missing = [
            partition.parts[1] for partition, manifest in inputs(context, comparison, partitions.date).items() if manifest is None
        ]
        sources = list(dict.fromkeys(context.site.source(source).name for source in missing))
        reason = f"来源“{'”“'.join(sources)}”本期数据缺失" if sources else "本期没有运行"
        if comparison.id in partitions.carried:
            reason += f"；未结差异沿用 {partitions.carried[comparison.id][0]:%Y-%m-%d} 的结果"
    return ComparisonNight(id=comparison.id, name=comparison.name, ran=ran, reason=reason, findings=findings, amount_fen=amount)


def input_lines(partitions: NightPartitions) -> tuple[Input, ...]:
    """The partitions with their digests, for 口径说明."""
    lines = [
        Input(layer="标准层", name=f"{name} / {source}", rows=m.rows, digest=m.digest, code_version=m.code_version)
        for (name, source), m in partitions.canonical.items()
    ]
    lines += [
        Input(layer="差异", name=scope, rows=m.rows, digest=m.digest, code_version=m.code_version)
        for scope, m in partitions.tonight.items()
    ]
    lines += [
        Input(layer="差异（沿用）", name=f"{scope} / {night:%Y-%m-%d}", rows=m.rows, digest=m.digest, code_version=m.code_version)
        for scope, (night, m) in partitions.carried.items()
    ]
    return tuple(lines)
