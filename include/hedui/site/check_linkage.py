"""Checks a comparison's section ``linkage``: it is about persons by id number, its rules and sources exist."""

from __future__ import annotations

from hedui.canonical.schemas import datasets
from hedui.rules import rules
from hedui.site.linkage import Linkage
from hedui.site.models import Comparison, SnapshotComparison
from hedui.site.parts import Part, Parts, values
from hedui.site.problems import Problems, choose

FURTHER_KEYS = ("insurance", "period")
"""What a key may have beside the id number: persons are linked within the same insurance and period."""


def check_linkage(part: Part[Comparison], parts: Parts) -> None:
    """Notes every mistake of the section; nothing where the comparison has none."""
    comparison = part.value
    if not isinstance(comparison, SnapshotComparison) or comparison.linkage is None:
        return
    linkage = comparison.linkage
    for name, rule_id in (("rule", linkage.rule), ("within_rule", linkage.within_rule)):
        if rule_id not in rules():
            part.problem(["linkage", name], f'unknown rule "{Problems.cut(rule_id)}"; {choose(rule_id, rules())}')
    if linkage.rule == linkage.within_rule:
        part.problem(["linkage", "within_rule"], f'"{linkage.rule}" is the rule of pairs between sides already; take another')
    sides = [side.source for side in comparison.sides]
    for position, source in enumerate(linkage.within):
        if source not in sides:
            part.problem(["linkage", "within", position], f'"{Problems.cut(source)}" is not a side; {choose(source, sides)}')
    _check_key(part, comparison)
    _check_sides(part, parts, comparison, linkage)


def _check_key(part: Part[Comparison], comparison: SnapshotComparison) -> None:
    others = [name for name in comparison.key if name not in ("id_number", *FURTHER_KEYS)]
    if "id_number" not in comparison.key or others:
        part.problem(
            ["linkage"], f"links persons by id_number, with insurance or period at most; the key is {list(comparison.key)}"
        )


def _check_sides(part: Part[Comparison], parts: Parts, comparison: SnapshotComparison, linkage: Linkage) -> None:
    sources = {source.id: source for source in values(parts.sources)}
    for side in comparison.sides:
        known = datasets().get(side.dataset)
        if known is None or side.source not in sources or side.dataset not in sources[side.source].datasets:
            continue  # another message says so
        if known.subject != "person":
            part.problem(["linkage"], f"links persons; {side.dataset} of {side.source} is about a {known.subject}")
        elif "name" in linkage.fields and "name" not in sources[side.source].datasets[side.dataset].columns:
            part.problem(["linkage"], f"needs the name; {side.source} does not fill it in {side.dataset}")
