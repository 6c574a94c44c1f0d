"""数据修改审批单: one A4 page that is frozen empty and written again, beside the frozen files, with every decision."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.writer.excel import ExcelWriter

from hedui.corrections.bundle.explanation import BASES, DIALECTS, MODES
from hedui.corrections.bundle.figures import Figures, figures
from hedui.corrections.bundle.frozen import FrozenBundle
from hedui.corrections.bundle.manifest import TIERS
from hedui.corrections.bundle.shown import money
from hedui.corrections.model import DECISION_LABELS, BundlePlan
from hedui.reports.archive import WorkbookArchive
from hedui.reports.cells import display_width, safe_text
from hedui.security.masking import mask_text

CHINA: Final = ZoneInfo("Asia/Shanghai")
GRID: Final = (13.0, 14.5, 13.0, 14.5, 13.0, 14.5)
LINE: Final = 15.0
BLANK: Final = "□ 同意　　□ 不同意　　意见：\n\n签字：　　　　　　　　　　日期：　　　　年　　月　　日"
OPINIONS: Final = (
    ("业务部门意见", "业务部门审批"),
    ("信息部门意见", "信息部门审批"),
    ("分管领导意见", "分管领导审批"),
    ("上级部门意见", "上级审批"),
    ("执行情况", "执行"),
    ("复核情况", "复核"),
)
"""Rows of the form and the act whose decision they take."""
HINTS: Final = {
    "执行": "□ 已执行，影响行数：　　　　□ 未执行，原因：\n\n执行人：　　　　　　　　　时间：　　　　年　　月　　日",
    "复核": "□ 通过，关闭　　□ 不通过，再打开\n\n复核人：　　　　　　　　　时间：　　　　年　　月　　日",
}
_THIN = Side(style="thin", color="404040")
_RULED = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_SHADE = PatternFill("solid", start_color="E7ECF2", end_color="E7ECF2")


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A decision or deed as the form shows it.

    Attributes:
        role: The act: ``业务部门审批``, ``分管领导审批``, ``执行``, ``复核`` …; what the form has no row for is added below.
        who: The person's name.
        at: When.
        verdict: ``同意``, ``不同意``, or what was done.
        reason: The person's words.
    """

    role: str
    who: str
    at: dt.datetime
    verdict: str
    reason: str = ""

    def text(self) -> str:
        """Opinion, name and time."""
        moment = self.at.astimezone(CHINA) if self.at.tzinfo else self.at
        words = f"：{self.reason}" if self.reason else ""
        return f"{self.verdict}{words}\n\n签字：{self.who}　　　　日期：{moment:%Y年%m月%d日 %H:%M}"


def write_approval_form(bundle: FrozenBundle, path: Path, *, decisions: Sequence[Signed] = (), rehearsal: str = "") -> None:
    """Writes the form of a frozen bundle with the decisions so far; the file appears whole or not at all.

    Args:
        bundle: The bundle.
        path: Where to; outside of the frozen files.
        decisions: What was decided and done, oldest first; of two for one act the later counts.
        rehearsal: What the rehearsal saw, in Chinese.
    """
    digests = {file.path: file.digests["sha256"] for file in bundle.manifest.files}
    write_form(
        path, bundle.plan, figures(bundle.plan), digests=digests, identity=bundle.digest, decisions=decisions, rehearsal=rehearsal
    )


def write_form(
    path: Path,
    plan: BundlePlan,
    found: Figures,
    *,
    digests: dict[str, str],
    identity: str = "",
    decisions: Sequence[Signed] = (),
    rehearsal: str = "",
) -> None:
    """Writes the form; ``digests`` are SHA-256 by file, ``identity`` the manifest's, once there is one."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "审批单"
    form = _Form(sheet)
    _write_request(form, plan, found)
    _write_grounds(form, plan, found, digests=digests, identity=identity, rehearsal=rehearsal)
    _write_opinions(form, plan, decisions)
    form.finish(plan)
    moment = dt.datetime.combine(plan.business_date, dt.time())
    name = plan.target.name
    book.properties = DocumentProperties(
        title=f"数据修改审批单 {plan.id}", creator=name, lastModifiedBy=name, created=moment, modified=moment
    )
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with WorkbookArchive(temporary, patches={}) as archive:
            ExcelWriter(book, archive).write_data()
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class _Form:
    """Rows of labels and values on a grid of six columns."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.row = 0
        for number, width in enumerate(GRID):
            sheet.column_dimensions["ABCDEF"[number]].width = width

    def line(self, text: str, *, size: float, bold: bool = False, height: float = 24, align: str = "center") -> None:
        """A line across the page, without rules."""
        self.row += 1
        self.sheet.merge_cells(start_row=self.row, start_column=1, end_row=self.row, end_column=6)
        cell = self.sheet.cell(self.row, 1, safe_text(text))
        cell.font = Font(name="黑体" if bold else "宋体", size=size, bold=bold or None)
        cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
        self.sheet.row_dimensions[self.row].height = height

    def pairs(self, *pairs: tuple[str, str]) -> None:
        """Up to three labels with values; the last value takes what is left of the row."""
        self.row += 1
        for place, (label, value) in enumerate(pairs):
            start = place * 2 + 1
            self._cell(start, start, label, named=True)
            self._cell(start + 1, 6 if place == len(pairs) - 1 else start + 1, value)
        widths = [sum(GRID[place * 2 + 1 : 6 if place == len(pairs) - 1 else place * 2 + 2]) for place in range(len(pairs))]
        lines = max(_lines(value, width) for (_, value), width in zip(pairs, widths, strict=True))
        self.sheet.row_dimensions[self.row].height = max(22.0, lines * LINE + 6)

    def _cell(self, first: int, last: int, text: str, *, named: bool = False) -> None:
        for column in range(first, last + 1):
            self.sheet.cell(self.row, column).border = _RULED
        cell = self.sheet.cell(self.row, first, safe_text(text))
        cell.data_type, cell.number_format = "s", "@"
        cell.font = Font(name="黑体" if named else "宋体", size=10)
        horizontal = "center" if named else "left"
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=True, indent=0 if named else 1)
        if named:
            cell.fill = _SHADE
        if last > first:
            self.sheet.merge_cells(start_row=self.row, start_column=first, end_row=self.row, end_column=last)

    def finish(self, plan: BundlePlan) -> None:
        """Page set-up: one A4 page, upright."""
        sheet = self.sheet
        sheet.sheet_view.showGridLines = False
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "portrait", 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 1
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins
        margins.left = margins.right = 0.5
        margins.top, margins.bottom, margins.footer = 0.5, 0.8, 0.35
        footer = sheet.oddFooter.center
        footer.font, footer.size = "宋体", 9
        footer.text = f"{plan.id}　第 &P 页 共 &N 页"
        sheet.protection.sheet = True


