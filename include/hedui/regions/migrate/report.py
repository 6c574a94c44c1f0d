"""区划迁移核验报告: each check with before, after, difference, verdict; each mapping row with its document; the queue; who approved.

The same run gives the same bytes. The digest on the first sheet is over the content of all other sheets, and is kept in the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from hedui.regions.allocation import METHODS
from hedui.regions.honesty import STOPS
from hedui.regions.migrate.book import STATES, Book, Deed, Run
from hedui.regions.migrate.checks import STAGES, VERDICTS
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.restated import restated_totals
from hedui.regions.migrate.workbook import Column, Sheet, Value, save
from hedui.regions.model import KINDS, SCOPES

TITLE = "区划迁移核验报告"
BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished report: its file, and the digest of its content."""

    path: Path
    digest: str


def write_report(plan: Plan, book: Book, folder: Path, *, actor: str) -> Report:
    """Writes the report of a run as it stands, and notes it in the ledger."""
    run = book.read()
    body = [
        _checks(book),
        _mapping(plan, book),
        _codes(plan, book),
        _queue(plan, book),
        _stops(plan, run),
        _restated(plan, book),
    ]
    digest = digest_of(body)
    path = folder / f"{TITLE}_{plan.mapping.start:%Y%m%d}-{plan.mapping.end:%Y%m%d}.xlsx"
    save(path, [_cover(plan, run, book, digest), *body])
    deed = Deed(actor=actor, action="regions.report", details={"digest": digest, "file": path.name})
    book.update(report_path=str(path), report_digest=digest, deed=deed)
    return Report(path=path, digest=digest)


def digest_of(sheets: Sequence[Sheet]) -> str:
    """SHA-256 over the content of sheets: names, headers and cells."""
    content = [[sheet.name, [column.title for column in sheet.columns], [list(row) for row in sheet.rows]] for sheet in sheets]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _cover(plan: Plan, run: Run, book: Book, digest: str) -> Sheet:
    checks = [item for _, item in book.checks()]
    moves = book.moves()
    failed = sum(1 for item in checks if item.verdict == "fail")
    conclusion = "不通过" if failed else "通过"
    approved_at = f"{run.approved_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if run.approved_at else ""
    rows: list[tuple[Value, ...]] = [
        ("结论", conclusion),
        ("迁移编号", run.id),
        ("旧版区划日期", run.from_date.isoformat()),
        ("新版区划日期", run.to_date.isoformat()),
        ("半年度数", f"{len(plan.mapping.steps)}"),
        ("状态", STATES[run.state]),
        ("迁移对象", "、".join(target.label for target in plan.settings.targets)),
        ("更新行数", f"{sum(move[4] for move in moves if move[2]):,}"),
        ("待人工判定行数", f"{sum(move[4] for move in moves if not move[2]):,}"),
        ("检查项数", f"{len(checks)}"),
        ("不通过项数", f"{failed}"),
        ("批准人", run.approved_by or ""),
        ("批准时间（北京时间）", approved_at),
        ("批准意见", run.approval_note or ""),
        ("所批准页面的摘要（SHA-256）", run.page_digest or ""),
        ("映射摘要（SHA-256）", run.mapping_digest),
        ("本报告内容摘要（SHA-256）", digest),
    ]
    columns = [Column(title="项目", width=30), Column(title="内容", width=90)]
    return Sheet(name="结论", title=TITLE, columns=columns, rows=rows, notes=("摘要按其余各表内容计算，并存入台账。",))


def _checks(book: Book) -> Sheet:
    rows = [
        (
            item.number,
            STAGES[stage],
            item.title,
            item.target,
            item.before,
            item.after,
            item.difference,
            VERDICTS[item.verdict],
            item.detail,
        )
        for stage, item in book.checks()
    ]
    widths = (("项", 5), ("阶段", 9), ("检查", 34), ("对象", 24), ("前", 30), ("后", 30), ("差异", 12), ("结论", 9), ("说明", 60))
    columns = [Column(title=title, width=width) for title, width in widths]
    return Sheet(name="核验项目", title="核验项目", columns=columns, rows=rows)


def _mapping(plan: Plan, book: Book) -> Sheet:
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for _, old, new, _, count in book.moves():
        moved[(old[:6], new[:6])] += count
    rows: list[tuple[Value, ...]] = []
    for rule in [rule for _, rule in sorted(plan.mapping.rules.items())]:
        for change in rule.changes:
            scope = f"{KINDS[change.kind]}·{SCOPES[change.scope]}"
            effective = change.effective_date.isoformat() if change.effective_date else ""
            rows.append(
                (
                    *(change.old_code, change.old_name, scope, change.new_code, change.new_name, effective),
                    *(change.doc_no or change.title, change.first_published, change.confidence),
                    moved.get((rule.old, change.new_code), 0) if change.old_code == rule.old else 0,
                )
            )
    for code, changes in sorted(plan.mapping.added.items()):
        for change in changes:
            effective = change.effective_date.isoformat() if change.effective_date else ""
            rows.append(
                ("", "", "新设", code, change.new_name, effective, change.doc_no or change.title, change.first_published, "", 0)
            )
    widths = (("原代码", 10), ("原名称", 18), ("变更", 16), ("现代码", 10), ("现名称", 18), ("生效日期", 12), ("文号", 40))
    more = (("首见公布表", 12), ("置信", 9), ("涉及行数", 12))
    return Sheet(
        name="映射", title="映射与文号", columns=[Column(title=title, width=width) for title, width in (*widths, *more)], rows=rows
    )


