"""The rule catalogue: ``rules.tsv`` with the handbook's ids, Chinese names and severities, plus four of our own.

``K01`` (a compared row has no usable key), ``K02`` (two rows of one side have the same key) and ``K03`` (the sides differ) are Hedui's
additions: the handbook names the defects only per field or pair of agencies, the comparisons need them for every key and pair. ``K04``
is what an inspection finds beyond its standard.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hedui.errors import HeduiError

SEVERITY_CODES = {"阻断": "block", "错误": "error", "警告": "warning", "提示": "info"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the catalogue.

    Attributes:
        id: Handbook id, for example ``P07``.
        name: Chinese name, what users see.
        check: What is checked, in English.
        severity: ``block``, ``error``, ``warning`` or ``info``; a site may override it.
        evidence: Where the rule comes from (handbook's tags).
    """

    id: str
    name: str
    check: str
    severity: str
    evidence: str


@cache
def rules() -> dict[str, Rule]:
    """All rules by id."""
    with files("hedui").joinpath("rules.tsv").open(encoding="utf-8") as handle:
        return {
            row["id"]: Rule(
                id=row["id"],
                name=row["name"],
                check=row["check"],
                severity=SEVERITY_CODES[row["severity"]],
                evidence=row["evidence"],
            )
            for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


def rule(rule_id: str) -> Rule:
    """The rule with the id.

    Raises:
        HeduiError: The catalogue has no such rule.
    """
    try:
        return rules()[rule_id]
    except KeyError:
        raise HeduiError(f'There is no rule "{rule_id}"; `hedui rules` lists them.') from None
