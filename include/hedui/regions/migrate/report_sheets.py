"""The sheets of the 区划迁移核验报告: what was checked, mapped, moved, left, accepted and restated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from hedui.regions.allocation import METHODS
from hedui.regions.honesty import STOPS
from hedui.regions.migrate.book import Book, Run
from hedui.regions.migrate.checks import STAGES, VERDICTS
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.records import Measure
from hedui.regions.migrate.restated import restated_totals
from hedui.regions.model import KINDS, SCOPES, Change
from hedui.reports.content import Column, Kind, Sheet, Table, Value
from hedui.site.regions import Target

Rows = tuple[tuple[Value, ...], ...]


def _columns(*columns: tuple[str, Kind, float], spans: Sequence[int] = ()) -> tuple[Column, ...]:
    """Columns of (title, kind, width); ``前 …`` and ``后 …`` get a common heading."""
    made = []
    for number, (title, kind, width) in enumerate(columns):
        group, _, name = title.rpartition("·")
        span = spans[number] if spans else 1
        made.append(Column(key=f"c{number}", title=name, kind=kind, width=width, group=group, span=span))
    return tuple(made)


def _sheet(name: str, title: str, lead: str, *tables: Table) -> Sheet:
    return Sheet(name=name, title=title, lead=lead, blocks=tables, summary=title)


def checks(book: Book) -> Sheet:
    """Every check of every stage with what was before and after."""
    columns = _columns(
        *(
            ("项", "int", 5),
            ("阶段", "text", 8),
            ("检查", "wrap", 34),
            ("对象", "wrap", 24),
            ("前", "wrap", 20),
            ("后", "wrap", 20),
        ),
        *(("差异", "wrap", 10), ("结论", "state", 9), ("说明", "wrap", 50)),
    )
    order = list(STAGES)
    listed = sorted(book.checks(), key=lambda pair: (order.index(pair[0]), pair[1].number))
    rows: Rows = tuple(
        (i.number, STAGES[stage], i.title, i.target, *map(_minus, (i.before, i.after, i.difference)), VERDICTS[i.verdict], i.detail)
        for stage, i in listed
    )
    lead = "项号为迁移核验清单的编号；“提示”不影响结论，但须有人看过。"
    return _sheet("核验项目", "核验项目：前、后、差异、结论", lead, Table(title="", columns=columns, rows=rows, filtered=True))


def _minus(figures: str) -> str:
    """Figures as text with a true minus sign: a hyphen in front would be guarded like a formula."""
    return figures.replace("-", "−") if figures[:1] == "-" else figures


def _moved(plan: Plan, book: Book) -> dict[tuple[str, str], int]:
    """Rows by old and new county, without institution codes."""
    institutions = {target.id for target in plan.settings.targets if target.kind == "institution"}
    found: dict[tuple[str, str], int] = defaultdict(int)
    for target, old, new, _, count in book.moves():
        if target not in institutions:
            found[(old[:6], new[:6])] += count
    return found


def _scope(change: Change) -> str:
    return f"{KINDS[change.kind]}·{SCOPES[change.scope]}"


def changes(plan: Plan, book: Book) -> Table:
    """For the cover: the mapping rows that the data use."""
    moved = _moved(plan, book)
    rows: list[tuple[Value, ...]] = []
    for rule in plan.mapping.moved():
        for change in rule.changes:
            count = moved.get((rule.old, change.new_code), 0)
            if change.scope != "remain" and count:
                old, new = f"{change.old_code} {change.old_name}", f"{change.new_code} {change.new_name}"
                rows.append((old, _scope(change), new, f"{change.effective_date or ''}", change.doc_no or change.title, count))
    columns = _columns(
        *(
            ("原代码", "text", 16),
            ("变更", "text", 14),
            ("现代码", "text", 16),
            ("生效", "text", 12),
            ("文号", "wrap", 22),
            ("更新行数", "int", 10),
        ),
        spans=(2, 2, 2, 2, 3, 1),
    )
    return Table(title="区划变更（数据涉及的）", columns=columns, rows=tuple(rows), empty="没有涉及数据的变更")


def targets(plan: Plan, book: Book) -> Table:
    """For the cover: every target before and after."""
    rows: list[tuple[Value, ...]] = []
    for target in plan.settings.targets:
        before, after = ([item for item in book.measures(target.id, phase) if item.code is None] for phase in ("before", "after"))
        figures: list[Value] = []
        for values in ([item.rows for item in before], [item.rows for item in after]):
            figures.append(sum(values) if values else None)
        money = [sum(sum(item.fen) for item in items) if items and target.amounts else None for items in (before, after)]
        same = sorted(map(_content, before)) == sorted(map(_content, after))
        rows.append((target.label, *figures, *money, "" if not after else "通过" if same else "不通过"))
    columns = _columns(
        *(("对象", "wrap", 34), ("行数·迁移前", "int", 11), ("行数·迁移后", "int", 11), ("金额（元）·迁移前", "money", 22)),
        *(("金额（元）·迁移后", "money", 22), ("守恒", "state", 11)),
        spans=(3, 2, 2, 2, 2, 1),
    )
    return Table(title="各迁移对象：整表与各映射组守恒", columns=columns, rows=tuple(rows))


def _content(item: Measure) -> tuple[Any, ...]:
    return (item.closed, item.group, *(str(value) for value in item.content))


def mapping(plan: Plan, book: Book) -> Sheet:
    """Each mapping row with its document."""
    moved = _moved(plan, book)
    rows: list[tuple[Value, ...]] = []
    for _, rule in sorted(plan.mapping.rules.items()):
        for change in rule.changes:
            count = moved.get((rule.old, change.new_code), 0) if change.old_code == rule.old else 0
            rows.append((change.old_code, change.old_name, _scope(change), change.new_code, *_named(change), count))
    rows += [("", "", "新设", code, *_named(change), 0) for code, group in sorted(plan.mapping.added.items()) for change in group]
    columns = _columns(
        *(("原代码", "code", 10), ("原名称", "text", 18), ("变更", "text", 16), ("现代码", "code", 10), ("现名称", "text", 18)),
        *(("生效日期", "text", 12), ("文号", "wrap", 40), ("首见公布表", "text", 12), ("置信", "text", 9), ("涉及行数", "int", 12)),
    )
    table = Table(title="", columns=columns, rows=tuple(rows), filtered=True, empty="两版之间没有变更")
    return _sheet("映射", "映射与文号", "两版之间的全部变更；涉及行数按主键日志。", table)


def _named(change: Change) -> tuple[Value, ...]:
    effective = change.effective_date.isoformat() if change.effective_date else ""
    return change.new_name, effective, change.doc_no or change.title, change.first_published, change.confidence


def codes(plan: Plan, book: Book) -> Sheet:
    """Before and after of every code that a rule touches and a target holds."""
    rows: list[tuple[Value, ...]] = []
    for target in plan.settings.targets:
        before, after = (
            {(item.closed, item.group, item.code): item for item in book.measures(target.id, phase) if item.group}
            for phase in ("before", "after")
        )
        for key in sorted(before.keys() | after.keys(), key=lambda key: (key[0], key[1], key[2] is not None, key[2] or "")):
            rows.append(_code_row(plan, target, key, before.get(key), after.get(key)))
    columns = _columns(
        *(("对象", "text", 24), ("期间", "text", 8), ("守恒组", "code", 10), ("代码", "text", 22)),
        *(("行数·前", "tally", 10), ("行数·后", "tally", 10), ("人数·前", "tally", 10), ("人数·后", "tally", 10)),
        *(
            ("单位数·前", "tally", 10),
            ("单位数·后", "tally", 10),
            ("金额（元）·前", "money", 16),
            ("金额（元）·后", "money", 16),
            ("守恒", "state", 8),
        ),
    )
    lead = "人数按代码去重，跨代码相加可能大于整组；整组合计须前后相等（行数、人数、单位数、金额、内容摘要）。"
    return _sheet("各组前后", "各守恒组前后数", lead, Table(title="", columns=columns, rows=tuple(rows), filtered=True))


def _code_row(
    plan: Plan, target: Target, key: tuple[bool, str, str | None], first: Measure | None, second: Measure | None
) -> tuple[Value, ...]:
    closed, group, code = key
    figures: list[Value] = []
    for name, counted in (("rows", True), ("persons", target.person), ("units", target.unit)):
        figures += [(getattr(item, name) if item else 0) if counted else None for item in (first, second)]
    fen: list[Value] = [(sum(item.fen) if item else 0) if target.amounts else None for item in (first, second)]
    label = "整组合计" if code is None else f"{code} {plan.new.name(code[:6]) or plan.old.name(code[:6])}"
    whole = bool(first and second and first.content == second.content)
    verdict = "" if code is not None or second is None else "通过" if whole else "不通过"
    return (target.label, "已结账" if closed else "开放", group, label, *figures, *fen, verdict)


def queue(plan: Plan, book: Book) -> Sheet:
    """By which key the rows were decided, and how many wait for a person."""
    labels = {target.id: target.label for target in plan.settings.targets}
    listed = sorted(
        book.moves(), key=lambda move: (list(labels).index(move[0]) if move[0] in labels else len(labels), move[1], move[2])
    )
    rows: Rows = tuple(
        (
            labels.get(target, target),
            old,
            plan.old.name(old[:6]),
            new,
            plan.new.name(new[:6]) if new else "",
            METHODS[method],
            count,
        )
        for target, old, new, method, count in listed
    )
    columns = _columns(
        *(("对象", "text", 28), ("原代码", "code", 14), ("原名称", "text", 18), ("现代码", "code", 14), ("现名称", "text", 18)),
        *(("分配方式", "text", 18), ("行数", "int", 12)),
    )
    table = Table(title="", columns=columns, rows=rows, filtered=True, empty="没有要更新的行")
    return _sheet("分配与待判定", "分配方式与待人工判定", "没有现代码的行待人工判定，保留原代码。", table)


def stops(plan: Plan, run: Run) -> Sheet:
    """What looked wrong, and who has looked at it."""
    accepted = set(run.facts.get("accepted_stops", []))
    rows = []
    for stop in plan.stops:
        by = "站点设置" if stop.id in plan.settings.accept else (run.approved_by or "") if stop.id in accepted else ""
        rows.append((STOPS[stop.kind], stop.id, stop.detail, by))
    columns = _columns(("停", "text", 24), ("编号", "wrap", 34), ("说明", "wrap", 70), ("确认人", "text", 14))
    table = Table(title="", columns=columns, rows=tuple(rows), empty="没有须人确认的停")
    return _sheet("停与确认", "须人确认的停", "代码表看上去不对的地方；没有人确认就不能批准。", table)


def restated(plan: Plan, book: Book) -> Sheet:
    """Closed statistics as they were, and in the new codes; what no weight distributes is the residual."""
    counts: list[tuple[Value, ...]] = []
    money: list[tuple[Value, ...]] = []
    for target in plan.settings.targets:
        for name, amounts, result in restated_totals(plan, target, book.measures(target.id, "before")):
            rows = counts if name == "行数" else money
            for code in sorted(amounts.keys() | result.totals.keys()):
                was, now, left = amounts.get(code, 0), result.totals.get(code, 0), result.residual.get(code, 0)
                if (was, left) != (now, 0):
                    basis = "按权重估算" if code in result.estimated else ""
                    rows.append((target.label, name, f"{code} {plan.new.name(code) or plan.old.name(code)}", was, now, left, basis))
            total = sum(amounts.values())
            if amounts:
                in_new, residual = sum(result.totals.values()), sum(result.residual.values())
                verdict = "通过" if in_new + residual == total else "不通过"
                rows.append((target.label, name, "合计", total, in_new, residual, verdict))
    tables = [_closed("行数", "tally", counts), _closed("金额（元）", "diff", money)]
    lead = "已结账统计不改动；新口径仅供对比，只列有变化的代码。原口径 = 新口径 + 未分配余额（合计）。"
    return _sheet("已结账统计", "已结账统计：原口径与新口径", lead, *tables)


def _closed(title: str, kind: Kind, rows: Sequence[tuple[Value, ...]]) -> Table:
    columns = _columns(
        *(("对象", "text", 28), ("指标", "text", 12), ("代码", "text", 24), ("原口径", kind, 20), ("新口径", kind, 20)),
        *(("未分配余额", kind, 18), ("说明", "state", 14)),
    )
    return Table(title=title, columns=columns, rows=tuple(rows), empty="没有已结账的数据")
