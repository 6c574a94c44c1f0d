"""The steps of a night as plain functions: a DAG task, the ``hedui`` command and a test call the same ones.

Each takes the context and a business date, does one thing whole (or raises and leaves the lake and the ledger as they were), and
returns a small summary without personal data, fit for XCom and logs. Every step may be run again at any time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Literal

from hedui.context import Context


@dataclass(frozen=True, kw_only=True)
class StepSummary:
    """What a step did.

    Attributes:
        step: ``extract``, ``check``, ``compare``, ``link``, ``record``, ``report``.
        subject: Source, dataset or comparison id; empty for steps over the whole night.
        business_date: The night's business date.
        state: ``done``; ``missing`` (the source did not deliver); ``skipped`` (something it needs is missing, see ``reason``).
        reason: Why it was skipped, in Chinese, without personal data.
        counts: Small figures by name (rows, findings, fen …).
        paths: Files or folders made, by name.
    """

    step: str
    subject: str
    business_date: dt.date
    state: Literal["done", "missing", "skipped"] = "done"
    reason: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)


def extract(context: Context, source: str, date: dt.date) -> StepSummary:
    """Reads one source as of ``date`` into the lake: raw batch, canonical partitions, rejects.

    A source that has not delivered yields state ``missing`` and a finding B12 in the scope ``arrival:<source>``; canonical partitions
    of an earlier extraction of that date are removed, so that nothing stale is compared.

    Raises:
        SourceError: The source cannot be read now. SourceFormatError: what it delivered is not in its declared format.
        ConservationError: rows read ≠ canonical rows + rejected rows.
    """
    from hedui.sources.extract import extract_source

    return extract_source(context, source, date)


def restate(context: Context, date: dt.date) -> StepSummary:
    """Makes other nights anew whose batches what has been extracted since has corrected: resends, cancellations, older dates."""
    from hedui.batches.restate import restate_nights

    return restate_nights(context, date)


def check(context: Context, date: dt.date) -> StepSummary:
    """Runs all expectation suites and SQL rules over the canonical partitions of ``date`` and writes their findings and data docs."""
    from hedui.checks.run import run_checks

    return run_checks(context, date)


def check_source(context: Context, source: str, date: dt.date) -> StepSummary:
    """The part of :func:`check` that concerns one source: its suites; a DAG maps over the sources."""
    from hedui.checks.run import run_source_checks

    return run_source_checks(context, source, date)


def check_across(context: Context, date: dt.date) -> StepSummary:
    """The rest of :func:`check`, after all sources: rules across datasets, then the data docs of the night."""
    from hedui.checks.datadocs import build_datadocs
    from hedui.checks.run import run_cross_rules

    summary = run_cross_rules(context, date)
    return replace(summary, paths={"datadocs": str(build_datadocs(context, date))})


def compare(context: Context, comparison: str, date: dt.date) -> StepSummary:
    """Runs one comparison for ``date`` and writes its findings; skipped, with the reason, where a side is missing.

    Raises:
        ConservationError: the balance does not foot.
    """
    from hedui.compare.run import run_comparison

    return run_comparison(context, comparison, date)


def link(context: Context, comparison: str, date: dt.date) -> StepSummary:
    """Suggests which one-sided keys of a comparison are the same person; skipped where the comparison did not run.

    Raises:
        HeduiError: The site does not want the comparison linked.
    """
    from hedui.linkage.run import run_linkage

    return run_linkage(context, comparison, date)


def record(context: Context, date: dt.date) -> StepSummary:
    """Merges the findings of ``date`` (and of later dates that a comparison has restated) into the ledger's cases, notes what
    happened to batches, and tells senders which of their records failed. Cases that a correction was to settle and that are still there
    are findings of their own (T18); new ones about rows that it changed are tied to it.
    """
    from hedui.batches.business import write_business_receipts
    from hedui.batches.recording import record_batches
    from hedui.cases.record import record_findings
    from hedui.corrections.effects import note_effects
    from hedui.corrections.watch import write_unproven

    write_unproven(context, date)
    summary = record_findings(context, date)
    note_effects(context, date)
    record_batches(context)
    for source in context.site.sources:
        write_business_receipts(context, source, date)
    return summary


def report(context: Context, date: dt.date, *, restated: dt.date | None = None) -> StepSummary:
    """Makes the workbook of ``date`` with the full detail beside it; ``restated``: in the codes of a later region table."""
    from hedui.reports.nightly import make_report

    return make_report(context, date, restated=restated)


def night(context: Context, date: dt.date) -> list[StepSummary]:
    """Runs a whole night in one process, in the order of the DAG; a missing source degrades only what needs it."""
    site = context.site
    total = len(site.sources) + len(site.comparisons) + len(site.linked) + 4
    summaries: list[StepSummary] = []

    def done(summary: StepSummary) -> None:
        summaries.append(summary)
        context.progress(f"{date} {summary.step} {summary.subject}".strip(), len(summaries), total)

    for source in site.sources:
        done(extract(context, source.id, date))
    done(restate(context, date))
    done(check(context, date))
    for comparison in site.comparisons:
        done(compare(context, comparison.id, date))
    for linked in site.linked:
        done(link(context, linked.id, date))
    done(record(context, date))
    done(report(context, date))
    return summaries
