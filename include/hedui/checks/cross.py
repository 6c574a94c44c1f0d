"""Rules across datasets, whose SQL gives both the counts and the breaking rows: those of the registry, made from a rule type, and special
ones with a file of their own in ``include/sql/rules/``.

Such a file begins with a header of ``-- key: value`` lines: ``rule``, ``datasets`` (what it joins), ``about`` (the dataset of its
findings), ``subject``, ``needs`` (fields a source must deliver), ``parameters`` (defaults, JSON), ``denominator``, ``note``; and where
the rule has them ``zh`` (the note for users), ``elsewhere`` (datasets that it reads from every source that delivers them, a register of
deaths for example, with the source's id in the column ``source``) and ``limits`` (names of dated limits of limits.csv, given as
``limits.<name>``).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cache
from typing import Any

import duckdb
import jinja2

from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.checks.entries import Entry, registry
from hedui.checks.model import NOT_DELIVERED, Check, RuleRecord, record
from hedui.checks.pushdown import safe_message
from hedui.checks.suites import parameters_of, render_text
from hedui.checks.types import rule_type
from hedui.checks.writing import Shape, query, remove_findings, setting, write_findings
from hedui.context import Context
from hedui.engine import SQL_ROOT, connect, literal, parquet
from hedui.errors import HeduiError
from hedui.lake import Partition
from hedui.rules import rule
from hedui.site import Site

HEADER = re.compile(r"^-- (\w+): (.*)$")
SUBJECT_COLUMNS = ("region", "insurance", "period", "value", "amount")
RULE_FILE = re.compile(r"[A-Z]\d\d\.sql")


@dataclass(frozen=True, kw_only=True)
class CrossRule:
    """A rule across datasets: an entry of the registry, or the header of a special rule's SQL file.

    Attributes:
        rule: Rule id; a special rule's file is ``include/sql/rules/<rule>.sql``.
        datasets: Canonical datasets it reads, of one source at a time.
        about: The dataset of its findings.
        subject: What a finding is about: ``person``, ``unit`` or ``group``.
        needs: Fields a source must deliver, by dataset.
        parameters: Defaults of its parameters.
        denominator: What it counts as examined.
        note: What it checks.
        elsewhere: Canonical datasets that it reads from every source that delivers them.
        limits: Names of the dated limits that it looks up.
        zh: The note for users; empty where there is none.
        type: Rule type; empty for a special rule.
        arguments: What the type is given; texts may hold ``{{ … }}``.
    """

    rule: str
    datasets: tuple[str, ...]
    about: str
    subject: str
    needs: dict[str, tuple[str, ...]]
    parameters: dict[str, Any]
    denominator: str
    note: str
    elsewhere: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    zh: str = ""
    type: str = ""
    arguments: dict[str, Any] = attribute(default_factory=dict)

    @property
    def file(self) -> str:
        """Path below ``include/sql``."""
        return rule_type(self.type).file if self.type else f"rules/{self.rule}.sql"

    def query(self, *, result: str, names: dict[str, Any]) -> str:
        """The SQL that counts (``count``) or gives the breaking rows (``rows``).

        Args:
            result: Which of the two.
            names: Relations by dataset, ``date``, ``parameters``, ``limits``.
        """
        if not self.type:
            return query(self.file.removeprefix("rules/"), result=result, **names)
        relations = {name: names[self.arguments[name]] for name in ("one", "other")}
        filled = _filled(self.arguments, names) | relations
        filled["subject"] = dict.fromkeys(SUBJECT_COLUMNS, "") | filled["subject"]
        return query(self.file.removeprefix("rules/"), result=result, **filled)

    @property
    def stands(self) -> bool:
        """Whether its findings are about a flow and stand until their own date is corrected."""
        return canonical_dataset(self.about).kind == "flow"

    def scope(self, source: str) -> str:
        """Scope of its findings about one source: a source that has not delivered leaves the others' cases alone, and its own."""
        return f"rule:{self.rule}:{source}"


