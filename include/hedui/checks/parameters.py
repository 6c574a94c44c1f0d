"""The parameters that rules know: what a site's rules.yaml may set, and of what type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hedui.checks.entries import registry

COMMON = {"threshold": 0.0}
"""What every check takes: the share of examined rows that may break it before its state is ``failed``."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """The parameters of one rule.

    Attributes:
        defaults: Names with their defaults.
        families: Prefixes of names that a site may add, one per code.
    """

    defaults: dict[str, Any]
    families: tuple[str, ...] = ()

    def problem(self, name: str, value: object) -> str:
        """Why a site may not set a parameter so; empty where it may."""
        if name not in self.defaults and not name.startswith(self.families or ("\0",)):
            listed = ", ".join([*sorted(self.defaults), *(f"{prefix}<code>" for prefix in self.families)])
            return f"the rule knows no such parameter; it knows {listed}" if listed else "the rule takes no parameters"
        default = self.defaults.get(name, ())
        wants_number = isinstance(default, int | float) and not isinstance(default, bool)
        if wants_number and not isinstance(value, int | float):
            return f'must be a number, found "{value}"'
        if isinstance(default, list | tuple) and not isinstance(value, str | list | tuple):
            return f'must be a list of texts, found "{value}"; put it in brackets and quotes'
        return ""


@cache
def known_parameters() -> dict[str, Known]:
    """The parameters of every rule that takes some, by rule id."""
    from hedui.checks.cross import cross_rules  # it knows the site, which asks for this when it is loaded

    found: dict[str, Known] = {rule: Known(defaults=defaults) for rule, defaults in registry().settings.items()}
    for entry in registry().rules:
        before = found.get(entry.rule, Known(defaults={}))
        found[entry.rule] = Known(
            defaults=before.defaults | COMMON | entry.parameters, families=(*before.families, *entry.families)
        )
    for spec in cross_rules():
        before = found.get(spec.rule, Known(defaults={}))
        defaults = before.defaults | COMMON | spec.parameters | {"sources": []}
        found[spec.rule] = Known(defaults=defaults, families=before.families)
    for rule, parameters in _of_suites().items():
        found.setdefault(rule, Known(defaults=COMMON | parameters))
    return found


def _of_suites() -> dict[str, dict[str, Any]]:
    """Parameters of rules whose suite is not made from the registry."""
    from hedui.canonical.schemas import datasets
    from hedui.checks.suites import load_suite

    specs = [spec["meta"] for name in datasets() for spec in load_suite(name)["expectations"][1:]]
    return {meta["rule"]: meta.get("parameters", {}) for meta in specs}
