"""Who of a split code gets which successor: by village, township, address, institution, in this order; else a person decides.

Never at random, and never by the look of a code: a place decides only where a row of a map, a document, the site's dictionary or list
names its successor, and only for a successor that the mapping allows. Rows of a statistical table that file a township under a
development zone name no region, so they decide nothing and the next key is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from hedui.regions.codes import significant
from hedui.regions.errors import RegionFileError
from hedui.regions.mapping import RegionMap
from hedui.regions.model import SubChange

Method = Literal["whole", "only", "village", "township", "address", "institution", "manual", "queue"]
METHODS: Final[dict[str, str]] = {
    "whole": "整建制",
    "only": "唯一去向",
    "village": "按村（12位）",
    "township": "按乡镇（9位）",
    "address": "按地址词典",
    "institution": "按经办机构",
    "manual": "人工判定",
    "queue": "待人工判定",
}
_BASES: Final = ("decision", "document", "map")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a row says of where its person is; empty where it says nothing."""

    village: str = ""
    township: str = ""
    address: str = ""
    institution: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allocated:
    """A decision: the new code, or None for the queue; the key that decided; why not, in Chinese, where none did."""

    new: str | None
    method: Method
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AddressRule:
    """An entry of the address dictionary: text that an address contains, or a regular expression, and the county it means."""

    pattern: str
    county: str
    regex: bool = False


class Allocator:
    """Decides the rows of split codes of one mapping.

    Args:
        mapping: The mapping; its rules say which successors are allowed.
        subs: Townships and villages that moved.
        addresses: The site's address dictionary.
        institutions: County of each institution afterwards.

    Raises:
        RegionFileError: An expression of the dictionary is not one.
    """

    def __init__(
        self,
        mapping: RegionMap,
        subs: Iterable[SubChange] = (),
        *,
        addresses: Sequence[AddressRule] = (),
        institutions: dict[str, str] | None = None,
    ) -> None:
        self.mapping = mapping
        self.institutions = institutions or {}
        self._subs: dict[str, dict[str, set[str]]] = defaultdict(_no_rows)
        for row in subs:
            basis = row.basis if row.basis in _BASES else "map"
            self._subs[row.old_code][basis].add(row.county or row.new_code[:6])
        self._addresses = [(rule, _expression(rule)) for rule in addresses]

    def allocate(self, old: str, place: Place) -> Allocated:
        """The successor for a row with the (significant) code ``old``."""
        rule = self.mapping.rules[old]
        if rule.whole:
            return Allocated(new=rule.targets[0], method="whole")
        if not rule.targets:
            return Allocated(new=None, method="queue", reason="原代码撤销，变更清单没有去向")
        if len(rule.targets) == 1:
            return Allocated(new=rule.targets[0], method="only")
        reasons = []
        for method, county, reason in (
            ("village", *self._below(_cut(place.village, 12), rule.targets)),
            ("township", *self._below(_cut(place.village, 9) or _cut(place.township, 9), rule.targets)),
            ("address", *self._address(place.address, rule.targets)),
            ("institution", *self._institution(place.institution, rule.targets)),
        ):
            if county:
                return Allocated(new=county, method=method)  # type: ignore[arg-type]
            reasons.append(reason)
        return Allocated(new=None, method="queue", reason="；".join(dict.fromkeys(filter(None, reasons))) or "没有可用的分配依据")

    def _below(self, code: str, allowed: Sequence[str]) -> tuple[str, str]:
        """The county that the rows about a township or village name: decisions before documents before maps."""
        if not code or code not in self._subs:
            return "", f"{code}没有村镇对照" if code else ""
        for basis in _BASES:
            named = self._subs[code][basis]
            fitting = named & set(allowed)
            if len(fitting) == 1:
                return next(iter(fitting)), ""
            if len(fitting) > 1:
                return "", f"{code}的村镇对照互相矛盾：{'、'.join(sorted(fitting))}"
        return "", f"{code}的村镇对照不指向可选代码"

    def _address(self, address: str, allowed: Sequence[str]) -> tuple[str, str]:
        """The county of the longest text that fits; two counties at the same length decide nothing."""
        best: dict[int, set[str]] = defaultdict(set)
        for rule, expression in self._addresses if address else ():
            match = expression.search(address)
            if match and rule.county in allowed:
                best[len(match[0])].add(rule.county)
        if not best:
            return "", "地址词典没有匹配" if address and self._addresses else ""
        named = best[max(best)]
        return (next(iter(named)), "") if len(named) == 1 else ("", f"地址词典匹配到多个代码：{'、'.join(sorted(named))}")

    def _institution(self, institution: str, allowed: Sequence[str]) -> tuple[str, str]:
        county = self.institutions.get(institution, "") if institution else ""
        if county and county not in allowed:
            return "", "经办机构所在区划不在可选代码内"
        return county, ""


def _no_rows() -> dict[str, set[str]]:
    return {basis: set() for basis in _BASES}


def _cut(code: str, length: int) -> str:
    """A code down to a level, empty where it does not reach it."""
    bare = significant(code.strip())
    return bare[:length] if len(bare) >= length and bare.isdigit() else ""


def _expression(rule: AddressRule) -> re.Pattern[str]:
    try:
        return re.compile(rule.pattern if rule.regex else re.escape(rule.pattern))
    except re.error as error:
        raise RegionFileError([f"address dictionary: {rule.pattern[:40]!r} is not a regular expression: {error}"]) from None
