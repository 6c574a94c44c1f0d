"""The rules that ship as checks: what the command lists and explains, and what the docs are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hedui.canonical.schemas import datasets
from hedui.checks.cross import cross_rules
from hedui.checks.suites import EXPECTATIONS_ROOT, load_suite
from hedui.engine import SQL_ROOT
from hedui.errors import HeduiError
from hedui.findings import SEVERITIES
from hedui.rules import rule


@dataclass(frozen=True, kw_only=True)
class ShippedRule:
    """A rule that ships as an expectation or as SQL across datasets.

    Attributes:
        rule: Rule id.
        name: Chinese name.
        severity: Default severity code; a site may set another.
        datasets: Canonical datasets it runs on: each by itself (expectations), or joined (SQL).
        kind: ``expectation`` or ``sql``.
        fields: Canonical fields it needs.
        field: The field its findings are about; None where they are about several.
        parameters: Defaults of its parameters.
        note: What it checks.
        denominator: Which rows it examines.
        text: The expectation with its SQL, or the SQL file, as written.
        file: Where the text is, below ``include``.
    """

    rule: str
    name: str
    severity: str
    datasets: tuple[str, ...]
    kind: str
    fields: tuple[str, ...]
    field: str | None
    parameters: dict[str, object]
    note: str
    denominator: str
    text: str
    file: str


@cache
def shipped_rules() -> tuple[ShippedRule, ...]:
    """All rules that ship as checks, by id; a rule on several datasets appears once."""
    found: dict[str, ShippedRule] = {}
    for dataset in datasets():
        for spec in load_suite(dataset)["expectations"][1:]:
            meta = spec["meta"]
            known = found.get(meta["rule"])
            found[meta["rule"]] = ShippedRule(
                rule=meta["rule"],
                name=rule(meta["rule"]).name,
                severity=rule(meta["rule"]).severity,
                datasets=(*(known.datasets if known else ()), dataset),
                kind="expectation",
                fields=tuple(meta["columns"]),
                field=meta["field"],
                parameters=meta.get("parameters", {}),
                note=meta["note"],
                denominator=meta["denominator"],
                text="\n".join([spec["type"], *(f"  {name}: {value}" for name, value in spec["kwargs"].items())]),
                file=f"{EXPECTATIONS_ROOT.name}/{known.datasets[0] if known else dataset}.json",
            )
    for item in cross_rules():
        found[item.rule] = ShippedRule(
            rule=item.rule,
            name=rule(item.rule).name,
            severity=rule(item.rule).severity,
            datasets=item.datasets,
            kind="sql",
            fields=tuple(f"{dataset}.{field}" for dataset, fields in item.needs.items() for field in fields),
            field=None,
            parameters=item.parameters,
            note=item.note,
            denominator=item.denominator,
            text=(SQL_ROOT / item.file).read_text("utf-8"),
            file=f"sql/{item.file}",
        )
    return tuple(found[name] for name in sorted(found))


def explain(rule_id: str) -> str:
    """One rule in words and SQL, for people.

    Raises:
        HeduiError: No such rule ships as a check.
    """
    shipped = {item.rule: item for item in shipped_rules()}
    if rule_id not in shipped:
        raise HeduiError(f'No check ships for the rule "{rule(rule_id).id}"; there are checks for {", ".join(shipped)}.')
    item = shipped[rule_id]
    parameters = ", ".join(f"{name} = {value}" for name, value in item.parameters.items()) or "none"
    return "\n".join(
        [
            f"{item.rule} {item.name} ({SEVERITIES[item.severity]}; {', '.join(item.datasets)})",
            item.note,
            f"Source: {rule(rule_id).evidence}",
            f"Needs: {', '.join(item.fields)}",
            f"Examines: {item.denominator}",
            f"Parameters: {parameters}; rules.yaml may set them, severity, agency, enabled and threshold",
            f"Text (include/{item.file}):",
            item.text,
        ]
    )
