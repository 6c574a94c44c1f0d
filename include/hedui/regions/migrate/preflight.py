"""The checks before a migration: what the handbook's list asks before a row is touched, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hedui.regions.codes import level_of, parents
from hedui.regions.honesty import STOPS, table_stops
from hedui.regions.migrate.checks import Check, check, totals
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.postgres_text import connect, quote
from hedui.regions.migrate.records import Measure
from hedui.site.regions import Target


def preflight_checks(
    plan: Plan,
    *,
    values: Mapping[str, Mapping[str, int]],
    key_problems: Mapping[str, str],
    before: Mapping[str, Sequence[Measure]],
    references: Mapping[str, int],
) -> list[Check]:
    """The checks in the order of the list.

    Args:
        plan: The plan.
        values: Rows per value of every target that moves.
        key_problems: What is wrong with a target's key.
        before: The baseline by target.
        references: Orphans per reference.
    """
    moving = [target for target in plan.settings.targets if not target.frozen]
    found = [*_mapped(plan, moving, values), *_sound(plan), *_stops(plan), *_levels(plan)]
    for target in plan.settings.targets:
        rows, fen = totals(before[target.id])
        shown = "、".join(f"{value:,}" for value in fen)
        found.append(check(4, "基线已建立", target=target.label, before=rows, after=shown, ok=bool(before[target.id]) or rows == 0))
    for target in moving:
        problem = key_problems[target.id]
        found.append(check(7, "主键可逐行定位（主键日志、回退的前提）", target=target.label, ok=not problem, detail=problem))
    for name, orphans in references.items():
        detail = "迁移前已有悬空引用" if orphans else ""
        found.append(check(12, "外部引用完整", target=name, before=orphans, ok=not orphans, otherwise="note", detail=detail))
    return [*found, *receiver_checks(plan)]


def _mapped(plan: Plan, moving: Sequence[Target], values: Mapping[str, Mapping[str, int]]) -> list[Check]:
    """Every code in the data that is not in the new table has a rule (1); rules that no data use are listed."""
    found = []
    used: set[str] = set()
    for target in moving:
        open_values = values[target.id]
        used |= {value[:6] for value in open_values}
        missing = plan.resolver.unexplained(target, open_values)
        detail = "；".join(f"{value} {rows:,}行" for value, rows in sorted(missing.items())[:20])
        figures: dict[str, Any] = {"before": len(open_values), "after": sum(missing.values()), "difference": len(missing)}
        found.append(check(1, "失效代码均有映射", target=target.label, **figures, ok=not missing, detail=detail))
    unused = [rule.old for rule in plan.mapping.moved() if rule.old not in used]
    rules: dict[str, Any] = {"before": len(plan.mapping.moved()), "after": len(unused)}
    found.append(check(1, "未用到的映射", **rules, ok=not unused, otherwise="note", detail="、".join(unused[:20])))
    return found


def _sound(plan: Plan) -> list[Check]:
    """No rule leads outside the new table; chains are collapsed; codes that change places at once are named (2)."""
    mapping, known = plan.mapping, plan.resolver.known
    outside = sorted({target for rule in mapping.rules.values() for target in rule.targets if target not in known})
    onward = [rule.old for rule in mapping.rules.values() if rule.old not in plan.resolver.before]
    cycles, reused = mapping.cycles(), mapping.reused()
    named = "；".join("→".join((*cycle, cycle[0])) for cycle in cycles)
    return [
        check(2, "现代码均在新版代码表中", after=len(outside), ok=not outside, detail="、".join(outside[:20])),
        check(2, "原代码均在旧版代码表中（链已展开）", after=len(onward), ok=not onward, detail="、".join(onward[:20])),
        check(2, "代码互换、轮换（一次同时更新）", after=len(cycles), ok=not cycles, otherwise="note", detail=named),
        check(2, "代码腾出后另作他用", after=len(reused), ok=not reused, otherwise="note", detail="、".join(reused[:20])),
    ]


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
    """Whoever we send codes to knows those that rules lead to (13)."""
    needed = {target for rule in plan.mapping.moved() for target in rule.targets if rule.targets != (rule.old,)}
    found = []
    for name, codes in plan.receivers.items():
        missing = sorted(needed - codes)
        figures: dict[str, Any] = {"before": len(needed), "after": len(missing)}
        found.append(check(13, "接收方代码表含现代码", target=name, **figures, ok=not missing, detail="、".join(missing[:20])))
    return found


def reference_counts(plan: Plan, connection: Callable[[str], str]) -> dict[str, int]:
    """Rows per reference whose code is not in the table that it refers to."""
    found = {}
    for item in plan.settings.references:
        table, to_table = (".".join(quote(part) for part in name.split(".")) for name in (item.table, item.to_table))
        column, to_column = quote(item.column), quote(item.to_column)
        with connect(connection(item.connection)) as database:
            query = (
                f"SELECT count(*) FROM {table} AS t WHERE t.{column} IS NOT NULL "
                f"AND NOT EXISTS (SELECT 1 FROM {to_table} AS r WHERE r.{to_column} = t.{column})"
            )
            row = database.execute(query).fetchone()
        found[item.name] = int(row[0]) if row else 0
    return found
