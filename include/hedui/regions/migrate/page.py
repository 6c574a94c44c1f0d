"""The page that an approver reads: what would happen, to how many rows, what waits, what looks wrong. Markdown, without personal data."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from hedui.regions.allocation import METHODS
from hedui.regions.honesty import STOPS
from hedui.regions.migrate.book import Book
from hedui.regions.migrate.checks import STAGES, VERDICTS, Check
from hedui.regions.migrate.plan import Plan
from hedui.regions.model import KINDS, SCOPES, Change

_MOST = 400
"""Lines of a table of townships, villages and institutions; all further ones follow in a paragraph."""
Move = tuple[str, str, str, str, int]
"""Target, old code, new code (empty: waits for a person), method, rows."""


def digest_of(page: str) -> str:
    """SHA-256 of a page: what was read is what was approved."""
    return hashlib.sha256(page.encode()).hexdigest()


def approval_page(plan: Plan, book: Book) -> str:
    """The page of a rehearsed run: the figures, what must be looked at, every mapping row, the queue, the checks."""
    moves = book.moves()
    checks = book.checks("preflight", "rehearsal")
    blocks = [
        f"## 区划代码迁移　{plan.mapping.start} → {plan.mapping.end}",
        _summary(plan, moves, checks),
        *_failed(checks),
        *_open_stops(plan),
        *_mapping(plan, book, moves),
        *_below(plan, moves),
        *_targets(plan, moves),
        *_queue(plan, moves),
        *_checks(checks),
        f"映射摘要 `{plan.mapping.digest}`。批准后运行的就是本页所列内容；此后若有改动，迁移会停下，须重新演练、重新批准。",
    ]
    return "\n\n".join(blocks) + "\n"


def _grid(titles: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: int = 0) -> str:
    """A table; the last ``numbers`` columns are figures."""
    marks = ["---"] * (len(titles) - numbers) + ["---:"] * numbers
    lines = [titles, marks, *rows]
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "／") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _summary(plan: Plan, moves: Sequence[Move], checks: Sequence[tuple[str, Check]]) -> str:
    moving, waiting = sum(move[4] for move in moves if move[2]), sum(move[4] for move in moves if not move[2])
    failed = sum(1 for _, item in checks if item.verdict == "fail")
    titles = ("将更新", "待人工判定", "迁移对象", "半年度", "检查", "不通过", "待确认的停")
    frozen = sum(1 for target in plan.settings.targets if target.frozen)
    objects = f"{len(plan.settings.targets) - frozen} 个" + (f"，另有 {frozen} 个已结账只核对" if frozen else "")
    values = (f"**{moving:,}** 行", f"**{waiting:,}** 行", objects, f"{len(plan.mapping.steps)} 个", f"{len(checks)} 项")
    return _grid(titles, [(*values, f"**{failed}** 项", f"**{len(plan.open_stops)}** 个")])


def _failed(checks: Sequence[tuple[str, Check]]) -> list[str]:
    failed = [(item.number, item.title, item.target, item.detail) for _, item in checks if item.verdict == "fail"]
    if not failed:
        return []
    return ["### ✗ 不通过的检查", "有不通过的检查时不能批准。", _grid(("项", "检查", "对象", "说明"), failed)]


def _open_stops(plan: Plan) -> list[str]:
    if not plan.open_stops:
        return []
    rows = [(f"`{stop.id}`", STOPS[stop.kind], stop.detail) for stop in plan.open_stops]
    return ["### ⚠ 须逐条确认的停", "核对无误后，把编号抄入下方“已确认的停”。", _grid(("编号", "类别", "说明"), rows)]


def _mapping(plan: Plan, book: Book, moves: Sequence[Move]) -> list[str]:
    """Every mapping row: those that reach data as a table, all others in one line each."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    institutions = _institutions(plan)
    for target_id, old, new, _, count in moves:
        if target_id not in institutions:
            counts[(old[:6], new[:6])] += count
    used = {old for (old, _), count in counts.items() if count}
    persons = _persons(plan, book)
    rows = []
    for rule in plan.mapping.moved():
        if rule.old not in used:
            continue
        effective = "、".join(dict.fromkeys(row.effective_date.isoformat() for row in rule.changes if row.effective_date))
        old = f"{rule.old} {plan.old.name(rule.old)}"
        for target in rule.targets or ("",):
            stays = "（保留）" if target == rule.old else ""
            new = f"{target} {plan.new.name(target)}{stays}" if target else "无去向"
            moved = "—" if stays else counts.get((rule.old, target), 0)
            rows.append((old, new, _kinds(rule.changes), effective, "；".join(rule.documents), persons.get(rule.old, 0), moved))
    titles = ("原代码", "现代码", "变更", "生效", "文号", "原代码人数", "更新行数")
    return ["### 映射", _grid(titles, rows, numbers=2), *_without_data(plan, used)]


def _kinds(changes: Iterable[Change]) -> str:
    return "、".join(dict.fromkeys(f"{KINDS[row.kind]}·{SCOPES[row.scope]}" for row in changes))


