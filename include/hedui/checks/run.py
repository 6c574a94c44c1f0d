"""The check step: suites per source, rules across datasets, data docs.

``run_source_checks`` and ``run_cross_rules`` may run side by side (a DAG maps over the sources); ``build_datadocs`` comes after them.
``run_checks`` does all three.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from hedui.canonical.schemas import Dataset
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.checks.cross import cross_rules, run_rule, sources_of
from hedui.checks.datadocs import build_datadocs
from hedui.checks.model import NOT_DELIVERED, STATES, Check, CheckError, RuleRecord
from hedui.checks.partition import ViewResult, check_view
from hedui.checks.pushdown import Pushdown, open_pushdown
from hedui.checks.results import remove_results, write_results
from hedui.checks.suites import checks, mapped_fields, structure
from hedui.checks.writing import RawBatch, remove_findings, setting, write_findings
from hedui.context import Context
from hedui.engine import parquet
from hedui.lake import Manifest, Partition
from hedui.steps import StepSummary


def run_checks(context: Context, date: dt.date) -> StepSummary:
    """Runs all suites and rules over the canonical partitions of ``date`` and writes findings and data docs.

    Raises:
        CheckError: Some rule could not run. All others have run and their findings are written.
    """
    steps, problems = [], []
    for number, source in enumerate(context.site.sources):
        context.progress("check", number, len(context.site.sources) + 1)
        try:
            steps.append(run_source_checks(context, source.id, date))
        except CheckError as error:
            problems.append(str(error))
    try:
        steps.append(run_cross_rules(context, date))
    except CheckError as error:
        problems.append(str(error))
    page = build_datadocs(context, date)
    context.progress("check", len(context.site.sources) + 1, len(context.site.sources) + 1)
    if problems:
        raise CheckError("\n".join(problems))
    counts = sum((Counter(step.counts) for step in steps), Counter())
    return StepSummary(step="check", subject="", business_date=date, counts=dict(counts), paths={"datadocs": str(page)})


def run_source_checks(context: Context, source: str, date: dt.date, *, only: Collection[str] | None = None) -> StepSummary:
    """Runs the suites of one source's partitions of ``date``; one findings partition per dataset, scope ``check:<dataset>:<source>``.

    A dataset without a partition leaves no findings partition, an older one is removed: nothing is said about it.

    Args:
        context: The surroundings.
        source: The source.
        date: The night.
        only: Datasets to look at; all of the source's where left out.

    Raises:
        CheckError: Some rule could not run. All others have run and their findings are written.
    """
    manifests: dict[str, Manifest] = {}
    for dataset in context.site.source(source).datasets:
        if only is not None and dataset not in only:
            continue
        manifest = context.lake.manifest(context.canonical(dataset, source, date))
        if manifest is None:
            remove_findings(context, scope_of(dataset, source), date, stands=_is_flow(dataset))
        else:
            manifests[dataset] = manifest
    if not manifests:
        remove_results(context, source, date)
        return StepSummary(step="check", subject=source, business_date=date, state="missing", reason=NOT_DELIVERED)
    results, problems, found = {}, [], 0
    with open_pushdown(memory_limit=context.memory_limit, threads=context.threads) as pushdown:
        for dataset, manifest in manifests.items():
            try:
                result, written = _check_partition(context, pushdown, source=source, dataset=dataset, date=date, manifest=manifest)
            except CheckError as error:
                remove_findings(context, scope_of(dataset, source), date, stands=_is_flow(dataset))
                problems.append(str(error))
                continue
            results[dataset] = result
            found += written.rows
    write_results(context, source, date, rows={name: manifests[name].rows for name in results}, results=results)
    records = [item for result in results.values() for item in result.records]
    return _summary(source, date, records, found, problems)


def run_cross_rules(context: Context, date: dt.date) -> StepSummary:
    """Runs the rules across datasets over every source that has what they need; scopes ``rule:<id>:<source>``.

    Raises:
        CheckError: Some rule could not run. All others have run and their findings are written.
    """
    records, found = [], 0
    for spec in cross_rules():
        for source in sources_of(context.site, spec):
            result, rows = run_rule(context, spec, source, date)
            records.append(result)
            found += rows
    return _summary("rules", date, records, found, [])


def scope_of(dataset: str, source: str) -> str:
    """Scope of the findings of a suite."""
    return f"check:{dataset}:{source}"


def _is_flow(dataset: str) -> bool:
    return canonical_dataset(dataset).kind == "flow"


def _check_partition(
    context: Context, pushdown: Pushdown, *, source: str, dataset: str, date: dt.date, manifest: Manifest
) -> tuple[ViewResult, Manifest]:
    spec, partition = canonical_dataset(dataset), context.canonical(dataset, source, date)
    pushdown.register(dataset, context.lake.files(partition))
    suite = checks(context.site, source=source, dataset=dataset, date=date)
    result = check_view(
        pushdown, dataset, suite, delivered=mapped_fields(context.site, source, dataset), structure=structure(dataset)
    )
    written = write_findings(
        context,
        pushdown.connection,
        scope=scope_of(dataset, source),
        date=date,
        shapes=result.shapes,
        settings=[setting(check, subject=spec.subject, flow=spec.kind == "flow") for check in suite],
        records=result.records,
        inputs={partition.path: manifest.digest},
        raw=_raw_batch(context, spec, source, date, suite, manifest.meta),
        stands=_is_flow(dataset),
    )
    return result, written


def _raw_batch(
    context: Context, spec: Dataset, source: str, date: dt.date, suite: list[Check], meta: dict[str, Any]
) -> RawBatch | None:
    """Where the values as received are, for row rules about one field; None where the raw batch has not been kept."""
    columns = meta.get("raw_columns", {})
    of_rules = {check.rule: columns[check.field] for check in suite if check.grain == "row" and columns.get(check.field)}
    partition = Partition(layer="raw", parts=(source, spec.name), date=date)
    if not of_rules or context.lake.manifest(partition) is None:
        return None
    files = context.lake.files(partition)
    return RawBatch(relation=parquet(files), columns=of_rules) if files else None


def _summary(subject: str, date: dt.date, records: Iterable[RuleRecord], found: int, problems: list[str]) -> StepSummary:
    states = Counter(item.state for item in records)
    broken = [f"{item.rule} ({item.dataset}, {item.source}): {item.reason}" for item in records if item.state == "error"]
    if broken or problems:
        raise CheckError(
            "Some checks could not run; correct them and run the step again, the others are done:\n"
            + "\n".join([*problems, *broken])
        )
    return StepSummary(
        step="check",
        subject=subject,
        business_date=date,
        counts={"findings": found, "rules": sum(states.values()), **{state: states[state] for state in STATES if states[state]}},
    )
