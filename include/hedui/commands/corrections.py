"""``hedui bundle``: correction bundles proposed, listed and shown, and what people decide about cases."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from hedui.commands.bundle_run import add_commands, add_row, say
from hedui.context import context_from_environment
from hedui.terminal import console

if TYPE_CHECKING:
    from hedui.corrections.ledger import Bundle


bundle_app = typer.Typer(no_args_is_help=True, help="Correction bundles. 处理方案：试算、提出、查看、判定。")
out = console()

NightOption = Annotated[dt.datetime, typer.Option("--date", "-d", formats=["%Y-%m-%d"], help="Night. 业务日期, YYYY-MM-DD.")]
TargetOption = Annotated[str, typer.Option(help="System to correct, by its id in corrections.yaml. 被修改系统")]
BundleArgument = Annotated[str, typer.Argument(help="BUNDLE-<region>-<yyyymmdd>-<seq>. 方案编号")]


@bundle_app.command("plan")
def plan(
    date: NightOption,
    target: TargetOption,
    rule: Annotated[list[str] | None, typer.Option(help="Rules, comma-separated or repeated. 规则")] = None,
    comparison: Annotated[list[str] | None, typer.Option(help="Comparisons. 比对")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of findings. 差异类型")] = None,
    field: Annotated[list[str] | None, typer.Option(help="Canonical fields. 字段")] = None,
    agency: Annotated[list[str] | None, typer.Option(help="Owning agencies. 责任单位")] = None,
    tier: Annotated[list[str] | None, typer.Option(help="Tiers of the agencies. 层级")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Region codes. 行政区划")] = None,
    insurance: Annotated[list[str] | None, typer.Option(help="Insurance codes. 险种")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Case tokens from the workbook. 案件代号")] = None,
    min_age: Annotated[int | None, typer.Option(min=0, help="Least age in working days. 最短账龄（工作日）")] = None,
    max_age: Annotated[int | None, typer.Option(min=0, help="Greatest age in working days. 最长账龄（工作日）")] = None,
    min_amount: Annotated[float | None, typer.Option(min=0, help="Least money at stake in yuan. 最小金额（元）")] = None,
    max_amount: Annotated[float | None, typer.Option(min=0, help="Greatest money at stake in yuan. 最大金额（元）")] = None,
    parent: Annotated[str | None, typer.Option(help="Only what this bundle gave back: its next round. 上一轮方案")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most cases, the oldest first. 最多案件数")] = None,
    keep: Annotated[bool, typer.Option("--propose", help="Keep the bundles; otherwise they are only shown. 正式提出")] = False,
    proposer: Annotated[str | None, typer.Option(help="Who asks; default: you. 申请人")] = None,
) -> None:
    """Show which bundles a selection of cases comes to; with --propose keep them. 试算处理方案；--propose 正式提出。"""
    from hedui.corrections.plan import outline, propose
    from hedui.corrections.select import Selection

    selection = Selection(
        rules=_parts(rule),
        comparisons=_parts(comparison),
        kinds=_parts(kind),
        fields=_parts(field),
        agencies=_parts(agency),
        tiers=_parts(tier),
        regions=_parts(region),
        insurances=_parts(insurance),
        cases=_parts(case),
        min_age=min_age,
        max_age=max_age,
        min_amount_fen=_fen(min_amount),
        max_amount_fen=_fen(max_amount),
        parent=parent,
        limit=limit,
    )
    context, who = context_from_environment(), proposer or getpass.getuser()
    if keep:
        run = f"cli-{uuid.uuid4().hex[:12]}"
        plans = propose(context, date=date.date(), target=target, selection=selection, proposer=who, run=run)
        out.print(_plans(plans))
        out.print(f"[green]✓[/] 提出 {len(plans)} 个处理方案")
        return
    found = outline(context, date=date.date(), target=target, selection=selection, proposer=who)
    out.print(_plans(found.plans) if found.plans else "没有可提出的处理方案")
    out.print(_reasons(found.reasons))
    say(f"另有 {found.untouched} 个案件中该系统的数据是正确的；以上仅为试算，加 --propose 正式提出")


def _parts(values: list[str] | None) -> tuple[str, ...]:
    return tuple(part.strip() for value in values or [] for part in value.split(",") if part.strip())


def _fen(yuan: float | None) -> int | None:
    return None if yuan is None else round(yuan * 100)


def _plans(plans: Any) -> Table:
    from hedui.corrections.model import DECISION_LABELS
    from hedui.corrections.plan import figures_of

    table = Table("方案编号", "轮次", "上一轮", "决定", "关键字段", "规则", "案件", "行", "人", "涉及金额（元）", box=None)
    for item in plans:
        figures = figures_of(item)
        key, money = "是" if item.key_field else "", f"{figures['moved_fen'] / 100:,.2f}"
        counts = (str(figures[name]) for name in ("cases", "rows", "people"))
        decision, rules = DECISION_LABELS[item.decision], ",".join(item.rules)
        add_row(table, item.id, str(item.round), item.parent or "", decision, key, rules, *counts, money)
    return table


def _reasons(reasons: Any) -> Table:
    from collections import Counter

    from hedui.corrections.model import DECISION_LABELS

    table = Table("未列入方案", "规则", "理由", "案件", box=None)
    counted = Counter((reason.decision, reason.rule, reason.basis) for reason in reasons)
    for (decision, rule, basis), count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        add_row(table, DECISION_LABELS[decision], rule, basis, str(count))
    return table


@bundle_app.command("list")
def list_all(
    state: Annotated[list[str] | None, typer.Option(help="States, for example PENDING. 状态")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Systems. 被修改系统")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON lines.")] = False,
) -> None:
    """List bundles with their state, size and age. 列出处理方案。"""
    from hedui.corrections.ledger import list_bundles
    from hedui.corrections.states import CASE_STATE_LABELS, State

    names = [name.upper() for name in _parts(state)]
    if unknown := [name for name in names if name not in State.__members__]:
        raise typer.BadParameter(f"{unknown[0]} is not one of {', '.join(State)}.", param_hint="--state")
    rows = list_bundles(context_from_environment(), states=[State(name) for name in names], targets=_parts(target))
    if as_json:
        for row in rows:
            out.print_json(json.dumps(_facts(row), ensure_ascii=False))
        return
    table = Table("方案编号", "轮次", "被修改系统", "状态", "自", "案件", "行", "涉及金额（元）", "案件状态", box=None)
    for row in rows:
        cases = "、".join(f"{CASE_STATE_LABELS[name]} {count}" for name, count in row.cases.items())
        money = f"{row.figures['moved_fen'] / 100:,.2f}"
        since = f"{row.state_since.astimezone():%Y-%m-%d %H:%M}"
        counts = (str(row.figures["cases"]), str(row.figures["rows"]))
        add_row(table, row.id, str(row.round), row.target, row.label, since, *counts, money, cases)
    out.print(table if rows else "没有处理方案")


def _facts(row: Bundle) -> dict[str, Any]:
    return {
        "id": row.id,
        "parent": row.parent,
        "round": row.round,
        "target": row.target,
        "state": row.state,
        "decision": row.decision,
        "key_field": row.key_field,
        "business_date": row.business_date.isoformat(),
        "figures": dict(row.figures),
        "cases": {str(name): count for name, count in row.cases.items()},
        "rules": list(row.rules),
        "digest": row.digest,
        "folder": row.folder,
    }


@bundle_app.command("show")
def show(bundle: BundleArgument, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Tell a bundle's whole story: what, why, who did what when, what became of its cases. 查看处理方案全过程。"""
    from hedui.corrections.story import Story, story

    context = context_from_environment()
    told: Story = story(context, bundle)
    if as_json:
        out.print_json(json.dumps(told.to_json(), ensure_ascii=False))
        return
    facts = Table("", "", show_header=False, box=None)
    facts.columns[0].style = "bold"
    for name, value in told.facts:
        add_row(facts, name, value)
    out.print(facts)
    for title, columns, rows in told.tables:
        out.print(f"\n[bold]{title}[/]")
        table = Table(*columns, box=None)
        for row in rows:
            add_row(table, *row)
        out.print(table if rows else "无")


