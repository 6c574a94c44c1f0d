"""Checks what a flow comparison declares beyond its first key: rungs, reversals, bundles, refunds' originals."""

from __future__ import annotations

from typing import Protocol

from hedui.site.comparisons import FuzzyRung
from hedui.site.models import FlowComparison

Place = list[str | int]


class Checks(Protocol):
    """What is asked of the checker of comparisons."""

    def on_both(self, comparison: FlowComparison, name: str, place: Place) -> None:
        """Both sides deliver the field."""

    def on_one(self, comparison: FlowComparison, name: str, place: Place) -> None:
        """One of the sides at least delivers the field."""

    def rule(self, rule_id: str, place: Place) -> None:
        """The catalogue has the rule."""

    def refund_fields(self, comparison: FlowComparison) -> None:
        """The fields by which refunds are laid beside their payments."""


def ladder_names(comparison: FlowComparison) -> tuple[str, ...]:
    """The fields of the later rungs."""
    names: list[str] = []
    for rung in comparison.later_rungs:
        names += [*rung.fuzzy.equal, *rung.fuzzy.near] if isinstance(rung, FuzzyRung) else rung
    return tuple(dict.fromkeys(names))


def check_matching(checks: Checks, comparison: FlowComparison) -> None:
    """Notes every mistake of the ladder and what goes with it."""
    for name in ladder_names(comparison):
        checks.on_both(comparison, name, ["keys"])
    bundles, reversals, originals = comparison.bundles, comparison.reversals, comparison.originals
    if bundles:
        checks.rule(bundles.rule, ["bundles", "rule"])
        for name in bundles.key:
            checks.on_both(comparison, name, ["bundles", "key"])
    if reversals:
        checks.rule(reversals.rule, ["reversals", "rule"])
        for name in (reversals.flag, reversals.serial, reversals.original, *reversals.key):
            checks.on_one(comparison, name, ["reversals"])
    if originals:
        checks.rule(originals.missing, ["originals", "missing"])
        checks.rule(originals.exceeds, ["originals", "exceeds"])
        checks.refund_fields(comparison)
