"""Data docs of a night: one self-contained page with every rule, what it says and how it fared.

Great Expectations' own site loads its styles and scripts from content networks, which a closed government network does not reach, and
stamps run times into its pages. This page takes the texts from Great Expectations' renderer and stands alone: no script, no address
outside, the same results give the same bytes. It shows counts and the texts of rules, never a value of the data.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.checks.cross import CrossRule, cross_check, cross_rules, sources_of
from hedui.checks.model import NOT_DELIVERED, STATES, record
from hedui.checks.results import read_results
from hedui.context import Context
from hedui.engine import SQL_ROOT
from hedui.findings import SEVERITIES


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of the page: the rules of one dataset of a source, or those across datasets.

    Attributes:
        anchor: Its id on the page.
        title: Heading.
        note: A line below the heading.
        rules: One mapping per rule: a record with ``expectation`` and ``observed``.
    """

    anchor: str
    title: str
    note: str
    rules: list[dict[str, Any]]


def build_datadocs(context: Context, date: dt.date) -> Path:
    """Writes ``<reports>/<date>/datadocs/index.html`` from the results that are in the lake, and returns its path."""
    groups = [(source.name, _of_source(context, source.id, date)) for source in context.site.sources]
    groups.append(("跨数据集规则", [_across(context, date)]))
    states = Counter(rule["state"] for _, sections in groups for section in sections for rule in section.rules)
    page = (
        _environment()
        .get_template("datadocs.html")
        .render(site=context.site, date=date, groups=groups, states=states, state_names=STATES, severity_names=SEVERITIES)
    )
    path = context.reports / date.isoformat() / "datadocs" / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(path)
    return path


def _of_source(context: Context, source: str, date: dt.date) -> list[Section]:
    return [
        Section(
            anchor=f"{source}-{name}",
            title=canonical_dataset(name).label,
            note=f"{name} · {result['rows']:,} 行",
            rules=result["rules"],
        )
        for name, result in read_results(context, source, date).items()
    ]


def _across(context: Context, date: dt.date) -> Section:
    rules: list[dict[str, Any]] = []
    for spec in cross_rules():
        text = (SQL_ROOT / spec.file).read_text("utf-8")
        for source in sources_of(context.site, spec):
            manifest = context.lake.manifest(context.findings(spec.scope(source), date))
            records = manifest.meta["rules"] if manifest else [_not_run(context, spec, source)]
            rules.extend({**item, "expectation": text, "observed": ""} for item in records)
    return Section(anchor="rules", title="跨数据集规则", note="include/sql/rules", rules=rules)


def _not_run(context: Context, spec: CrossRule, source: str) -> dict[str, Any]:
    """Record of a rule whose source has not delivered."""
    return record(cross_check(context.site, spec, source), state="no_data", reason=NOT_DELIVERED).as_meta()


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
