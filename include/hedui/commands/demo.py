"""``hedui demo``: the demo world, and one list of persons sent by every carrier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedui.terminal import console

demo_app = typer.Typer(no_args_is_help=True, help="The demo world. 演示数据。")
out = console()

InboxOption = Annotated[Path, typer.Option(envvar="HEDUI_INBOX", help="Folder for the agencies' files.")]


@demo_app.command("build")
def demo_build(
    persons: Annotated[int, typer.Option(min=2000, help="How many insured persons.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    inbox: InboxOption = Path("var/inbox"),
) -> None:
    """Build the demo world: agencies' files and intermediate databases with planted anomalies, and the truth."""
    from hedui.context import connection_from_environment
    from hedui.demo.build import build_demo

    urls = {name: connection_from_environment(name) for name in ("shebao_db", "shuiwu_db")}
    summary = build_demo(persons=persons, seed=seed, out=inbox, urls=urls)
    out.print(f"[green]✓[/] {inbox}: {summary}")


@demo_app.command("carriers")
def demo_carriers(
    persons: Annotated[int, typer.Option(min=2, help="How many persons. 人数")] = 120,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    inbox: InboxOption = Path("var/carriers"),
) -> None:
    """Write one list of persons by every carrier, for the site include/sites/carriers. 各种载体的示例文件。"""
    from hedui.demo.carriers import DATE, deliver, people

    files = deliver(people(persons=persons, seed=seed), inbox)
    out.print(f"[green]✓[/] {inbox}: {persons:,} persons of {DATE} in {len(files)} files")
