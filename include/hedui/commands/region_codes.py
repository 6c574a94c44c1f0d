"""``hedui regions translate``: a file's codes in the version that a receiver asks for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hedui.regions.errors import RegionError

out = Console()
DAY = ["%Y-%m-%d"]


def translate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header, UTF-8.")],
    column: Annotated[list[str], typer.Option(help="Column with codes; may be repeated. 区划代码所在列")],
    start: Annotated[dt.datetime, typer.Option("--from", formats=DAY, help="Table that the file carries. 文件所用版本")],
    to: Annotated[dt.datetime | None, typer.Option(formats=DAY, help="Table that is wanted. 要转成的版本")] = None,
    receiver: Annotated[str, typer.Option("--for", help="A receiver of regions.yaml instead of --to. 接收方")] = "",
    target: Annotated[Path | None, typer.Option("--out", help="File to write; default: beside the file.")] = None,
    folder: Annotated[list[Path] | None, typer.Option("--folder", help="Region files of a site; may be repeated.")] = None,
    site: Annotated[Path | None, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")] = None,
) -> None:
    """Write a CSV file with its codes in another version; rows without a certain code go to a file of their own. 换版本."""
    from hedui.regions.emit import translate_file
    from hedui.regions.store import SHIPPED, Store
    from hedui.regions.translate import Translator
    from hedui.site.regions import load_regions

    settings = load_regions(site) if site is not None else None
    folders = [*(folder or ()), *([site / settings.folder] if site is not None and settings is not None else ())]
    wanted = to.date() if to else None
    if receiver:
        known = {item.name: item for item in (settings.receivers if settings else ())}
        if receiver not in known:
            raise RegionError(f"The site knows no receiver {receiver!r}; it knows {', '.join(known) or 'none'} (regions.yaml).")
        wanted = known[receiver].table or wanted
    if wanted is None:
        raise RegionError("Say which version is wanted: --to YYYY-MM-DD, or --for a receiver whose table regions.yaml names.")
    translator = Translator(Store((SHIPPED, *folders)))
    path = target or file.with_name(f"{file.stem}_{wanted}{file.suffix}")
    made = translate_file(file, path, translator, columns=column, of=start.date(), to=wanted)
    counts = made.counts
    out.print(f"[green]✓[/] {path}：{counts.get('sent', 0):,} 行，其中换代码 {counts.get('moved', 0):,} 行", highlight=False)
    if made.waiting is not None:
        out.print(f"[yellow]待处理[/] {made.waiting}：{counts['waiting']:,} 行没有唯一的对应代码", highlight=False)
