"""What two tables alone can say, and what makes a table look wrong. Nothing here proposes a successor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hedui.regions.codes import LEVEL_LABELS, level_of, parents
from hedui.regions.mapping import RegionMap
from hedui.regions.model import Table
from hedui.regions.versions import Difference, difference

StopKind = Literal["shifted", "swapped", "rotated", "lost", "lingering", "duplicate", "orphan", "unexplained", "misnamed", "reused"]
STOPS: Final[dict[str, str]] = {
    "shifted": "代码疑似整体错位",
    "swapped": "代码互换",
    "rotated": "代码轮换",
    "lost": "缺少在用代码",
    "lingering": "仍列有已撤销代码",
    "duplicate": "代码重复",
    "orphan": "上级不存在或级次不符",
    "unexplained": "新增代码无变更依据",
    "misnamed": "名称变化无变更依据",
    "reused": "代码被另一地区重新使用",
}
SHIFT_AT_LEAST: Final = 3
"""Names that change their code inside one prefecture, from which on the table looks shifted."""

SUMMARIES: Final = frozenset(
    {"市辖区", "县", "省直辖县级行政单位", "省直辖行政单位", "自治区直辖县级行政区划", "省直辖县级行政区划"}
)
"""Rows of statistical tables that only head a list; they are no regions."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Something that a person has to look at before anything is migrated.

    Attributes:
        id: Stable: kind and codes; a site or an approver accepts a stop by it.
        kind: One of :data:`STOPS`.
        codes: The codes concerned.
        detail: What was found, in Chinese.
    """

    id: str
    kind: StopKind
    codes: tuple[str, ...]
    detail: str


def _stop(kind: StopKind, codes: Iterable[str], detail: str) -> Stop:
    concerned = tuple(codes)
    return Stop(id=f"{kind}:{','.join(concerned)}", kind=kind, codes=concerned, detail=detail)


def table_stops(new: Table) -> list[Stop]:
    """What is wrong with a table by itself: duplicates, parents that are not there, levels that the code does not have."""
    found = [
        _stop("duplicate", (code,), f"代码{code}出现{len(names)}次：{'、'.join(names)}") for code, names in new.duplicates.items()
    ]
    orphans: dict[str, list[str]] = defaultdict(list)
    for code, row in new.rows.items():
        if row.parent and row.parent not in new.rows:
            orphans[row.parent].append(code)
        elif row.parent and row.parent not in parents(code):
            found.append(_stop("orphan", (code,), f"{code}{row.name}的上级{row.parent}与代码前缀不符"))
        elif row.level != level_of(code):
            found.append(_stop("orphan", (code,), f"{code}{row.name}的级次{LEVEL_LABELS[row.level]}与代码不符"))
    for parent, codes in orphans.items():
        found.append(
            _stop("orphan", (parent,), f"上级{parent}不在表中，{len(codes)}个代码以它为上级，如{codes[0]}{new.name(codes[0])}")
        )
    return found


def pair_stops(old: Table, new: Table, changes: RegionMap | None) -> list[Stop]:
    """What looks wrong between two neighbouring tables, given their change rows where there are any.

    Without change rows only what the tables show by themselves is judged (moves of names, duplicates, orphans): vanished and new
    codes are then simply listed by :func:`~hedui.regions.versions.difference`.
    """
    seen = difference(old, new)
    found = [*table_stops(new), *_moves(old, new)]
    if changes is not None:
        found += _unexplained(old, new, seen, changes)
    return found


def _moves(old: Table, new: Table) -> list[Stop]:
    """Names that now stand at a code which had another name before: swaps, rotations, shifted tables."""
    onward = _same_names(old, new)
    found: list[Stop] = []
    done: set[str] = set()
    for start in sorted(onward):
        cycle = _cycle(start, onward)
        if cycle and not done & set(cycle):
            done |= set(cycle)
            kind: StopKind = "swapped" if len(cycle) == 2 else "rotated"
            found.append(_stop(kind, cycle, "同名互换：" + "，".join(f"{old.name(code)} {code}→{onward[code]}" for code in cycle)))
    by_prefecture: dict[str, list[str]] = defaultdict(list)
    for code in sorted(onward):
        by_prefecture[code[:4]].append(code)
    for prefecture, codes in by_prefecture.items():
        taken = [code for code in codes if onward[code] in old.rows and new.name(code) != old.name(code)]
        if len(taken) >= SHIFT_AT_LEAST:
            moves = "，".join(f"{old.name(code)} {code}→{onward[code]}" for code in codes)
            found.append(_stop("shifted", codes, f"{prefecture}内{len(codes)}个同名地区换了代码：{moves}"))
    return found


def _same_names(old: Table, new: Table) -> dict[str, str]:
    """Old code → new code of names that are unique in both tables' prefecture and moved between two codes of it."""
    result = {}
    before, after = _places(old), _places(new)
    for place, codes in before.items():
        others = after.get(place, [])
        if len(codes) == len(others) == 1 and codes != others:
            result[codes[0]] = others[0]
    return result


