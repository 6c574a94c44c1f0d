"""The registry of rules: ``include/rules/registry.yaml``, rule types applied to fields, read once and checked.

Suites (``include/expectations/*.json``) and ``docs/rules.md`` are made from it; rules across datasets run from it directly.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML

from hedui.canonical.schemas import datasets as canonical_datasets
from hedui.checks.types import RuleType, rule_type
from hedui.errors import HeduiError
from hedui.rules import rules as catalogue

REGISTRY = Path(os.environ.get("HEDUI_RULES", Path(__file__).resolve().parents[2] / "rules")) / "registry.yaml"


class Examples(BaseModel):
    """Rows that show a rule: changes to a good row that break it, and such that nearly do.

    Attributes:
        good: A row that keeps the rule; of a rule across datasets a row by dataset.
        hit: Each a change, or a list of changes that make several rows; across datasets by dataset.
        near: The same for what must not be found.
        parameters: Settings under which the examples hold; default: the rule's own.
        limits: Rows of limits.csv that hold for the examples.
        regions: Rows of regions.csv that hold for the examples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    good: dict[str, Any]
    hit: tuple[Any, ...] = Field(min_length=1)
    near: tuple[Any, ...] = Field(min_length=1)
    parameters: dict[str, Any] = {}
    limits: tuple[dict[str, Any], ...] = ()
    regions: tuple[dict[str, Any], ...] = ()


class Entry(BaseModel):
    """A rule type applied to fields.

    Attributes:
        rule: Rule id of the catalogue.
        datasets: Canonical datasets it runs on: each by itself, or what a type across datasets joins.
        about: Across datasets: the dataset of the findings.
        subject: Across datasets: what a finding is about.
        type: Rule type, or ``sql`` for one whose condition is written out (``arguments.where``).
        arguments: The type's arguments.
        category: Kahn's category.
        note: What it checks, in English.
        zh: The same for users.
        field: The field its findings are about; None where they are about several.
        columns: Fields a source must deliver; across datasets ``dataset.field``.
        denominator: SQL condition of the rows examined; across datasets in words.
        kind: Kind of its findings.
        value: SQL of the value that findings show; default the field.
        amount: SQL of the money at stake.
        parameters: Defaults of its parameters.
        families: Prefixes of further parameters, one per code, for example ``items_`` for ``items_110``.
        limits: Name of the dated limits it looks up.
        examples: Rows that show it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    datasets: tuple[str, ...] = Field(min_length=1)
    about: str | None = None
    subject: Literal["person", "unit", "group"] | None = None
    type: str
    arguments: dict[str, Any]
    category: Literal["conformance", "completeness", "plausibility"]
    note: str
    zh: str
    field: str | None = None
    columns: tuple[str, ...]
    denominator: str
    kind: str | None = None
    value: str | None = None
    amount: str | None = None
    parameters: dict[str, Any] = {}
    families: tuple[str, ...] = ()
    limits: str | None = None
    examples: Examples

    @property
    def rule_type(self) -> RuleType:
        """The type's file."""
        return rule_type(self.type)

    @property
    def crosses(self) -> bool:
        """Whether it joins datasets."""
        return self.about is not None


class Elsewhere(BaseModel):
    """Where a rule is judged that neither a check nor a comparison judges.

    Attributes:
        by: The part of Hedui that judges it.
        how: What it judges by, for users.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["batches", "ledger", "regions"]
    how: str


class Registry(BaseModel):
    """The whole file.

    Attributes:
        suites: Datasets whose suite is made from it.
        rules: The rules.
        elsewhere: Rules that batches, ledgers and region migrations judge; comparisons and linkage are told by the site.
        not_judged: Rules that no canonical data can judge, and why, for users.
        settings: Parameters with their defaults of rules that other steps judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    suites: tuple[str, ...]
    rules: tuple[Entry, ...]
    elsewhere: dict[str, Elsewhere] = {}
    not_judged: dict[str, str] = {}
    settings: dict[str, dict[str, Any]] = {}


@cache
def registry() -> Registry:
    """The registry.

    Raises:
        HeduiError: It does not fit; every mistake is named with its rule.
    """
    try:
        raw = YAML(typ="safe").load(REGISTRY.read_text("utf-8"))
        found = TypeAdapter(Registry).validate_python(raw)
    except FileNotFoundError:
        raise HeduiError(f"There is no registry {REGISTRY}.") from None
    except ValidationError as error:
        lines = [f"{_place(raw, item['loc'])}: {item['msg']}" for item in error.errors()]
        raise HeduiError(f"{REGISTRY} does not fit:\n" + "\n".join(lines)) from None
    if problems := [problem for entry in found.rules for problem in _problems(entry)]:
        raise HeduiError(f"{REGISTRY} does not fit:\n" + "\n".join(problems))
    return found


def _place(raw: Any, loc: tuple[str | int, ...]) -> str:
    if len(loc) > 1 and loc[0] == "rules" and isinstance(loc[1], int):
        return ".".join([str(raw["rules"][loc[1]].get("rule", loc[1])), *map(str, loc[2:])])
    return ".".join(map(str, loc))


def _problems(entry: Entry) -> list[str]:
    """What pydantic cannot see: names that must exist elsewhere."""
    found = []
    if entry.rule not in catalogue():
        found.append(f"{entry.rule}: the catalogue has no such rule")
    unknown = [name for name in entry.datasets if name not in canonical_datasets()]
    found += [f'{entry.rule}.datasets: there is no canonical dataset "{name}"' for name in unknown]
    if entry.crosses != (entry.rule_type.grain == "cross"):
        found.append(f"{entry.rule}.about: a rule across datasets names it, others do not; the type {entry.type} decides")
    if extra := set(entry.arguments) - set(entry.rule_type.names()):
        found.append(
            f"{entry.rule}.arguments: the type {entry.type} takes {', '.join(entry.rule_type.names())}, not {sorted(extra)}"
        )
    if unknown:
        return found
    for column in entry.columns:
        dataset, _, field = column.rpartition(".")
        for name in (dataset,) if dataset else entry.datasets:
            if field not in canonical_datasets()[name].fields:
                found.append(f'{entry.rule}.columns: the dataset {name} has no field "{field}"')
    return found


def entries_of(dataset: str) -> list[Entry]:
    """The rules that a dataset's suite runs, in the registry's order."""
    return [entry for entry in registry().rules if not entry.crosses and dataset in entry.datasets]


def entry_of(rule_id: str) -> Entry | None:
    """The registry's entry of a rule; None where it ships otherwise or not at all."""
    return next((entry for entry in registry().rules if entry.rule == rule_id), None)
