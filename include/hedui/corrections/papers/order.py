"""维护任务处理单: one bundle on paper, with the analysis of the cause and the solution, for the files of the operations contract."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hedui.context import Context
from hedui.corrections.errors import CorrectionError
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import Bundle
from hedui.corrections.model import OPERATION_LABELS, BundlePlan
from hedui.corrections.papers.entries import TIERS
from hedui.corrections.papers.register import FOLDER
from hedui.corrections.plan import plan_of
from hedui.corrections.states import ACT_LABELS, CASE_STATE_LABELS, STATE_LABELS, Act, CaseState
from hedui.corrections.story import Story, story
from hedui.reports.content import Block, Column, Facts, Notes, Report, Sheet, Table, Value
from hedui.reports.figures import organisation
from hedui.reports.workbook import write_workbook
from hedui.rules import rules
from hedui.security.masking import mask_text

GRID: Final = (15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0)


def make_order(context: Context, bundle_id: str) -> Path:
    """Writes the work order of a bundle as it stands; the same ledger gives the same bytes.

    Raises:
        LedgerError: There is no such bundle. BundleChangedError: its frozen files were changed.
    """
    told = story(context, bundle_id)
    plan = _plan(context, told.bundle)
    day = told.bundle.state_since.astimezone(told.zone).date()
    sheet = Sheet(
        name="维护任务处理单",
        title="维护任务处理单",
        lead=f"处理单号 {bundle_id}",
        blocks=(
            _head(told),
            Notes(title="一、问题描述", lines=tuple(problem(told))),
            Notes(title="二、问题原因分析", lines=tuple(causes(told)), numbered=True),
            Notes(title="三、解决方案说明", lines=tuple(solution(told, plan)), numbered=True),
            *([_changes(plan)] if plan is not None else []),
            Notes(title="四、验证情况", lines=tuple(verification(told))),
            _events(told),
        ),
        grid=GRID,
        portrait=True,
    )
    path = context.reports / FOLDER / f"维护任务处理单_{bundle_id}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(Report(title="维护任务处理单", organisation=organisation(context), business_date=day, sheets=(sheet,)), path)
    return path


def _plan(context: Context, bundle: Bundle) -> BundlePlan | None:
    """What changes; None where the night of a bundle that was never frozen has gone."""
    if bundle.digest is not None:
        return frozen_bundle(context, bundle.id)[1].plan
    try:
        return plan_of(context, bundle.id)
    except CorrectionError:
        return None


def _head(told: Story) -> Facts:
    bundle, figures = told.bundle, told.bundle.figures
    people = {event.act: event.actor for event in bundle.events if event.act is not None}
    return Facts(
        facts=(
            ("处理单号", bundle.id),
            ("当前状态", bundle.label),
            ("系统", told.system),
            ("层级", TIERS.get(bundle.tier, bundle.tier)),
            ("提出人", bundle.proposer),
            ("提出时间", _time(told, bundle.created_at)),
            ("轮次", f"第 {bundle.round} 轮"),
            ("上一轮方案", bundle.parent or "无"),
            ("涉及案件", f"{figures['cases']} 件"),
            ("涉及人数、行数", f"{figures['people']} 人、{figures['rows']} 行"),
            ("涉及金额（元）", _yuan(figures["moved_fen"])),
            ("关键字段", "是（逐人办理、二级审批）" if bundle.key_field else "否"),
            ("审批人", "、".join(people[act] for act in (Act.APPROVE, Act.APPROVE_LEADER) if act in people) or "尚未审批"),
            ("执行人", people.get(Act.EXECUTE, "尚未执行")),
            ("执行时间", _time(told, bundle.executed_at) if bundle.executed_at else "尚未执行"),
            ("复核人", people.get(Act.REVIEW, "尚未复核")),
        )
    )


def problem(told: Story) -> list[str]:
    """What is wrong, in sentences."""
    bundle, figures = told.bundle, told.bundle.figures
    lines = [
        f"{bundle.business_date:%Y年%m月%d日}业务日期的核对发现，{told.system}有 {figures['rows']} 行数据与认定正确的一方不一致，"
        f"形成 {figures['cases']} 件案件，涉及 {figures['people']} 人；修改前金额合计 {_yuan(figures['before_fen'])} 元，"
        f"修改后 {_yuan(figures['after_fen'])} 元，差额绝对值合计 {_yuan(figures['moved_fen'])} 元。"
    ]
    if bundle.parent:
        before = next(each for each in told.rounds if each.id == bundle.parent)
        reason = f"（{mask_text(before.note)}）" if before.note else ""
        lines.append(f"本方案为第 {bundle.round} 轮：上一轮 {before.id} 的结果是“{before.label}”{reason}。")
    return lines


def causes(told: Story) -> list[str]:
    """Why, by rule: what differs, who is right and on what grounds."""
    counted: dict[str, Counter[str]] = {}
    for line in told.cases:
        counted.setdefault(line.rule, Counter())[line.basis + (f"（{line.decided_by}判定）" if line.decided_by else "")] += (
            line.cases
        )
    found = []
    for name, bases in sorted(counted.items()):
        grounds = "；".join(f"{mask_text(basis)}，{count} 件" for basis, count in bases.most_common())
        found.append(
            f"{name} {rules()[name].name}（{sum(bases.values())} 件）：{told.system}保存的值与权威来源不一致。依据：{grounds}。"
        )
    return found


def solution(told: Story, plan: BundlePlan | None) -> list[str]:
    """What is done about it, in steps."""
    bundle = told.bundle
    lines = [f"处置决定：{bundle.decision_label}。按逐行“原值”守护的方式修改，原值已变化的整单不执行，不覆盖他人的修改。"]
    if plan is not None:
        tables = "、".join(f"{table.label}（{table.name}）" for table in plan.tables)
        lines.append(f"修改范围：{tables}，共 {len(plan.changes)} 行；除表中列出的字段外不作其他修改。")
    lines.append("修改前备份所涉各行；在数据副本上演练：前置检查、备份、修改、后置检查、重新核对、回退复原，全部通过后才提交审批。")
    if bundle.mode == "execute":
        lines.append("经批准后由本系统在一个事务中执行，行数不符即全部撤销；可凭备份回退，回退须另行审批。")
    else:
        lines.append("经批准后签名打包上报，由上级项目组执行并回执；被拒的行按理由核查后转入下一轮方案。")
    lines.append(f"处理说明、SQL、数据文件及校验值见方案目录；冻结摘要（SHA-256）：{bundle.digest or '尚未冻结'}。")
    return lines


def _changes(plan: BundlePlan) -> Table:
    """How many rows change in which column; no values, they are in the bundle's own workbook, masked."""
    counted = Counter(
        (change.table, change.operation, cell.column, change.rule) for change in plan.changes for cell in change.cells
    )
    rows: list[tuple[Value, ...]] = []
    for (name, operation, column, rule), count in sorted(counted.items()):
        spec = plan.table(name).column(column)
        rows.append((plan.table(name).label, name, spec.label, column, OPERATION_LABELS[operation], rule, count))
    return Table(
        title="修改内容汇总",
        columns=(
            Column(key="label", title="业务表"),
            Column(key="table", title="表名", kind="code"),
            Column(key="field", title="字段"),
            Column(key="column", title="列名", kind="code"),
            Column(key="operation", title="操作"),
            Column(key="rule", title="规则", kind="code"),
            Column(key="rows", title="处数", kind="int", total=True, span=2),
        ),
        rows=tuple(rows),
        total="合计",
    )


