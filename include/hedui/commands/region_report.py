"""``hedui regions verify-report``: whether a 区划迁移核验报告 is what was signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedui.terminal import console

out = console()


def verify_report(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The report, xlsx. 核验报告")],
    site: Annotated[Path | None, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")] = None,
) -> None:
    """Check the signature of a verification report; says in Chinese what is wrong with a changed or forged file. 核对报告签名。"""
    from hedui.regions.migrate.signature import report_key, verify_report
    from hedui.site.regions import RegionSettings, load_regions

    settings = (load_regions(site) if site is not None else None) or RegionSettings()
    found = verify_report(file, key=report_key(settings.report_key))
    for problem in found.problems:
        out.print(f"[red]✗[/] {problem}", highlight=False)
    if found.problems:
        out.print("结论：签名不成立，本文件不能作为凭据", highlight=False)
        raise typer.Exit(1)
    for label, value in found.facts.items():
        out.print(f"{label}　{value}", highlight=False, markup=False)
    out.print("[green]✓[/] 结论：签名成立，各表与签名时一致", highlight=False)
