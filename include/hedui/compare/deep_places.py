"""Townships and villages that no row of a change list names, on both sides of a change date.

Nobody knows such a code's number in a county that got another code, and none is made up. Where the county moved as a whole, both sides'
codes are compared as far as the county (``990105000|*``); where it was split they stay as they are. Either is said in the manifest.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hedui import engine
from hedui.regions.codes import padded, shape_problem, significant
from hedui.regions.spoken import ANY, REGION_FIELDS, Meaning, SiteCodes

if TYPE_CHECKING:
    from hedui.compare.plan import SidePlan

COUNTY = 6
BELOW = "*"
"""Stands for any code below the county before it."""


@dataclass(frozen=True, kw_only=True)
class DeepCodes:
    """The codes below a county that the sides hold and no row translates.

    Attributes:
        whole: By side and field: the code, and the county that it is compared as.
        left: By side: how many codes of split counties stay as they are.
    """

    whole: Mapping[tuple[int, str], Mapping[str, str]]
    left: Mapping[int, int]

    @classmethod
    def of(cls, codes: SiteCodes, sides: Sequence[SidePlan], spoken: Sequence[dt.date]) -> DeepCodes:
        """The codes of a comparison's sides."""
        newest, oldest = max(spoken), min(spoken)
        held = {(side.index, field): _held(side, field) for side in sides for field in REGION_FIELDS if field in side.mapped}
        tables = {side.index: own for side, own in zip(sides, spoken, strict=True)}
        mapping, rows = codes.translator.mapping(oldest, newest), codes.translator.lower_moves(oldest, newest)
        came = {rule.targets[0] for rule in mapping.rules.values() if rule.fate == "move"}
        native = {code for (index, _), found in held.items() if tables[index] < newest for code in found if code[:COUNTY] in came}
        known = rows.keys() | set(rows.values()) | {code for code in native if code[:COUNTY] not in mapping.rules}
        whole: dict[tuple[int, str], dict[str, str]] = {}
        left: Counter[int] = Counter()
        for (index, field), found in held.items():
            mine = whole.setdefault((index, field), {})
            for code in (code for code in found if significant(code) not in known and code not in known):
                rule = mapping.rules.get(code[:COUNTY]) if tables[index] < newest else None
                if rule is not None and rule.fate == "move":
                    mine[code] = rule.targets[0]
                elif rule is not None and rule.fate == "allocate":
                    left[index] += 1
                elif tables[index] == newest and code[:COUNTY] in came:
                    mine[code] = code[:COUNTY]
        return cls(whole=whole, left=left)

    def meanings(self, side: SidePlan, field: str) -> dict[str, Meaning]:
        """The codes of a side, compared as far as their county."""
        named = self.whole.get((side.index, field), {})
        texts = {code: f"{padded(county, len(code))}{ANY}{BELOW}" for code, county in named.items()}
        return {code: Meaning(code=text, group=text) for code, text in texts.items()}

    def notes(self, side: SidePlan, own: dt.date) -> list[str]:
        """What the manifest says of a side."""
        compared = sum(len(found) for (index, _), found in self.whole.items() if index == side.index)
        found = [f"{side.source}：{compared:,} 个乡级及以下代码没有本级对照，比到所属县级"] if compared else []
        if self.left.get(side.index):
            found.append(f"{side.source}：{self.left[side.index]:,} 个乡级及以下代码所属的县已拆分，保持 {own} 版原代码")
        return found


def _held(side: SidePlan, field: str) -> set[str]:
    """The codes below a county that a side holds."""
    name = engine.ident(field)
    with engine.connect() as connection:
        rows = connection.execute(
            f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {side.relation} AS r WHERE length(CAST({name} AS VARCHAR)) > {COUNTY}"
        ).fetchall()
    return {code for (code,) in rows if not shape_problem(code) and len(significant(code)) > COUNTY}
