"""Fills the night's figures: SQL over the findings, the manifests of what ran, and the ledger as of the night."""

from __future__ import annotations

from collections import defaultdict

import duckdb

from hedui import __version__, engine
from hedui.canonical.schemas import datasets
from hedui.compare.plan import sides_of
from hedui.context import Context
from hedui.reports.balances import flow_totals, snapshot_nights
from hedui.reports.causes import night_causes
from hedui.reports.ledger import LedgerNight
from hedui.reports.night import AgeCount, CaseFigures, KindCount, Night, RuleResult, bucket_of
from hedui.reports.partitions import NightPartitions, comparison_nights, input_lines, source_nights
from hedui.reports.regions import RegionView
from hedui.rules import rules
from hedui.site.models import FlowComparison

STATES = {"passed": "通过", "failed": "不通过", "no_data": "无数据", "disabled": "已停用", "error": "执行出错"}


def night_figures(
    context: Context, connection: duckdb.DuckDBPyConnection, partitions: NightPartitions, ledger: LedgerNight, view: RegionView
) -> Night:
    """Everything that the workbook shows but the details; ``connection`` holds the relation ``classified`` and the names."""
    counts = {scope: (int(found), int(fen)) for scope, found, fen in engine.run(connection, "reports/scopes.sql").fetchall()}
    site = context.site
    return Night(
        title=site.title,
        organisation=organisation(context),
        site=site.name,
        business_date=partitions.date,
        code_version=__version__,
        restated=view.version,
        sources=source_nights(context, partitions),
        comparisons=comparison_nights(context, partitions, counts),
        cases=_cases(connection, ledger),
        flows=flow_totals(context, connection, partitions, view),
        snapshots=snapshot_nights(context, connection, partitions),
        kinds=_kinds(connection),
        quality=_quality(context, partitions),
        ages=_ages(connection),
        trend=ledger.trend,
        causes=night_causes(context, connection, partitions, view),
        exemptions=ledger.exemptions,
        inputs=input_lines(partitions),
        parameters=(*_parameters(context), *_region_notes(context, partitions)),
        agencies={agency.id: agency.name for agency in site.agencies},
    )


def organisation(context: Context) -> str:
    """编制单位: the site's own agency, which is its first local one."""
    agencies = context.site.agencies
    return next((agency.name for agency in agencies if agency.tier == "local"), agencies[0].name)


def _cases(connection: duckdb.DuckDBPyConnection, ledger: LedgerNight) -> CaseFigures:
    row = engine.run(connection, "reports/cases.sql").fetchone() or (0,) * 8
    open_cases, exempt, waiting, opened, reopened, severe, carried, amount = (int(value) for value in row)
    return CaseFigures(
        open=open_cases,
        exempt=exempt,
        waiting=waiting,
        opened=opened,
        cleared=ledger.cleared,
        reopened=reopened,
        amount_fen=amount,
        severe=severe,
        carried=carried,
    )


def _kinds(connection: duckdb.DuckDBPyConnection) -> tuple[KindCount, ...]:
    catalogue = rules()
    return tuple(
        KindCount(
            kind=kind,
            rule=rule,
            rule_name=catalogue[rule].name if rule in catalogue else rule,
            agency=agency,
            severity=severity,
            findings=findings,
            exempt=exempt,
            opened=opened,
            amount_fen=amount,
        )
        for kind, rule, agency, severity, findings, exempt, opened, amount in engine.run(connection, "reports/kinds.sql").fetchall()
    )


def _quality(context: Context, partitions: NightPartitions) -> tuple[RuleResult, ...]:
    labels = {name: spec.label for name, spec in datasets().items()}
    sources = {source.id: source.name for source in context.site.sources}
    return tuple(
        RuleResult(
            rule=record["rule"],
            name=record["name"],
            severity=record["severity"],
            source=sources.get(record["source"], record["source"]),
            dataset=labels.get(record["dataset"], record["dataset"]),
            examined=int(record.get("examined", 0)),
            violations=int(record.get("violations", 0)),
            threshold=record.get("threshold"),
            state=STATES.get(record["state"], record["state"]),
            reason=record.get("reason", ""),
        )
        for manifest in partitions.tonight.values()
        for record in manifest.meta.get("rules", ())
    )


def _ages(connection: duckdb.DuckDBPyConnection) -> tuple[AgeCount, ...]:
    counts: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for agency, kind, age, cases, amount in engine.run(connection, "reports/ages.sql").fetchall():
        entry = counts[agency, kind, bucket_of(max(0, int(age)))]
        entry[0] += cases
        entry[1] += amount
    return tuple(
        AgeCount(agency=agency, kind=kind, bucket=bucket, cases=cases, amount_fen=amount)
        for (agency, kind, bucket), (cases, amount) in sorted(counts.items())
    )


def _parameters(context: Context) -> tuple[tuple[str, str], ...]:
    """What of the site's settings decides the figures."""
    lines: list[tuple[str, str]] = []
    names = {source.id: source.name for source in context.site.sources}
    for comparison in context.site.comparisons:
        parties = "；".join(
            f"{letter}方：{names[side.source]}" for letter, side in zip("甲乙丙丁戊己", sides_of(comparison), strict=False)
        )
        lines.append((f"{comparison.name}：各方", parties))
        lines.append(
            (f"{comparison.name}：比对键", "、".join(_label(sides_of(comparison)[0].dataset, name) for name in comparison.key))
        )
        if isinstance(comparison, FlowComparison):
            settings = (
                f"{comparison.window} 个工作日；容差 {comparison.tolerance_fen} 分；平衡组明细抽查 {comparison.audit_sample:.0%}"
            )
            lines.append((f"{comparison.name}：在途窗口等", settings))
    for rule_id, setting in sorted(context.site.rules.items()):
        parts = [f"{name} = {_shown(value)}" for name, value in setting.parameters.items()]
        parts += [] if setting.enabled else ["停用"]
        if parts:
            lines.append((f"规则 {rule_id}", "；".join(parts)))
    return tuple(lines)


def _region_notes(context: Context, partitions: NightPartitions) -> list[tuple[str, str]]:
    """What a change of region codes has done to the night's comparisons, and what it has left untranslated."""
    return [
        (f"{comparison.name}：区划版本", note)
        for comparison in context.site.comparisons
        if comparison.id in partitions.tonight
        for note in partitions.tonight[comparison.id].meta.get("region_notes", ())
    ]


def _label(dataset_name: str, field: str) -> str:
    fields = datasets()[dataset_name].fields
    return fields[field].label if field in fields else field


def _shown(value: object) -> str:
    return "、".join(str(item) for item in value) or "（空）" if isinstance(value, tuple | list) else str(value)
