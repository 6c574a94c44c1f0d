"""The checks before a migration: what the handbook's list asks before a row is touched, all of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hedui.regions.codes import level_of, parents, significant
from hedui.regions.honesty import STOPS, table_stops
from hedui.regions.mapping import Rule
from hedui.regions.migrate.checks import Check, Verdict, check, totals
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.records import Guard, Measure
from hedui.site.regions import Target


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of a target before anything moves.

    Attributes:
        target: The target.
        before: Its baseline.
        values: Rows per value of open periods.
        key_problem: What is wrong with its key.
        guards: What the database has around the column.
    """

    target: Target
    before: Sequence[Measure]
    values: Mapping[str, int] = field(default_factory=dict)
    key_problem: str = ""
    guards: Sequence[Guard] = ()


def preflight_checks(plan: Plan, seen: Sequence[Seen], *, references: Mapping[str, int]) -> list[Check]:
    """The checks in the order of the list.

    Args:
        plan: The plan.
        seen: What was seen of each target.
        references: Orphans per reference.
    """
    moving = [item for item in seen if not item.target.frozen]
    found = [*_mapped(plan, moving), *_sound(plan), *_stops(plan), *_levels(plan)]
    for item in seen:
        rows, fen = totals(item.before)
        shown = "、".join(f"{value:,}" for value in fen)
        settled = bool(item.before) or rows == 0
        found.append(check(4, "基线已建立（行数、金额（分））", target=item.target.label, before=rows, after=shown, ok=settled))
    for item in moving:
        label, problem = item.target.label, item.key_problem
        found.append(check(7, "主键可逐行定位（主键日志、回退的前提）", target=label, ok=not problem, detail=problem))
        for guard in item.guards:
            otherwise: Verdict = "fail" if guard.blocks else "note"
            found.append(check(12, guard.title, target=label, ok=False, otherwise=otherwise, detail=guard.detail))
    for name, orphans in references.items():
        detail = "迁移前已有悬空引用" if orphans else ""
        found.append(check(12, "外部引用完整", target=name, before=orphans, ok=not orphans, otherwise="note", detail=detail))
    return [*found, *receiver_checks(plan)]


def _mapped(plan: Plan, moving: Sequence[Seen]) -> list[Check]:
    """Every code in the data that is not in the new table has a rule (1); rules that no data use are listed."""
    found = []
    used: set[str] = set()
    for item in moving:
        used |= {significant(value)[:6] for value in item.values}
        missing = plan.resolver.unexplained(item.target, item.values)
        detail = "；".join(f"{value} {rows:,}行" for value, rows in sorted(missing.items())[:20])
        figures: dict[str, Any] = {"before": len(item.values), "after": sum(missing.values()), "difference": len(missing)}
        found.append(check(1, "失效代码均有映射", target=item.target.label, **figures, ok=not missing, detail=detail))
    found += _accepted(plan, moving)
    unused = [rule.old for rule in plan.mapping.moved() if rule.old not in used]
    rules: dict[str, Any] = {"before": len(plan.mapping.moved()), "after": len(unused)}
    found.append(check(1, "未用到的映射", **rules, ok=not unused, otherwise="note", detail="、".join(unused[:20])))
    return found


def _accepted(plan: Plan, moving: Sequence[Seen]) -> list[Check]:
    """Values that no table ever had and that the site accepts: they stay as they are."""
    found = []
    for item in moving:
        values = {value: rows for value, rows in item.values.items() if value in plan.resolver.accepted}
        if values:
            detail = "；".join(f"{value} {rows:,}行" for value, rows in sorted(values.items())[:20])
            figures: dict[str, Any] = {"before": len(values), "after": sum(values.values())}
            found.append(
                check(
                    1,
                    "站点已接受的未知代码（保持不变）",
                    target=item.target.label,
                    **figures,
                    ok=False,
                    otherwise="note",
                    detail=detail,
                )
            )
    return found


