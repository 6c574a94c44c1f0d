"""The page that a manager decides on: what, why, how many people and how much money, examples, the rehearsal, the files. Markdown."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from hedui.canonical.schemas import datasets
from hedui.corrections.approval import STAGE_LABELS, Stage, why_leader, yuan
from hedui.corrections.model import DECISION_LABELS, OPERATION_LABELS, BundlePlan, Change, Column, Value
from hedui.rules import rules
from hedui.security.logs import scrub
from hedui.security.masking import mask_field, mask_key, mask_text

CORRECTION: Final = "修正"
ROLLBACK: Final = "回退"
EXAMPLES: Final = 3
MOST_LINES: Final = 12
Facts = tuple[tuple[str, str], ...]
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!~])")


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A decision that was taken before: stage, who, when, what, why."""

    stage: str
    who: str
    at: dt.datetime
    verdict: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of whom.

    Attributes:
        stage: The stage.
        purpose: ``修正``, or ``回退`` of a bundle that was executed.
        asked: User names of who may decide.
        until: When the request lapses as refused; None: never.
        digest: SHA-256 of the manifest: what is approved is what is executed.
        files: Address of the page with the bundle's files.
        rehearsal: Label and figure of what the rehearsal saw.
        reread: Label and figure of what was seen when the changed rows were read again, for a review.
        signatures: Decisions before this one.
    """

    stage: Stage
    purpose: str = CORRECTION
    asked: tuple[str, ...]
    until: dt.datetime | None
    digest: str
    files: str
    rehearsal: Facts = ()
    reread: Facts = ()
    signatures: tuple[Signature, ...] = ()


def subject(plan: BundlePlan, stage: Stage, *, purpose: str = CORRECTION) -> str:
    """The request's headline; what task names may show."""
    again = f"（第 {plan.round} 轮）" if plan.round > 1 else ""
    return f"{STAGE_LABELS[stage]}：{plan.target.name}数据{purpose}{again} {plan.id}"


def approval_page(plan: BundlePlan, request: Request, *, site: str, timezone: dt.tzinfo) -> str:
    """The page.

    Args:
        plan: The bundle as it was frozen.
        request: What is asked of whom.
        site: The site's name.
        timezone: The site's time zone.
    """
    lines = [f"## {site}：{plan.target.name}数据{request.purpose}", ""]
    lines += _what(plan, request)
    lines += ["", "### 为什么", "", *_why(plan)]
    lines += ["", "### 修改内容", "", "| 表 | 操作 | 字段 | 行数 |", "|---|---|---|---:|", *_contents(plan)]
    lines += ["", f"### 示例（{min(EXAMPLES, len(plan.changes))} 条，已脱敏）", "", *_examples(plan)]
    lines += ["", "### 副本演练", "", *_facts(request.rehearsal, without="未演练")]
    if request.stage is Stage.REVIEW:
        lines += ["", "### 复读验证", "", *_facts(request.reread, without="未复读")]
    lines += ["", "### 已有意见", "", *_signatures(request, timezone)]
    lines += ["", "### 文件", "", f"- [处理说明、SQL、前后对照、审批单]({request.files})"]
    lines += [f"- 清单摘要 `{request.digest}`：批准的与执行的须一致，文件改动后不能执行"]
    lines += ["", "### 请决定", "", *_ask(plan, request, timezone)]
    return "\n".join(lines) + "\n"


def _what(plan: BundlePlan, request: Request) -> list[str]:
    before, after, moved = plan.amount_before_fen, plan.amount_after_fen, plan.amount_moved_fen
    money = f"金额：{yuan(before)} 元 → {yuan(after)} 元，变动合计 {yuan(moved)} 元" if before or after or moved else "不涉及金额"
    lines = [
        f"- **涉及 {plan.people:,} 人、{len(plan.cases):,} 个差异案件、{len(plan.changes):,} 行**",
        f"- **{money}**",
        f"- 方案编号 `{plan.id}`，业务日期 {plan.business_date}，申请人 {escape(plan.proposer)}",
    ]
    if plan.parent:
        lines.append(f"- 第 {plan.round} 轮，上一轮 `{plan.parent}`")
    how = "批准后由本系统写入目标库" if plan.target.mode == "execute" else "批准后签名上报，由对方执行并回执"
    lines.append(f"- 目标系统：{plan.target.name}，{how}")
    reason = why_leader(plan.target, key_field=plan.key_field, people=plan.people, amount_moved_fen=moved)
    if reason:
        lines.append(f"- 须分管领导审批：{reason}")
    return lines