def _places(table: Table) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, row in table.rows.items():
        found[(code[:4], row.name)].append(code)
    return found


def _cycle(start: str, onward: Mapping[str, str]) -> tuple[str, ...]:
    path = [start]
    while (following := onward.get(path[-1])) is not None:
        if following == start:
            return tuple(path)
        if following in path:
            return ()
        path.append(following)
    return ()


def _unexplained(old: Table, new: Table, seen: Difference, changes: RegionMap) -> list[Stop]:
    """Differences that no change row tells of: lost rows, dead codes that linger, new codes and names out of nothing."""
    found = []
    touched = {target for rule in changes.rules.values() for target in rule.targets} | set(changes.added)
    for row in seen.vanished:
        if row.code not in changes.rules:
            found.append(_stop("lost", (row.code,), f"{row.code}{row.name}从表中消失，变更清单没有说明其去向"))
    for code in sorted(touched - set(new.rows)):
        found.append(_stop("lost", (code,), f"变更清单写有现代码{code}，新表中没有"))
    for code, rule in sorted(changes.rules.items()):
        if code in new.rows and code not in rule.targets and code not in touched:
            found.append(_stop("lingering", (code,), f"{code}{old.name(code)}按变更清单已撤销，新表仍列有"))
    for row in seen.appeared:
        if row.code not in touched:
            found.append(_stop("unexplained", (row.code,), f"{row.code}{row.name}是新代码，变更清单没有说明其来源"))
    for before, after in seen.renamed:
        if before.code not in changes.rules and before.code not in touched:
            found.append(_stop("misnamed", (before.code,), f"{before.code}由{before.name}变为{after.name}，变更清单没有说明"))
    return [*found, *_named_otherwise(new, changes)]


def _named_otherwise(new: Table, changes: RegionMap) -> list[Stop]:
    """Codes that rules lead to, under a name that none of their change rows has."""
    names: dict[str, set[str]] = defaultdict(set)
    for rows in (*(rule.changes for rule in changes.rules.values()), *changes.added.values()):
        for row in rows:
            if row.new_code and row.new_name:
                names[row.new_code].add(row.new_name)
    return [
        _stop("misnamed", (code,), f"{code}在新表中为{new.name(code)}，变更清单为{'、'.join(sorted(told))}")
        for code, told in sorted(names.items())
        if code in new.rows and new.name(code) not in told
    ]


def published_stops(published: Table, in_force: Table) -> list[Stop]:
    """Where a published table departs from the table in force on its day: delays and mistakes that a migration must not follow."""
    seen = difference(in_force, published)
    found = [*table_stops(published), *_moves(in_force, published)]
    found += [_stop("lost", (row.code,), f"已公布表缺少在用代码{row.code}{row.name}") for row in seen.vanished]
    for row in seen.appeared:
        if row.name not in SUMMARIES:
            found.append(_stop("lingering", (row.code,), f"已公布表列有不在用的代码{row.code}{row.name}"))
    found += [
        _stop("misnamed", (before.code,), f"{before.code}在用名称{before.name}，已公布表为{after.name}")
        for before, after in seen.renamed
    ]
    return found
