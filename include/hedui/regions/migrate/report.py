"""区划迁移核验报告: each check with before, after, difference, verdict; each mapping row with its document; the queue; who approved.

The same run gives the same bytes. The digest on the first sheet is over the content of all other sheets, and is kept in the ledger; the
last sheet signs all of them (see :mod:`hedui.regions.migrate.signature`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from hedui.regions.migrate import report_sheets as sheets
from hedui.regions.migrate.book import STATES, Book, Deed, Run
from hedui.regions.migrate.checks import STAGES, Check
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.signature import NAME, SUMMARY, report_key, signature_sheet
from hedui.reports.content import Block, Column, Facts, Figure, Figures, Notes, Sheet, Table, Value
from hedui.reports.content import Report as Workbook
from hedui.reports.workbook import write_workbook

TITLE = "区划迁移核验报告"
BEIJING = ZoneInfo("Asia/Shanghai")
GRID = (11.5,) * 12


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished report: its file, and the digest of its content."""

    path: Path
    digest: str


def write_report(plan: Plan, book: Book, folder: Path, *, actor: str, organisation: str = "") -> Report:
    """Writes the report of a run as it stands, and notes it in the ledger.

    Args:
        plan: The run's plan.
        book: Its page in the ledger.
        folder: Where the workbook goes.
        actor: Who writes it, for the audit chain.
        organisation: 编制单位, on every sheet.

    Raises:
        SigningKeyError: There is no key to sign it with; nothing is written.
    """
    key = report_key(plan.settings.report_key)
    run = book.read()
    body = (
        sheets.checks(book),
        sheets.mapping(plan, book),
        sheets.codes(plan, book),
        sheets.queue(plan, book),
        sheets.stops(plan, run),
        sheets.restated(plan, book),
    )
    digest = digest_of(body)
    path = folder / f"{TITLE}_{plan.mapping.start:%Y%m%d}-{plan.mapping.end:%Y%m%d}.xlsx"
    made = Workbook(
        title=TITLE,
        organisation=organisation or "—",
        business_date=plan.mapping.end,
        sheets=(_cover(plan, run, book, digest, organisation, body), *body),
    )
    with tempfile.TemporaryDirectory(prefix="hedui-report-") as unsigned:
        write_workbook(made, Path(unsigned) / path.name)
        signed = signature_sheet(Path(unsigned) / path.name, _facts(run, digest), key=key)
    write_workbook(dataclasses.replace(made, sheets=(*made.sheets, signed)), path)
    deed = Deed(actor=actor, action="regions.report", details={"digest": digest, "file": path.name})
    book.update(report_path=str(path), report_digest=digest, deed=deed)
    return Report(path=path, digest=digest)


def _facts(run: Run, digest: str) -> dict[str, str]:
    """What the signature says of the run."""
    return {
        "报告": TITLE,
        "迁移编号": run.id,
        "旧版区划": f"{run.from_date:%Y-%m-%d}",
        "新版区划": f"{run.to_date:%Y-%m-%d}",
        "状态": STATES[run.state],
        "批准人": run.approved_by or "—",
        "所批准页面（SHA-256）": run.page_digest or "—",
        "映射（SHA-256）": run.mapping_digest,
        "报告内容（SHA-256，存于台账）": digest,
    }


def digest_of(body: Sequence[Sheet]) -> str:
    """SHA-256 over the content of sheets: names, headings and cells."""
    content = [[sheet.name, [dataclasses.asdict(block) for block in sheet.blocks if isinstance(block, Table)]] for sheet in body]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).encode()).hexdigest()


def _cover(plan: Plan, run: Run, book: Book, digest: str, organisation: str, body: Sequence[Sheet]) -> Sheet:
    checks = book.checks()
    failed = sum(1 for _, item in checks if item.verdict == "fail")
    approved_at = f"{run.approved_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if run.approved_at else "—"
    blocks: tuple[Block, ...] = (
        Facts(
            facts=(
                ("结论", "不通过" if failed else "通过"),
                ("状态", STATES[run.state]),
                ("旧版区划", f"{run.from_date:%Y-%m-%d}"),
                ("新版区划", f"{run.to_date:%Y-%m-%d}"),
                ("编制单位", organisation or "—"),
                ("迁移编号", run.id),
                ("批准人", run.approved_by or "—"),
                ("批准时间", f"{approved_at}（北京时间）" if run.approved_at else "—"),
                ("批准意见", run.approval_note or "—"),
                ("半年度数", f"{len(plan.mapping.steps)}"),
            )
        ),
        _figures(book, checks),
        _stages(checks),
        sheets.changes(plan, book),
        sheets.targets(plan, book),
        _index(body),
        Table(
            title="签字",
            columns=tuple(Column(key=name, title=name, span=3) for name in ("编制", "核验", "批准", "日期")),
            rows=(("", "", "", ""), ("", "", "", "")),
        ),
        Notes(
            title="摘要（SHA-256）",
            lines=(
                f"本报告内容　{digest}",
                f"所批准页面　{run.page_digest or '—'}",
                f"映射　　　　{run.mapping_digest}",
                "内容摘要按其余各表计算，并存入台账；重新生成后两者应一致。全部各表已签名，见“签名”表。",
            ),
        ),
    )
    return Sheet(
        name="结论",
        title=TITLE,
        lead=f"{run.from_date:%Y年%m月%d日} → {run.to_date:%Y年%m月%d日}",
        blocks=blocks,
        grid=GRID,
        portrait=True,
    )


def _figures(book: Book, checks: Sequence[tuple[str, Check]]) -> Figures:
    moves = book.moves()
    verdicts = [item.verdict for _, item in checks]
    moving, waiting = sum(move[4] for move in moves if move[2]), sum(move[4] for move in moves if not move[2])
    failed = verdicts.count("fail")
    return Figures(
        title="总体情况",
        figures=(
            Figure(label="更新行数", value=moving, hint="按主键日志逐行更新"),
            Figure(label="待人工判定行数", value=waiting, hint="保留原代码并列示" if waiting else "没有"),
            Figure(label="检查项数", value=len(checks), hint=f"其中提示 {verdicts.count('note'):,} 项"),
            Figure(label="不通过项数", value=failed, hint="须逐项说明" if failed else "全部通过", alarming=failed > 0),
        ),
    )


def _stages(checks: Sequence[tuple[str, Check]]) -> Table:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stage, item in checks:
        counts[stage][item.verdict] += 1
    rows: list[tuple[Value, ...]] = []
    for stage, label in STAGES.items():
        mine = counts.get(stage)
        if mine is not None:
            verdict = "不通过" if mine["fail"] else "通过"
            rows.append((label, sum(mine.values()), mine["pass"], mine["note"], mine["fail"], verdict))
    titles = (("stage", "阶段", "text"), ("all", "检查项", "int"), ("pass", "通过", "int"), ("note", "提示", "tally"))
    more = (("fail", "不通过", "tally"), ("verdict", "结论", "state"))
    columns = tuple(Column(key=key, title=title, kind=kind, span=2) for key, title, kind in (*titles, *more))  # type: ignore[arg-type]
    return Table(title="各阶段检查", columns=columns, rows=tuple(rows), empty="尚未检查")


def _index(body: Sequence[Sheet]) -> Table:
    rows = (*((sheet.name, sheet.summary or sheet.title) for sheet in body), (NAME, SUMMARY))
    columns = (Column(key="sheet", title="表", kind="link", span=3), Column(key="about", title="内容", span=9))
    return Table(title="目录", columns=columns, rows=rows)