def _without_data(plan: Plan, used: set[str]) -> list[str]:
    """Mapping rows that no row of the data reaches, codes that only change their name, and new codes."""
    lines = []
    for rule in (rule for _, rule in sorted(plan.mapping.rules.items()) if rule.old not in used):
        targets = "、".join(f"{target} {plan.new.name(target)}" for target in rule.targets) or "无去向"
        told = "；".join((_kinds(rule.changes), *rule.documents))
        lines.append(f"- {rule.old} {plan.old.name(rule.old)} → {targets}（{told}）")
    for code, changes in sorted(plan.mapping.added.items()):
        documents = dict.fromkeys(row.doc_no or row.title for row in changes if row.doc_no or row.title)
        lines.append(f"- {code} {plan.new.name(code)}（{'；'.join((KINDS['new'], *documents))}）")
    return [f"没有更新数据的映射 {len(lines)} 条：", "\n".join(lines)] if lines else []


def _below(plan: Plan, moves: Sequence[Move]) -> list[str]:
    """Townships and villages of counties that stay, and institutions: they move by rows of their own."""
    ruled = {rule.old for rule in plan.mapping.moved()}
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for target, old, new, _, count in moves:
        if new and (old[:6] not in ruled or target in _institutions(plan)):
            counts[(old, new)] += count
    if not counts:
        return []
    rows = [(old, new, count) for (old, new), count in sorted(counts.items())]
    rest = "；".join(f"{old}→{new} {count:,} 行" for old, new, count in rows[_MOST:])
    notes = [f"其余 {len(rows) - _MOST} 条：{rest}。"] if rest else []
    return ["### 乡镇、村与机构代码", _grid(("原代码", "现代码", "更新行数"), rows[:_MOST], numbers=1), *notes]


def _institutions(plan: Plan) -> set[str]:
    return {target.id for target in plan.settings.targets if target.kind == "institution"}


def _persons(plan: Plan, book: Book) -> dict[str, int]:
    """Distinct persons per old code, of the target that has the most of them; closed rows do not count."""
    found: dict[str, int] = {}
    for target in plan.settings.targets:
        if target.person is None or target.frozen or target.kind != "region":
            continue
        mine: dict[str, int] = defaultdict(int)
        for item in book.measures(target.id, "before"):
            if item.code is not None and not item.closed:
                mine[item.code[:6]] += item.persons or 0
        for code, count in mine.items():
            found[code] = max(found.get(code, 0), count)
    return found


def _targets(plan: Plan, moves: Sequence[Move]) -> list[str]:
    """Per target how its rows are decided."""
    rows = []
    for target in plan.settings.targets:
        by_method: dict[str, int] = defaultdict(int)
        for name, _, _, method, count in moves:
            if name == target.id:
                by_method[method] += count
        decided = "，".join(
            f"{METHODS[method]} {by_method[method]:,}" for method in METHODS if method != "queue" and by_method[method]
        )
        moving = sum(count for method, count in by_method.items() if method != "queue")
        how = "已结账，不迁移" if target.frozen else decided or "没有要更新的行"
        rows.append((target.label, how, by_method["queue"], moving))
    return ["### 迁移对象与分配方式", _grid(("对象", "分配方式与行数", "待人工判定", "更新行数"), rows, numbers=2)]


def _queue(plan: Plan, moves: Sequence[Move]) -> list[str]:
    labels = {target.id: target.label for target in plan.settings.targets}
    place = {target.id: number for number, target in enumerate(plan.settings.targets)}
    waiting = sorted((move for move in moves if not move[2]), key=lambda move: (place.get(move[0], 0), move[1]))
    rows = [(labels.get(target, target), f"{old} {plan.old.name(old[:6])}", count) for target, old, _, _, count in waiting]
    if not rows:
        return ["### 待人工判定", "没有。"]
    note = (
        "站点设置为接受：这些行保留原代码，在报告中列示。"
        if plan.settings.accept_queue
        else "须先判定（queue-out、queue-in）再批准。"
    )
    return ["### 待人工判定", note, _grid(("对象", "原代码", "行数"), rows, numbers=1)]


def _checks(checks: Sequence[tuple[str, Check]]) -> list[str]:
    """One line per check of the list, with what is to be noted; those of all targets together."""
    groups: dict[tuple[str, int, str], list[Check]] = defaultdict(list)
    for stage, item in checks:
        groups[(stage, item.number, item.title)].append(item)
    rows = []
    for (stage, number, title), items in groups.items():
        passed = sum(1 for item in items if item.verdict == "pass")
        others = [item for item in items if item.verdict != "pass"]
        verdicts = "、".join(dict.fromkeys(VERDICTS[item.verdict] for item in others)) or VERDICTS["pass"]
        details = "；".join(f"{item.target}：{item.detail}" if item.target else item.detail for item in others[:5])
        rows.append((number, STAGES[stage], title, f"{passed}/{len(items)}", verdicts, details))
    return ["### 检查", _grid(("项", "阶段", "检查", "通过", "结论", "说明"), rows)]
