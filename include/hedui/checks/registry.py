"""The rules that ship as checks: what the command lists and explains, and what the docs are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hedui.canonical.schemas import datasets
from hedui.checks.cross import CrossRule, cross_rules
from hedui.checks.suites import EXPECTATIONS_ROOT, load_suite
from hedui.checks.types import rule_type
from hedui.engine import SQL_ROOT
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
        type: Rule type; empty for one with SQL of its own.
        fields: Canonical fields it needs.
        field: The field its findings are about; None where they are about several.
        parameters: Defaults of its parameters.
        note: What it checks, in English.
        zh: The same for users; the English note where there is no other.
        denominator: Which rows it examines.
        text: The expectation with its SQL, or the SQL file, as written.
        file: Where the text is, below ``include``.
    """

    rule: str
    name: str
    severity: str
    datasets: tuple[str, ...]
    kind: str
    type: str
    fields: tuple[str, ...]
    field: str | None
    parameters: dict[str, object]
    note: str
    zh: str
    denominator: str
    text: str
    file: str

    @property
    def type_label(self) -> str:
        """Chinese name of the rule type."""
        return rule_type(self.type).label if self.type else "专用 SQL"


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
                type=meta.get("type", ""),
                fields=tuple(meta["columns"]),
                field=meta["field"],
                parameters=meta.get("parameters", {}),
                note=meta["note"],
                zh=meta.get("zh", meta["note"]),
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
            type=item.type,
            fields=tuple(f"{dataset}.{field}" for dataset, fields in item.needs.items() for field in fields),
            field=None,
            parameters=item.parameters,
            note=item.note,
            zh=item.zh or item.note,
            denominator=item.denominator,
            text=_text(item),
            file=f"sql/{item.file}",
        )
    return tuple(found[name] for name in sorted(found))


def _text(spec: CrossRule) -> str:
    """The SQL of a rule across datasets as written; of a typed one with its arguments before it."""
    sql = (SQL_ROOT / spec.file).read_text("utf-8")
    return "\n".join([*(f"  {name}: {value}" for name, value in spec.arguments.items()), sql])