@cache
def cross_rules() -> tuple[CrossRule, ...]:
    """All rules across datasets, by id.

    Raises:
        HeduiError: A header lacks a line.
    """
    names = sorted(path.name for path in (SQL_ROOT / "rules").glob("*.sql") if RULE_FILE.fullmatch(path.name))
    typed = [_typed(entry) for entry in registry().rules if entry.crosses]
    return tuple(sorted([*typed, *(_read(name) for name in names)], key=lambda spec: spec.rule))


def _typed(entry: Entry) -> CrossRule:
    """An entry of the registry as a rule across datasets."""
    return CrossRule(
        rule=entry.rule,
        datasets=entry.datasets,
        about=str(entry.about),
        subject=str(entry.subject),
        needs=_by_dataset(entry.columns),
        parameters=entry.parameters,
        denominator=entry.denominator,
        note=entry.note,
        zh=entry.zh,
        limits=(entry.limits,) if entry.limits else (),
        type=entry.type,
        arguments=entry.arguments,
    )


def _by_dataset(fields: Iterable[str]) -> dict[str, tuple[str, ...]]:
    needs: dict[str, tuple[str, ...]] = {}
    for item in fields:
        dataset, _, field = item.partition(".")
        needs[dataset] = (*needs.get(dataset, ()), field)
    return needs


def _filled(value: Any, names: dict[str, Any]) -> Any:
    """A type's arguments with their ``{{ … }}`` filled in."""
    if isinstance(value, dict):
        return {name: _filled(item, names) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, names) for item in value]
    return render_text(value, names)


def _read(name: str) -> CrossRule:
    lines = (SQL_ROOT / "rules" / name).read_text("utf-8").splitlines()
    header: dict[str, str] = {match[1]: match[2] for line in lines if (match := HEADER.match(line))}
    try:
        return CrossRule(
            rule=header["rule"],
            datasets=tuple(header["datasets"].split(", ")),
            about=header["about"],
            subject=header["subject"],
            needs=_by_dataset(header["needs"].split(", ")),
            parameters=json.loads(header["parameters"]),
            denominator=header["denominator"],
            note=header["note"],
            zh=header.get("zh", ""),
            elsewhere=_names(header.get("elsewhere", "")),
            limits=_names(header.get("limits", "")),
        )
    except KeyError as missing:
        raise HeduiError(f"SQL file rules/{name}: the header has no line -- {missing.args[0]}: …") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(", ") if name)


def sources_of(site: Site, spec: CrossRule) -> list[str]:
    """Ids of the sources that have all datasets of a rule; its parameter ``sources`` may name fewer."""
    wanted = parameters_of(site, spec.rule, {**spec.parameters, "sources": []})["sources"]
    return [
        source.id
        for source in site.sources
        if all(name in source.datasets for name in spec.datasets) and (not wanted or source.id in wanted)
    ]


def run_rule(context: Context, spec: CrossRule, source: str, date: dt.date) -> tuple[RuleRecord, int]:
    """Runs one rule over one source and writes the findings of its scope.

    Where the source has not delivered all datasets, or another source one that the rule reads from everywhere, nothing ran: an older
    partition of findings is removed.

    Returns:
        How the rule fared, and the number of findings.
    """
    check = cross_check(context.site, spec, source)
    own = [context.canonical(name, source, date) for name in spec.datasets]
    partitions = [*own, *_elsewhere(context, spec, date)]
    manifests = {partition.path: context.lake.manifest(partition) for partition in partitions}
    inputs = {path: manifest.digest for path, manifest in manifests.items() if manifest}
    if len(inputs) < len(manifests):
        remove_findings(context, spec.scope(source), date, stands=spec.stands)
        return record(check, state="no_data", reason=NOT_DELIVERED), 0
    with connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        result, shapes = _examine(context, connection, spec, check, partitions, date)
        manifest = write_findings(
            context,
            connection,
            scope=spec.scope(source),
            date=date,
            shapes=shapes,
            settings=[setting(check, subject=spec.subject, flow=spec.stands)],
            records=[result],
            inputs=inputs,
            stands=spec.stands,
        )
    return result, manifest.rows


