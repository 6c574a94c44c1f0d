"""``hedui rules``: every rule and where it is judged, what it says, its examples, their suites and page, and states judged again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import context_from_environment
from hedui.findings import SEVERITIES
from hedui.site import load_site
from hedui.terminal import console

rules_app = typer.Typer(no_args_is_help=True, help="The rules: list, explain, test, build, judge again. 规则。")
out = console()

EXIT_WRONG = 1
EXIT_UNTESTED = 2
DEFAULT_SITE = Path(__file__).resolve().parents[2] / "sites" / "demo"
SiteOption = Annotated[Path, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder. 站点目录")]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "rules.md"
KINDS = {"good": "正常", "hit": "应发现", "near": "不应发现"}


@rules_app.command("list")
def list_rules(
    dataset: Annotated[str, typer.Option(help="Only checks on this dataset. 数据集")] = "",
    site: SiteOption = DEFAULT_SITE,
) -> None:
    """List every rule of the catalogue with where it is judged. 列出全部规则及判定之处。"""
    from hedui.checks.catalogue import places
    from hedui.checks.registry import shipped_rules
    from hedui.rules import rules

    shipped = {item.rule: item for item in shipped_rules()}
    table = Table("规则", "名称", "级别", "类型", "判定", box=None)
    for name, where in places(load_site(site, rules=False)).items():
        if not dataset or (name in shipped and dataset in shipped[name].datasets):
            kind = shipped[name].type_label if name in shipped else ""
            said = "；".join(place.text for place in where)
            table.add_row(name, rules()[name].name, SEVERITIES[rules()[name].severity], kind, said.replace("[", r"\["))
    out.print(table)


@rules_app.command("explain")
def explain_rule(rule_id: str, site: SiteOption = DEFAULT_SITE) -> None:
    """Explain one rule: meaning, where it is judged, type, source, parameters, SQL. 说明规则。"""
    from hedui.checks.catalogue import explain

    out.print(explain(rule_id, load_site(site, rules=False)), markup=False, highlight=False, soft_wrap=True)


@rules_app.command("test")
def try_rule(rule_id: str, site: SiteOption = DEFAULT_SITE) -> None:
    """Run a rule on its own examples: hits must be found, near misses must not. 用样例检验规则。

    A rule without examples of its own is not run: where its planted records are is said, and how to run them; the exit code is 2.
    """
    from hedui.checks.catalogue import how_to_test
    from hedui.checks.entries import entry_of
    from hedui.checks.example import run_examples
    from hedui.rules import rule

    if entry_of(rule_id) is None:
        out.print(how_to_test(rule_id, load_site(site, rules=False)), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_UNTESTED)
    outcomes = run_examples(rule_id)
    table = Table(
        "数据集", "样例", "与正常记录的差别", "检查行数", "发现数", "结论", box=None, title=f"{rule_id} {rule(rule_id).name}"
    )
    for item in outcomes:
        verdict = "[green]符合[/]" if item.right else "[red]不符合[/]"
        table.add_row(item.dataset, KINDS[item.kind], shown(item.change), str(item.examined), str(item.found), verdict)
    out.print(table)
    wrong = sum(not item.right for item in outcomes)
    out.print(f"[red]{wrong} 个样例不符合[/]" if wrong else f"[green]✓[/] {len(outcomes)} 个样例全部符合")
    if wrong:
        raise typer.Exit(EXIT_WRONG)


def shown(change: object) -> str:
    """A change as a reader takes it in: ``name=空, sex=2``; rows apart by ``；``."""
    if isinstance(change, list | tuple):
        return "；".join(shown(item) or "（同）" for item in change)
    if isinstance(change, dict):
        return ", ".join(f"{name}: {shown(value)}" if nested(value) else f"{name}={shown(value)}" for name, value in change.items())
    return "空" if change is None else str(change).replace("[", r"\[")


def nested(value: object) -> bool:
    """Whether a value is itself rows or a row."""
    return isinstance(value, dict | list | tuple)


@rules_app.command("build")
def build(check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a file is not current.")] = False) -> None:
    """Make the Great Expectations suites from the registry. 由规则登记表生成检查套件。"""
    from hedui.checks.build import build_suites, stale_suites

    changed = stale_suites() if check else build_suites()
    for path in changed:
        out.print(f"{'[red]✗[/]' if check else '[green]✓[/]'} {path.name}")
    if check and changed:
        raise typer.Exit(EXIT_WRONG)
    if not changed:
        out.print("[green]✓[/] 检查套件与规则登记表一致")


@rules_app.command("docs")
def docs(path: Annotated[Path, typer.Option(help="The page to write. 输出文件")] = DOCS) -> None:
    """Write the page of all rules. 生成规则说明。"""
    from hedui.checks.docs import rules_page

    path.write_text(rules_page(), encoding="utf-8")
    out.print(f"[green]✓[/] {path}")


@rules_app.command("judge")
def judge_again(
    date: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="Business date 业务日期, YYYY-MM-DD.")],
    changed: Annotated[bool, typer.Option("--changed", help="Only states that are others now. 只列有变化的")] = False,
) -> None:
    """Judge a night's rules again with today's thresholds, from the recorded figures, without a query. 按现行阈值重新判定。"""
    from hedui.checks.judge import judge
    from hedui.checks.model import STATES

    found = judge(context_from_environment(), date.date())
    table = Table("规则", "名称", "数据集", "数据源", "检查数", "违规数", "阈值", "原结论", "现结论", "说明", box=None)
    for item in found:
        if item.changed or not changed:
            state = f"[yellow]{STATES[item.state]}[/]" if item.changed else STATES[item.state]
            figures = (f"{item.examined:,}", f"{item.violations:,}", f"{item.threshold:.2%}")
            table.add_row(item.rule, item.name, item.dataset, item.source, *figures, STATES[item.before], state, item.reason)
    out.print(table)
    if not found:
        out.print(f"{date:%Y-%m-%d} 没有检查记录；先执行 hedui check")
    else:
        out.print(f"共 {len(found)} 条，结论变化 {sum(item.changed for item in found)} 条，未重新查询数据")
