"""``hedui harness``: plays the other side of an exchange, so that two agencies can rehearse before going live (联调)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hedui.context import context_from_environment
from hedui.terminal import console

harness_app = typer.Typer(no_args_is_help=True, help="Joint testing: plays the other side of an exchange. 联调。")
out = console()

UNMET = 1
MARKS = {"done": "[green]✓[/]", "met": "[green]✓[/]", "unmet": "[red]✗[/]"}

ScenarioArgument = Annotated[Path, typer.Argument(help="The scenario's YAML file. 联调脚本")]


@harness_app.command("play")
def play(
    scenario: ScenarioArgument,
    inbox: Annotated[
        str | None, typer.Option(help="Folder, URL without password, or connection; default: the source's inbox. 收件目录")
    ] = None,
    ours: Annotated[
        bool, typer.Option("--ours", help="Also let Hedui read the source at the steps `extract`, on this machine. 本机读取")
    ] = False,
) -> None:
    """Drop packets, wait for receipts, send faults; exit code 1 where an expectation was not met. 执行联调脚本。"""
    from hedui.harness.play import STATES, Player, verdict
    from hedui.harness.receipts import ReceiptFolder
    from hedui.harness.scenario import load_scenario
    from hedui.sources.inbox import open_place
    from hedui.steps import extract

    context = context_from_environment()
    what = load_scenario(scenario)
    source = context.site.source(what.source)
    out.print(f"[bold]{what.title}[/]  {what.source}  {what.date}")
    results = []
    with open_place(context, source.id, inbox or getattr(source.reader, "inbox", None)) as place:
        player = Player(
            site=context.site,
            scenario=what,
            folder=scenario.parent,
            inbox=place,
            receipts=ReceiptFolder(source=source, date=what.date, inbox=place),
            extract=(lambda: extract(context, what.source, what.date).state) if ours else None,
        )
        for result in player.play():
            results.append(result)
            out.print(f"{MARKS[result.state]} {result.number}. {result.what}  {STATES[result.state]}", highlight=False)
            if result.detail:
                out.print(f"     {result.detail}", style="dim", highlight=False)
    good = verdict(results)
    expected = sum(result.state != "done" for result in results)
    met = sum(result.state == "met" for result in results)
    out.print(f"{'[green]通过[/]' if good else '[red]未通过[/]'}：{len(results)} 步，预期 {expected} 项，符合 {met} 项")
    if not good:
        raise typer.Exit(UNMET)


@harness_app.command("check")
def check(scenario: ScenarioArgument) -> None:
    """Check a scenario without playing it. 检查联调脚本。"""
    from hedui.harness.scenario import load_scenario

    what = load_scenario(scenario)
    context_from_environment().site.source(what.source)
    out.print(f"[green]✓[/] {what.title}：{len(what.steps)} 步")


@harness_app.command("faults")
def faults() -> None:
    """List the faults that a scenario may send. 可模拟的差错。"""
    from hedui.harness.scenario import FAULTS

    table = Table("名称", "含义", box=None)
    for name, label in FAULTS.items():
        table.add_row(name, label)
    out.print(table)