@bundle_app.command("register")
def register(
    at: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the ages; default: today. 账龄截止日")
    ] = None,
) -> None:
    """Write the register of bundles by state, level and age as a workbook. 生成处理方案台账。"""
    from hedui.corrections.papers import make_register

    path = make_register(context_from_environment(), at.date() if at else dt.date.today())
    out.print(f"[green]✓[/] {path}")


@bundle_app.command("order")
def order(bundle: BundleArgument) -> None:
    """Write a bundle's work order with the analysis of the cause and the solution. 生成维护任务处理单。"""
    from hedui.corrections.papers import make_order

    out.print(f"[green]✓[/] {make_order(context_from_environment(), bundle)}")


@bundle_app.command("decide")
def decide(
    case: Annotated[str, typer.Argument(help="The case's token in the workbook. 案件代号")],
    decision: Annotated[str, typer.Option(help="LOCAL_RIGHT, UPPER_RIGHT, BOTH_WRONG, EXPLAINED or MANUAL. 决定")],
    reason: Annotated[str, typer.Option(help="Why. 理由")],
    value: Annotated[str | None, typer.Option(help="The right value: ISO date, fen, canonical code. 正确值")] = None,
    evidence: Annotated[str, typer.Option(help="Reference of the proof; key fields need one. 证据编号")] = "",
    by: Annotated[str | None, typer.Option(help="Who decided; default: you. 判定人")] = None,
) -> None:
    """Decide about a case; it holds until the case changes. 人工判定案件。"""
    from hedui.cases.tokens import case_of_token
    from hedui.corrections.decide import decide as keep
    from hedui.corrections.model import DECISION_LABELS, Decision

    if decision.upper() not in Decision.__members__:
        raise typer.BadParameter(f"{decision} is not one of {', '.join(Decision)}.", param_hint="--decision")
    chosen = Decision(decision.upper())
    context = context_from_environment()
    keep(
        context,
        case=case_of_token(context, case),
        decision=chosen,
        basis=reason,
        actor=by or getpass.getuser(),
        value=value,
        evidence=evidence,
    )
    out.print(f"[green]✓[/] 案件 {case}：{DECISION_LABELS[chosen]}")


add_commands(bundle_app)
