"""A rule on its own examples: the rows of the registry through the texts that run at night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import pyarrow as pa

from hedui.canonical.schemas import datasets as canonical_datasets
from hedui.checks.cross import CrossRule, cross_rules
from hedui.checks.entries import Entry, registry
from hedui.checks.suites import checks, parameters_of
from hedui.engine import ident
from hedui.errors import HeduiError
from hedui.rules import rule
from hedui.site import Site
from hedui.site.models import Agency, Column, DelimitedReader, Limit, Region, RuleSetting, Source, SourceDataset

DATE = dt.date(2026, 6, 3)
"""The business date of all examples."""

ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "DECIMAL(12, 3)": pa.decimal128(12, 3),
}
Rows = dict[str, list[dict[str, Any]]]
Kind = Literal["good", "hit", "near"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a rule said of one example.

    Attributes:
        dataset: The dataset of the rows; of a rule across datasets that of its findings.
        kind: ``good``: a row that keeps the rule; ``hit``: it must be found; ``near``: it must not.
        change: What tells the rows from the good one.
        found: How many findings there were.
        examined: How many rows the rule looked at.
    """

    dataset: str
    kind: Kind
    change: Any
    found: int
    examined: int

    @property
    def right(self) -> bool:
        """Whether the rule said what it should."""
        return (self.found > 0) == (self.kind == "hit")


def run_examples(rule_id: str) -> list[Outcome]:
    """Runs every example of a rule.

    Raises:
        HeduiError: The rule is unknown, or has no examples: it is written in SQL of its own and is tested on the demo world.
    """
    entries = [entry for entry in registry().rules if entry.rule == rule_id]
    if not entries:
        raise HeduiError(
            f'The rule "{rule(rule_id).id}" has no examples in the registry; rules with SQL of their own are planted in the demo world.'
        )
    return [outcome for entry in entries for outcome in _run(entry)]


def _run(entry: Entry) -> Iterator[Outcome]:
    site = _site(entry)
    examples: list[tuple[Kind, Any]] = [
        ("good", {}),
        *(("hit", x) for x in entry.examples.hit),
        *(("near", x) for x in entry.examples.near),
    ]
    for name in (entry.about,) if entry.crosses else entry.datasets:
        for kind, change in examples:
            rows = _across(entry, change) if entry.crosses else {str(name): _changed(entry.examples.good, change)}
            examined, found = _judge(entry, site, str(name), rows)
            yield Outcome(dataset=str(name), kind=kind, change=change, found=found, examined=examined)


def _site(entry: Entry) -> Site:
    """A site of one source that delivers everything, with the examples' parameters, limits and regions."""
    examples, days = entry.examples, {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 12, 31)}
    columns = {name: {field: Column(const="x") for field in canonical_datasets()[name].fields} for name in entry.datasets}
    parameters = {name: tuple(value) if isinstance(value, list) else value for name, value in examples.parameters.items()}
    return Site(
        id="examples",
        name="样例",
        region="",
        agencies=(Agency(id="example", name="样例", tier="local"),),
        sources=(
            Source(
                id="example",
                name="样例",
                agency="example",
                reader=DelimitedReader(type="delimited", path="", encoding="utf-8", separator=","),
                datasets={name: SourceDataset(table="t", columns=fields) for name, fields in columns.items()},
            ),
        ),
        comparisons=(),
        rules={entry.rule: RuleSetting(parameters=parameters)},
        limits=tuple(Limit(**days | row) for row in examples.limits),
        regions=tuple(Region(**row) for row in examples.regions),
    )


def _changed(good: Any, change: Any) -> list[dict[str, Any]]:
    """The rows of an example: the good row with each change."""
    return [{**good, **item} for item in (change if isinstance(change, list | tuple) else [change])]


def _across(entry: Entry, change: Any) -> Rows:
    return {name: _changed(entry.examples.good[name], change.get(name, {})) for name in entry.datasets}


def _judge(entry: Entry, site: Site, name: str, rows: Rows) -> tuple[int, int]:
    """Rows examined and findings."""
    with duckdb.connect() as connection:
        for dataset, members in rows.items():
            connection.register(dataset, _table(dataset, members))
        if entry.crosses:
            return _judge_across(connection, next(item for item in cross_rules() if item.rule == entry.rule), site)
        check = next(item for item in checks(site, source="example", dataset=name, date=DATE) if item.rule == entry.rule)
        if check.problem:
            raise HeduiError(f"The rule {entry.rule} does not render: {check.problem}")
        examined = f"SELECT count(*) FILTER (WHERE {check.denominator}) FROM {ident(name)}"
        query = f"SELECT source_row FROM {ident(name)} WHERE {check.condition}"
        if check.grain == "group":
            query = check.condition.replace("{batch}", ident(name))
        return _number(connection, examined), len(connection.execute(query).fetchall())


def _judge_across(connection: duckdb.DuckDBPyConnection, spec: CrossRule, site: Site) -> tuple[int, int]:
    names: dict[str, Any] = {name: ident(name) for name in spec.datasets}
    names |= {"date": DATE, "parameters": parameters_of(site, spec.rule, spec.parameters), "limits": {}}
    found = connection.execute(spec.query(result="rows", names=names)).fetchall()
    return _number(connection, spec.query(result="count", names=names)), len(found)


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int((connection.execute(query).fetchone() or (0,))[0])


def _table(dataset: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a canonical partition: fields that they do not name are empty, ``source_row`` counts from 1."""
    fields = canonical_datasets()[dataset].fields.values()
    schema = pa.schema([*((field.name, ARROW[field.sql_type]) for field in fields), ("source_row", pa.int64())])
    if unknown := {name for row in rows for name in row} - set(schema.names):
        raise HeduiError(f"The examples name fields that the dataset {dataset} lacks: {', '.join(sorted(unknown))}.")
    numbered = [{**row, "source_row": number} for number, row in enumerate(rows, start=1)]
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in numbered], schema=schema)