def _elsewhere(context: Context, spec: CrossRule, date: dt.date) -> list[Partition]:
    sources = context.site.sources
    return [context.canonical(name, item.id, date) for name in spec.elsewhere for item in sources if name in item.datasets]


def _union(context: Context, partitions: list[Partition], dataset: str) -> str:
    """A relation over one dataset of several sources with the source's id; without any it is empty."""
    parts = [(partition.parts[1], context.lake.files(partition)) for partition in partitions if partition.parts[0] == dataset]
    selects = [
        f"SELECT {literal(name)} AS source, part.* FROM {relation(files, dataset)} AS part" for name, files in parts or [("", [])]
    ]
    return "(" + " UNION ALL ".join(selects) + ")"


def _examine(
    context: Context,
    connection: duckdb.DuckDBPyConnection,
    spec: CrossRule,
    check: Check,
    partitions: list[Partition],
    date: dt.date,
) -> tuple[RuleRecord, list[Shape]]:
    if not check.enabled:
        return record(check, state="disabled", reason="本地配置停用"), []
    if missing := _unmapped(context.site, spec, check.source):
        return record(check, state="no_data", reason="该来源不提供：" + "、".join(missing)), []
    own = partitions[: len(spec.datasets)]
    relations = {partition.parts[0]: relation(context.lake.files(partition), partition.parts[0]) for partition in own}
    relations |= {name: _union(context, partitions[len(own) :], name) for name in spec.elsewhere}
    limits = {
        name: sorted(context.site.limits_at(name, date), key=lambda row: (not row.region, not row.insurance))
        for name in spec.limits
    }
    parameters = parameters_of(context.site, spec.rule, spec.parameters)
    names = {**relations, "date": date, "parameters": parameters, "limits": limits}
    try:
        counted = spec.query(result="count", names=names)
        examined, violations = connection.execute(counted).fetchone() or (0, 0)
        rows = spec.query(result="rows", names=names)
    except (duckdb.Error, jinja2.TemplateError, HeduiError, ValueError) as error:
        return record(check, state="error", reason=safe_message(str(error), type(error).__name__)), []
    shapes = [Shape(rule=check.rule, source=check.source, query=rows)] if violations else []
    return record(check, examined=examined, violations=violations), shapes


def cross_check(site: Site, spec: CrossRule, source: str) -> Check:
    """The rule as a check of one source."""
    parameters = parameters_of(site, spec.rule, spec.parameters)
    return Check(
        rule=spec.rule,
        name=rule(spec.rule).name,
        severity=site.rule_severity(spec.rule),
        agency=site.rule_agency(spec.rule, source),
        dataset=spec.about,
        source=source,
        grain="group",
        threshold=float(parameters.get("threshold", 0.0)),
        enabled=site.rule_setting(spec.rule).enabled,
    )


def _unmapped(site: Site, spec: CrossRule, source: str) -> list[str]:
    delivered = site.source(source).datasets
    return [
        canonical_dataset(dataset).fields[field].label
        for dataset, fields in spec.needs.items()
        for field in fields
        if field not in delivered[dataset].columns
    ]


def relation(files: list[str], dataset: str) -> str:
    """A relation over a partition's files; one without files is empty and has the dataset's columns."""
    if files:
        return parquet(files)
    fields = canonical_dataset(dataset).fields.values()
    columns = ", ".join(f"CAST(NULL AS {field.sql_type}) AS {field.name}" for field in fields)
    return f"(SELECT {columns}, CAST(NULL AS BIGINT) AS source_row WHERE FALSE)"
