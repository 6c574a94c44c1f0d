"""``hedui regions translate``: a file's codes in the version that a receiver asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hedui.regions.errors import RegionError
from hedui.terminal import console

if TYPE_CHECKING:
    from hedui.regions.emit import Emitted

    Emit = Callable[[Iterable[Mapping[str, str]]], Iterable[Emitted]]

out = console()
DAY = ["%Y-%m-%d"]


def translate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header, UTF-8.")],
    column: Annotated[list[str], typer.Option(help="Column with codes; may be repeated. 区划代码所在列")],
    start: Annotated[
        dt.datetime | None, typer.Option("--from", formats=DAY, help="Table that the file carries. 文件所用版本")
    ] = None,
    day: Annotated[str, typer.Option("--on", help="Column with the event's day, instead of --from. 业务日期所在列")] = "",
    to: Annotated[dt.datetime | None, typer.Option(formats=DAY, help="Table that is wanted. 要转成的版本")] = None,
    receiver: Annotated[str, typer.Option("--for", help="A receiver of regions.yaml instead of --to. 接收方")] = "",
    target: Annotated[Path | None, typer.Option("--out", help="File to write; default: beside the file.")] = None,
    folder: Annotated[list[Path] | None, typer.Option("--folder", help="Region files of a site; may be repeated.")] = None,
    site: Annotated[Path | None, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")] = None,
) -> None:
    """Write a CSV file with its codes in another version; rows without a certain code go to a file of their own. 换版本."""
    from hedui.regions.emit import translate_file

    if (start is None) == (not day):
        raise RegionError(
            "Say which version the file carries: --from YYYY-MM-DD, or --on COLUMN where each row has its event's day."
        )
    if start is not None:
        emitted, wanted = _of_table(start.date(), to, receiver, column, [*(folder or ())], site)
    else:
        emitted, wanted = _of_days(day, to, receiver, column, site)
    path = target or file.with_name(f"{file.stem}_{wanted}{file.suffix}")
    made = translate_file(file, path, emitted, needs=[*column, *([day] if day else [])])
    counts = made.counts
    out.print(f"[green]✓[/] {path}：{counts.get('sent', 0):,} 行，其中换代码 {counts.get('moved', 0):,} 行", highlight=False)
    if made.waiting is not None:
        out.print(f"[yellow]待处理[/] {made.waiting}：{counts['waiting']:,} 行没有唯一的对应代码", highlight=False)


def _of_table(
    of: dt.date, to: dt.datetime | None, receiver: str, columns: list[str], folders: list[Path], site: Path | None
) -> tuple[Emit, str]:
    """For a file whose codes are all of one table."""
    from hedui.regions.emit import emit
    from hedui.regions.store import SHIPPED, Store
    from hedui.regions.translate import Translator
    from hedui.site.regions import load_regions

    settings = load_regions(site) if site is not None else None
    own = [site / settings.folder] if site is not None and settings is not None else []
    wanted = to.date() if to else None
    if receiver:
        known = {item.name: item for item in (settings.receivers if settings else ())}
        if receiver not in known:
            raise RegionError(f"The site knows no receiver {receiver!r}; it knows {', '.join(known) or 'none'} (regions.yaml).")
        wanted = known[receiver].table or wanted
    if wanted is None:
        raise RegionError("Say which version is wanted: --to YYYY-MM-DD, or --for a receiver whose table regions.yaml names.")
    translator = Translator(Store((SHIPPED, *folders, *own)))
    return partial(emit, translator=translator, columns=columns, of=of, to=wanted), str(wanted)


def _of_days(day: str, to: dt.datetime | None, receiver: str, columns: list[str], site: Path | None) -> tuple[Emit, str]:
    """For a file whose rows have each their event's day; without another wish the receiver gets the event's own version."""
    from hedui.regions.receiving import ReceiverCodes, emit_by_day

    codes = ReceiverCodes(site)
    if receiver:
        codes.wanted(receiver, on=dt.date.max)  # an unknown one is refused before anything is written

    def wanted(on: dt.date) -> dt.date:
        return codes.wanted(receiver, on=on) if receiver else to.date() if to else on

    return partial(emit_by_day, codes=codes, columns=columns, day=day, to=wanted), receiver or (
        str(to.date()) if to else "按业务日期"
    )