def _sound(plan: Plan) -> list[Check]:
    """No rule leads outside the new table; chains are collapsed; codes that change places at once are named (2)."""
    mapping, known = plan.mapping, plan.resolver.known
    outside = sorted({target for rule in mapping.rules.values() for target in rule.targets if target not in known})
    onward = [rule.old for rule in mapping.rules.values() if rule.old not in plan.resolver.before]
    cycles, reused = mapping.cycles(), mapping.reused()
    taken = [f"{rule.old}→{rule.targets[0]}" for rule in mapping.moved() if _taken(rule, plan)]
    named = "；".join("→".join((*cycle, cycle[0])) for cycle in cycles)
    return [
        check(2, "现代码均在新版代码表中", after=len(outside), ok=not outside, detail="、".join(outside[:20])),
        check(2, "原代码均在旧版代码表中（链已展开）", after=len(onward), ok=not onward, detail="、".join(onward[:20])),
        check(2, "改码的现代码未被占用（并入在用代码除外）", after=len(taken), ok=not taken, detail="、".join(taken[:20])),
        check(2, "代码互换、轮换（一次同时更新）", after=len(cycles), ok=not cycles, otherwise="note", detail=named),
        check(2, "代码腾出后另作他用", after=len(reused), ok=not reused, otherwise="note", detail="、".join(reused[:20])),
    ]


def _taken(rule: Rule, plan: Plan) -> bool:
    """Whether a recode, which is no merge, leads to a code that others hold and keep."""
    target = rule.targets[0] if rule.fate == "move" else ""
    if target not in plan.resolver.before or any(row.kind == "merge" for row in rule.changes):
        return False
    holder = plan.mapping.rules.get(target)
    return holder is None or target in holder.targets


def _stops(plan: Plan) -> list[Check]:
    """What looks wrong in the tables asks a person; here it is a note, the approval refuses what nobody has accepted."""
    return [
        check(
            2,
            f"停：{STOPS[stop.kind]}",
            target="、".join(stop.codes[:6]),
            ok=False,
            otherwise="note",
            detail=stop.detail + ("（站点已接受）" if stop.id in plan.settings.accept else "（须批准人逐条确认）"),
        )
        for stop in plan.stops
    ]


def _levels(plan: Plan) -> list[Check]:
    """Level and parent of every code that rules lead to (3)."""
    targets = {target for rule in plan.mapping.rules.values() for target in rule.targets} | set(plan.mapping.added)
    rows = [plan.new.rows[code] for code in sorted(targets) if code in plan.new.rows]
    wrong = [row.code for row in rows if row.level != level_of(row.code) or (row.parent and row.parent not in parents(row.code))]
    crossing = [
        f"{rule.old}→{target}"
        for rule in plan.mapping.moved()
        for target in rule.targets
        if level_of(target) != level_of(rule.old) or target[:4] != rule.old[:4]
    ]
    orphans = [stop for stop in table_stops(plan.new) if stop.kind == "orphan"]
    detail = "；".join([*wrong[:10], *(stop.detail for stop in orphans[:10])])
    return [
        check(
            3,
            "现代码的级次与上级前缀相符",
            before=len(rows),
            after=len(wrong),
            difference=len(orphans),
            ok=not wrong,
            detail=detail,
        ),
        check(
            3,
            "跨上级或跨级次的调整（单列）",
            after=len(crossing),
            ok=not crossing,
            otherwise="note",
            detail="、".join(crossing[:20]),
        ),
    ]


def receiver_checks(plan: Plan) -> list[Check]:
    """Whoever we send codes to knows those that rules lead to, and where the site says it, the new codes of institutions (13)."""
    regions = {target for rule in plan.mapping.moved() for target in rule.targets if rule.targets != (rule.old,)}
    institutions = {new for successors in plan.resolver.institutions.values() for new in successors}
    found = _known_to(plan.receivers, regions, "接收方代码表含现代码")
    return found + _known_to(plan.receiver_institutions, institutions, "接收方机构代码表含现机构代码")


def _known_to(lists: Mapping[str, frozenset[str]], needed: set[str], title: str) -> list[Check]:
    found = []
    for name, codes in lists.items():
        missing = sorted(needed - codes)
        figures: dict[str, Any] = {"before": len(needed), "after": len(missing)}
        found.append(check(13, title, target=name, **figures, ok=not missing, detail="、".join(missing[:20])))
    return found