def _lines(text: str, width: float) -> int:
    return sum(max(1, -(-int(display_width(line) * 1.04 + 2) // int(width))) for line in text.split("\n"))


def _write_request(form: _Form, plan: BundlePlan, found: Figures) -> None:
    target = plan.target
    form.line("数据修改审批单", size=20, bold=True, height=40)
    parent = f"　上一轮：{plan.parent}" if plan.parent else ""
    form.line(f"申请单号：{plan.id}　　第 {plan.round} 轮{parent}", size=10, height=20)
    form.pairs(
        ("申请人", plan.proposer), ("数据日期", plan.business_date.isoformat()), ("处理决定", DECISION_LABELS[plan.decision])
    )
    form.pairs(
        ("所属系统", target.name), ("系统层级", f"{TIERS[target.tier]}（{target.region}）"), ("数据库", DIALECTS[target.dialect])
    )
    form.pairs(("涉及人数", f"{found.people:,} 人"), ("修改行数", f"{found.rows:,} 行"), ("案件数", f"{found.cases:,} 件"))
    amounts = found.money
    form.pairs(
        ("修改前金额", f"{money(amounts.before_fen)} 元"),
        ("修改后金额", f"{money(amounts.after_fen)} 元"),
        ("变动金额", f"{money(amounts.moved_fen)} 元"),
    )
    form.pairs(("是否关键字段", "是（逐人办理、二次审核）" if plan.key_field else "否"), ("执行方式", MODES[target.mode]))


def _write_grounds(
    form: _Form, plan: BundlePlan, found: Figures, *, digests: dict[str, str], identity: str, rehearsal: str
) -> None:
    ruled = "；".join(f"{rule} {name} {count:,} 件" for rule, name, count in found.by_rule[:5])
    form.pairs(("问题描述", f"核对发现{plan.target.name}的数据与应有的值不一致：{ruled}。"))
    form.pairs(("原因分析", "；".join(f"{cause} {count:,} 项" for cause, count in found.by_cause) + "。"))
    bases = "；".join(f"{basis}（{count:,} 件）" for _, basis, _, count in found.by_basis[:4])
    proofs = "、".join(mask_text(evidence) or "" for _, evidence in found.evidence[:5])
    form.pairs(("修改依据", f"{BASES[plan.decision]}{bases}。" + (f"凭证：{proofs}。" if proofs else "")))
    columns = "；".join(f"{table} {what} {column} {count:,} 行" for table, what, column, count in found.by_column[:8])
    form.pairs(("修改内容", f"{columns}。逐项原值、新值见《05_修改前后对照表》。"))
    form.pairs(("SQL 摘要与哈希", _sql(digests, identity)))
    form.pairs(
        ("风险与回退方案", "以原值为条件逐行核对，任一行不符整体撤销；修改前备份，可由 90_rollback.sql 或修改程序 ROLLBACK 恢复。")
    )
    form.pairs(("测试（演练）结果", rehearsal or "在数据副本上演练检查、备份、修改、复查、回退，结果见审批页面。"))


def _sql(digests: dict[str, str], identity: str) -> str:
    names = ("03_sql/20_apply.sql", "03_sql/90_rollback.sql", "02_修改程序/correct.sql", "04_data/changes.jsonl")
    lines = [f"{name}　{digests[name][:32]}" for name in names if name in digests]
    lines.insert(0, "集合修改：按暂存表以原值为条件更新并核对行数。文件 SHA-256（前 32 位）：")
    if identity:
        lines.append(f"方案摘要（manifest.json）　{identity}")
    return "\n".join(lines)


def _write_opinions(form: _Form, plan: BundlePlan, decisions: Sequence[Signed]) -> None:
    latest = {decision.role: decision for decision in decisions}
    for label, role in OPINIONS:
        decision = latest.pop(role, None)
        if role == "上级审批" and plan.target.mode != "dispatch" and decision is None:
            continue
        form.pairs((label, decision.text() if decision else HINTS.get(role, BLANK)))
    for role, decision in latest.items():
        form.pairs((role, decision.text()))
    form.line("注：申请、审批、执行、复核须由不同人员办理；本单中的决定以审计链记录为准。", size=9, height=20, align="left")