def verification(told: Story) -> list[str]:
    """What was seen afterwards."""
    bundle = told.bundle
    read = [event.details for event in bundle.events if "verified" in event.details]
    counted = "，".join(f"{CASE_STATE_LABELS[state]} {bundle.cases[state]} 件" for state in CaseState if state in bundle.cases)
    lines = [f"案件状态：{counted}。"]
    if read:
        lines.append(_reading(read[-1]))
    elif bundle.executed_at is None:
        lines.append("尚未执行，无验证结果。")
    reasons = Counter(line.reason for line in told.cases if line.state is CaseState.REOPENED and line.reason)
    lines += [f"再打开或退回：{mask_text(reason)}。" for reason in sorted(reasons)]
    if told.effects:
        seen = "，".join(f"{rule} {rules()[rule].name} {count} 件（{day}）" for rule, day, count in told.effects)
        lines.append(f"修改引起的新差异：{seen}。")
    elif bundle.executed_at is not None:
        lines.append("其后的夜次没有在修改过的行上发现新的差异。")
    return lines


def _reading(details: Mapping[str, Any]) -> str:
    wrong = len(details.get("wrong", []))
    return f"执行后复读（{details['place']}）：{details['rows']} 行，与修改后的值一致 {details['right']} 行，不一致 {wrong} 行。"


def _events(told: Story) -> Block:
    rows = tuple(
        (
            _time(told, event.at),
            event.actor,
            ACT_LABELS[event.act] if event.act else "系统处理",
            STATE_LABELS[event.to_state],
            mask_text(event.note) or None,
        )
        for event in told.bundle.events
    )
    return Table(
        title="五、办理经过",
        columns=(
            Column(key="at", title="时间", span=2),
            Column(key="actor", title="操作人"),
            Column(key="act", title="行为"),
            Column(key="state", title="状态", span=2),
            Column(key="note", title="说明", kind="wrap", span=2),
        ),
        rows=rows,
    )


def _time(told: Story, at: dt.datetime) -> str:
    return f"{at.astimezone(told.zone):%Y-%m-%d %H:%M}"


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"


__all__ = ["causes", "make_order", "problem", "solution", "verification"]