def _why(plan: BundlePlan) -> list[str]:
    catalogue = rules()
    decided = Counter((reason.rule, reason.decision, reason.basis, reason.decided_by) for reason in plan.reasons)
    lines = []
    for (rule, decision, basis, by), count in decided.most_common(MOST_LINES):
        name = catalogue[rule].name if rule in catalogue else ""
        person = f"（{escape(by)} 判定）" if by else ""
        lines.append(f"- {rule} {name}：{DECISION_LABELS[decision]}{person}，{escape(scrub(basis))}，{count:,} 个案件")
    return [*lines, *_left(len(decided))] or ["- （无）"]


def _contents(plan: BundlePlan) -> list[str]:
    counted = Counter((change.table, change.operation, change.field) for change in plan.changes)
    lines = []
    for (table, operation, fields), count in counted.most_common(MOST_LINES):
        label = plan.table(table).label or table
        lines.append(f"| {escape(label)} | {OPERATION_LABELS[operation]} | {escape(field_labels(fields)) or '整行'} | {count:,} |")
    return [*lines, *(f"| {text.removeprefix('- ')} | | | |" for text in _left(len(counted)))]


def _left(count: int) -> list[str]:
    return [f"- 另有 {count - MOST_LINES} 类，见处理说明"] if count > MOST_LINES else []


def field_labels(fields: str) -> str:
    """Chinese labels of canonical fields that are joined by commas."""
    labels = {name: field.label for dataset in datasets().values() for name, field in dataset.fields.items()}
    return "、".join(labels.get(name, name) for name in fields.split(",") if name)


def spread(plan: BundlePlan) -> list[Change]:
    """The examples: first, middle and last of the bundle, so that they differ."""
    last = len(plan.changes) - 1
    return [plan.changes[index] for index in sorted({0, last // 2, last})] if last >= 0 else []


def _examples(plan: BundlePlan) -> list[str]:
    lines = ["| 行号 | 对象 | 字段 | 原值 | 新值 |", "|---:|---|---|---|---|"]
    for change in spread(plan):
        subject_type = "person" if change.person else "unit"
        key = "/".join(mask_key(shown(value)) or "" if change.person else mask_text(shown(value)) or "" for value in change.key)
        names = change.field.split(",") if change.field else []
        for place, cell in enumerate(change.cells[:MOST_LINES]):
            column = plan.table(change.table).column(cell.column)
            name = names[place] if len(names) == len(change.cells) else (names[0] if len(names) == 1 else None)
            old, new = (
                yuan(fen) if fen is not None else _told(column, value, name, subject_type, plan.business_date)
                for value, fen in zip((cell.old, cell.new), cell.amount_fen or (None, None), strict=True)
            )
            lines.append(
                f"| {change.number} | {escape(key)} | {escape(column.label or cell.column)} | {escape(old)} | {escape(new)} |"
            )
    return lines


def _told(column: Column, value: Value, field: str | None, subject_type: str, at: dt.date) -> str:
    """A column's value as the page shows it: a code with what it means, anything else masked."""
    meaning = column.meaning(value)
    return f"{value}（{meaning}）" if meaning else masked_value(value, field, subject_type, at)


def masked_value(value: Value, field: str | None, subject_type: str, at: dt.date) -> str:
    """A column's value as the page shows it; where its field is not known it is treated as a person's key."""
    text = shown(value)
    if text is None:
        return "（空）"
    masked = mask_field(field, text, subject_type=subject_type, at=at) if field else mask_key(text)
    return scrub(masked or "")


def shown(value: Value) -> str | None:
    """A value as text."""
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return None if value is None else str(value)


def _facts(facts: Facts, *, without: str) -> list[str]:
    return [f"- {escape(label)}：{escape(figure)}" for label, figure in facts] or [f"- {without}"]


def _signatures(request: Request, timezone: dt.tzinfo) -> list[str]:
    lines = []
    for item in request.signatures:
        at = f"{item.at.astimezone(timezone):%Y-%m-%d %H:%M}"
        lines.append(f"- {item.stage}：{escape(item.who)} {at} {item.verdict}。{escape(scrub(item.reason))}")
    return lines or ["- 无"]


def _ask(plan: BundlePlan, request: Request, timezone: dt.tzinfo) -> list[str]:
    lines = [f"- {STAGE_LABELS[request.stage]}：{'、'.join(escape(user) for user in request.asked)}"]
    if request.stage is Stage.REVIEW:
        lines.append("- 批准即关闭；驳回须写明理由，未通过验证的案件再打开，进入下一轮")
    elif request.purpose == ROLLBACK:
        lines.append("- 批准即恢复为修改前的值，案件再打开；驳回须写明理由，方案维持原状")
    else:
        lines.append("- 驳回须写明理由，未写的不予采信并重新请批；驳回后案件退回，可重新编制方案")
    if request.until is not None:
        lines.append(f"- {request.until.astimezone(timezone):%Y-%m-%d %H:%M} 前未决定的，按驳回处理")
    lines.append("- 申请、审批、执行、复核须由不同人员办理")
    return lines


def escape(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
