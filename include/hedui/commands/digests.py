"""``hedui digests``: two agencies compare what they hold without showing it to each other."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hedui.context import context_from_environment

digests_app = typer.Typer(no_args_is_help=True, help="Compare by keyed digests, without showing rows. 密态比对（带密钥摘要）。")
out_console = Console(soft_wrap=True)


class Hash(StrEnum):
    """The hash under the HMAC."""

    sm3 = "sm3"
    sha256 = "sha256"


DateOption = Annotated[dt.datetime, typer.Option("--date", "-d", formats=["%Y-%m-%d"], help="Business date 业务日期, YYYY-MM-DD.")]
KeyOption = Annotated[str, typer.Option("--key", help="Name of the common secret: HEDUI_DIGEST_KEY_<NAME> holds it. 密钥名称")]
HashOption = Annotated[Hash, typer.Option("--hash", help="HMAC-SM3 or HMAC-SHA-256. 摘要算法")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the manifest as one line of JSON.")]


@digests_app.command("export")
def export(
    date: DateOption,
    comparison: Annotated[str, typer.Argument(help="A snapshot comparison of the site. 比对")],
    source: Annotated[str, typer.Argument(help="The side that is exported. 本方数据源")],
    key: KeyOption,
    out: Annotated[Path, typer.Option("--out", help="A new folder, to be handed over as it is. 输出文件夹")],
    algorithm: HashOption = Hash.sm3,
    as_json: JsonOption = False,
) -> None:
    """Write one side of a comparison as digests. 导出摘要。"""
    from hedui.digests.export import export_side
    from hedui.digests.keys import secret

    common = secret(key, algorithm.value)
    exchange = export_side(context_from_environment(), comparison, source, date.date(), secret=common, out=out)
    if as_json:
        print(json.dumps(asdict(exchange), ensure_ascii=False))
        return
    figures = f"{exchange.rows:,} 行，{exchange.rejected:,} 行未能转换"
    out_console.print(f"[green]✓[/] {out}: {figures}，{exchange.algorithm}，密钥指纹 {exchange.key_fingerprint}")


@digests_app.command("compare")
def compare(
    folders: Annotated[list[Path], typer.Argument(help="One exported folder per side. 各方导出的文件夹")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the findings. 结果文件夹")],
    key: Annotated[
        str | None, typer.Option("--key", help="Check the seals with this secret; leave out where it must not be.")
    ] = None,
    algorithm: HashOption = Hash.sm3,
    as_json: JsonOption = False,
) -> None:
    """Compare exported sides; keys and values of the findings are digests. 比对摘要。"""
    from hedui.digests.blind import compare_blind
    from hedui.digests.keys import secret

    common = secret(key, algorithm.value) if key else None
    result = compare_blind(context_from_environment(), folders, secret=common, out=out)
    if as_json:
        print(json.dumps(asdict(result), ensure_ascii=False))
        return
    table = Table("一方", "行数", "一致", "不一致", "单边", "重复", "键值不可用", "无对照", box=None)
    for source, row in result.balance.items():
        names = ("rows", "matched", "different", "one_sided", "duplicate", "unusable", "keymap")
        table.add_row(source, *(f"{row[name]:,}" for name in names))
    out_console.print(table)
    seal = "封印相符" if result.seal_checked else "未核封印（无密钥）"
    out_console.print(f"[green]✓[/] {out}: 差异 {result.findings:,}，{seal}")


@digests_app.command("resolve")
def resolve(
    date: DateOption,
    comparison: Annotated[str, typer.Argument(help="The comparison. 比对")],
    source: Annotated[str, typer.Argument(help="Your side. 本方数据源")],
    findings: Annotated[Path, typer.Argument(help="findings.parquet of a blind comparison.")],
    key: KeyOption,
    out: Annotated[Path, typer.Option("--out", help="A new Parquet file; it holds personal data. 输出文件，含个人信息")],
    algorithm: HashOption = Hash.sm3,
) -> None:
    """Name your own subjects among the digests of findings; the others' stay digests. 还原本方主体。"""
    from hedui.digests.keys import secret
    from hedui.digests.resolve import resolve_findings

    common = secret(key, algorithm.value)
    total, known = resolve_findings(context_from_environment(), findings, comparison, source, date.date(), secret=common, out=out)
    out_console.print(f"[green]✓[/] {out}: 差异 {total:,}，其中本方主体 {known:,}")
