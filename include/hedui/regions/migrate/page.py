"""The page that an approver reads: what would happen, to how many rows, what waits, what looks wrong. Markdown, without personal data."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from hedui.regions.allocation import METHODS
from hedui.regions.migrate.book import Book
from hedui.regions.migrate.checks import VERDICTS
from hedui.regions.migrate.plan import Plan
from hedui.regions.model import KINDS, SCOPES

_MOST = 400


def digest_of(page: str) -> str:
    """SHA-256 of a page: what was read is what was approved."""
    return hashlib.sha256(page.encode()).hexdigest()


def approval_page(plan: Plan, book: Book) -> str:
    """The page of a rehearsed run."""
    moves = book.moves()
    checks = book.checks("preflight", "rehearsal")
    labels = {target.id: target.label for target in plan.settings.targets}
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for target, old, new, _, count in moves:
        rows[(old[:6], new[:6])][target] += count
    moving = sum(move[4] for move in moves if move[2])
    waiting = sum(move[4] for move in moves if not move[2])
    failed = [item for _, item in checks if item.verdict == "fail"]
    lines = [
        f"## 区划代码迁移 {plan.mapping.start} → {plan.mapping.end}",
        "",
        f"- 将更新 **{moving:,}** 行，待人工判定 **{waiting:,}** 行，检查 {len(checks)} 项，不通过 **{len(failed)}** 项",
        f"- 映射摘要 `{plan.mapping.digest[:16]}`，半年度 {len(plan.mapping.steps)} 个",
        f"- 迁移对象：{'、'.join(labels.values())}",
        "",
    ]
    lines += ["### 须逐条确认的停", ""] + [f"- `{stop.id}` {stop.detail}" for stop in plan.open_stops] if plan.open_stops else []
    if plan.open_stops:
        lines += ["### 须逐条确认的停", "", *(f"- `{stop.id}` {stop.detail}" for stop in plan.open_stops)]
    if failed:
        lines += ["", "### 不通过的检查", "", *(f"- {item.number} {item.title} {item.target}：{item.detail}" for item in failed)]
    lines += ["", "### 映射", "", "| 原代码 | 现代码 | 变更 | 文号 | 行数 |", "|---|---|---|---|---|"]
    lines += _mapping_lines(plan, rows)
    lines += ["", "### 待人工判定", ""]
    lines += [f"- {labels.get(target, target)} {old}：{count:,} 行" for target, old, new, _, count in moves if not new] or ["- 无"]
    lines += ["", "### 分配方式", "", "| 对象 | 方式 | 行数 |", "|---|---|---|"]
    by_method: dict[tuple[str, str], int] = defaultdict(int)
    for target, _, _, method, count in moves:
        by_method[(target, method)] += count
    lines += [
        f"| {labels.get(target, target)} | {METHODS[method]} | {count:,} |" for (target, method), count in sorted(by_method.items())
    ]
    lines += ["", "### 检查", "", "| 项 | 内容 | 对象 | 前 | 后 | 结论 |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {item.number} | {item.title} | {item.target} | {item.before} | {item.after} | {VERDICTS[item.verdict]} |"
        for _, item in checks
    ]
    return "\n".join(lines) + "\n"


def _mapping_lines(plan: Plan, rows: dict[tuple[str, str], dict[str, int]]) -> list[str]:
    lines = []
    for rule in plan.mapping.moved():
        kinds = "、".join(dict.fromkeys(f"{KINDS[row.kind]}·{SCOPES[row.scope]}" for row in rule.changes))
        for target in rule.targets or ("",):
            count = sum(rows.get((rule.old, target), {}).values())
            old = f"{rule.old} {plan.old.name(rule.old)}"
            new = f"{target} {plan.new.name(target)}" if target else "—"
            lines.append((count, f"| {old} | {new} | {kinds} | {'；'.join(rule.documents)} | {count:,} |"))
    used = [line for count, line in lines if count]
    shown = used[:_MOST]
    left = len(lines) - len(shown)
    return (
        [*shown, f"| … | … | 另有 {left} 条映射{'没有涉及数据' if len(shown) == len(used) else '见核验报告'} | | |"]
        if left
        else shown
    )