def _codes(plan: Plan, book: Book) -> Sheet:
    """Before and after of every code that a rule touches and a target holds."""
    rows: list[tuple[Value, ...]] = []
    for target in plan.settings.targets:
        before = {(item.closed, item.group, item.code): item for item in book.measures(target.id, "before") if item.group}
        after = {(item.closed, item.group, item.code): item for item in book.measures(target.id, "after") if item.group}
        for key in sorted(before.keys() | after.keys(), key=lambda key: (key[0], key[1], key[2] is not None, key[2] or "")):
            closed, group, code = key
            first, second = before.get(key), after.get(key)
            figures: list[Value] = []
            for name in ("rows", "persons", "units"):
                figures += [getattr(item, name) if item else 0 for item in (first, second)]
            fen = [sum(item.fen) if item else 0 for item in (first, second)]
            label = "整组合计" if code is None else f"{code} {plan.new.name(code[:6]) or plan.old.name(code[:6])}"
            state = "已结账" if closed else "开放"
            same = "" if code is not None else "通过" if after and first and second and first.content == second.content else "提示"
            rows.append((target.label, state, group, label, *figures, *fen, same))
    widths = (
        ("对象", 20),
        ("期间", 9),
        ("守恒组", 10),
        ("代码", 24),
        ("前 行数", 12),
        ("后 行数", 12),
        ("前 人数", 12),
        ("后 人数", 12),
    )
    more = (("前 单位数", 12), ("后 单位数", 12), ("前 金额（分）", 20), ("后 金额（分）", 20), ("守恒", 8))
    columns = [Column(title=title, width=width) for title, width in (*widths, *more)]
    notes = ("人数按代码去重，跨代码相加可能大于整组；整组合计须前后相等。",)
    return Sheet(name="各组前后", title="各守恒组前后数", columns=columns, rows=rows, notes=notes)


def _queue(plan: Plan, book: Book) -> Sheet:
    labels = {target.id: target.label for target in plan.settings.targets}
    rows = [
        (
            labels.get(target, target),
            old,
            plan.old.name(old[:6]),
            new,
            plan.new.name(new[:6]) if new else "",
            METHODS[method],
            count,
        )
        for target, old, new, method, count in book.moves()
    ]
    widths = (("对象", 24), ("原代码", 14), ("原名称", 18), ("现代码", 14), ("现名称", 18), ("分配方式", 18), ("行数", 12))
    columns = [Column(title=title, width=width) for title, width in widths]
    return Sheet(name="分配与待判定", title="分配方式与待人工判定", columns=columns, rows=rows)


def _stops(plan: Plan, run: Run) -> Sheet:
    accepted = set(run.facts.get("accepted_stops", []))
    rows = []
    for stop in plan.stops:
        by = "站点设置" if stop.id in plan.settings.accept else (run.approved_by or "") if stop.id in accepted else ""
        rows.append((STOPS[stop.kind], "、".join(stop.codes), stop.detail, by))
    columns = [Column(title=title, width=width) for title, width in (("停", 20), ("代码", 40), ("说明", 80), ("确认人", 14))]
    return Sheet(name="停与确认", title="须人确认的停", columns=columns, rows=rows)


def _restated(plan: Plan, book: Book) -> Sheet:
    """Closed statistics as they were, and in the new codes; what no weight distributes is the residual."""
    rows: list[tuple[Value, ...]] = []
    for target in plan.settings.targets:
        for name, amounts, result in restated_totals(plan, target, book.measures(target.id, "before")):
            for code in sorted(amounts.keys() | result.totals.keys()):
                was, now, left = amounts.get(code, 0), result.totals.get(code, 0), result.residual.get(code, 0)
                if (was, left) != (now, 0):
                    basis = "按权重估算" if code in result.estimated else ""
                    label = plan.new.name(code) or plan.old.name(code)
                    rows.append((target.label, name, f"{code} {label}", was, now, left, basis))
            total = sum(amounts.values())
            if amounts:
                restated, residual = sum(result.totals.values()), sum(result.residual.values())
                verdict = "通过" if restated + residual == total else "不通过"
                rows.append((target.label, name, "合计", total, restated, residual, verdict))
    widths = (("对象", 24), ("指标", 14), ("代码", 24), ("原口径", 20), ("新口径", 20), ("未分配余额", 20), ("说明", 14))
    columns = [Column(title=title, width=width) for title, width in widths]
    notes = ("已结账统计不改动；新口径仅供对比，只列有变化的代码。原口径 = 新口径 + 未分配余额（合计）。",)
    return Sheet(name="已结账统计", title="已结账统计：原口径与新口径", columns=columns, rows=rows, notes=notes)
