"""Totals of closed periods in later codes: by weights, with what they leave over shown. For totals only, never for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hedui.regions.errors import RegionError
from hedui.regions.mapping import RegionMap


@dataclass(frozen=True, kw_only=True)
class Weight:
    """The share of an old code's total that a new code gets, from one scheme (population 2010, levy 2015 …)."""

    old: str
    new: str
    share: Fraction
    scheme: str = ""


@dataclass(frozen=True, kw_only=True)
class Restated:
    """A total in later codes.

    Attributes:
        totals: By new code.
        residual: What no weight distributes, by old code; ``sum(totals) + sum(residual)`` is the input.
        estimated: New codes whose total rests on weights.
    """

    totals: Mapping[str, int]
    residual: Mapping[str, int]
    estimated: frozenset[str]


def restate(amounts: Mapping[str, int], mapping: RegionMap, weights: Sequence[Weight]) -> Restated:
    """Carries totals (rows, persons, fen) from the first table's codes to the last one's.

    Whole rules carry everything. Split codes go by weight, rounded down; where the shares add up to one, the rounding goes to the largest
    fractions. Without weights a split total stays in the residual.

    Raises:
        RegionError: Shares of a code exceed one, are negative, name a successor that the mapping does not, or come from two schemes.
    """
    shares = shares_of(weights, mapping)
    totals: dict[str, int] = defaultdict(int)
    residual: dict[str, int] = {}
    estimated = set()
    for code, amount in amounts.items():
        rule = mapping.rules.get(code)
        if rule is None:
            totals[code] += amount
        elif rule.whole:
            totals[rule.targets[0]] += amount
        else:
            parts = _split(amount, shares.get(code, {}))
            for new, part in parts.items():
                totals[new] += part
                estimated.add(new)
            left = amount - sum(parts.values())
            if left:
                residual[code] = left
    return Restated(totals=dict(totals), residual=residual, estimated=frozenset(estimated))


def shares_of(weights: Sequence[Weight], mapping: RegionMap) -> dict[str, dict[str, Fraction]]:
    """The share of each successor by old code.

    Raises:
        RegionError: Shares of a code exceed one, are negative, name a successor that the mapping does not, or come from two schemes.
    """
    shares: dict[str, dict[str, Fraction]] = defaultdict(dict)
    schemes: dict[str, set[str]] = defaultdict(set)
    for weight in weights:
        rule = mapping.rules.get(weight.old)
        if rule is None or weight.new not in rule.targets:
            raise RegionError(
                f"The weight {weight.old}>{weight.new} is no successor of the mapping; remove it or add the change row."
            )
        if weight.share < 0 or weight.new in shares[weight.old]:
            raise RegionError(f"The weight {weight.old}>{weight.new} is negative or there twice; keep one share between 0 and 1.")
        shares[weight.old][weight.new] = weight.share
        schemes[weight.old].add(weight.scheme)
    for old, mine in shares.items():
        if sum(mine.values()) > 1:
            raise RegionError(f"The weights of {old} add up to {float(sum(mine.values())):.6f}; at most 1 is allowed.")
        if len(schemes[old]) > 1:
            raise RegionError(f"The weights of {old} come from several schemes ({', '.join(sorted(schemes[old]))}); choose one.")
    return shares


def _split(amount: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    exact = {new: amount * share for new, share in shares.items()}
    parts = {new: value.numerator // value.denominator for new, value in exact.items()}
    if shares and sum(shares.values()) == 1:
        order = sorted(exact, key=lambda new: (parts[new] - exact[new], new))
        for new in order[: amount - sum(parts.values())]:
            parts[new] += 1
    return parts
