"""``hedui regions``: versions, traces, differences, imports and exports of region codes."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as Grid

from hedui.commands.region_codes import translate
from hedui.commands.region_report import verify_report
from hedui.regions.codes import LEVEL_LABELS, significant
from hedui.regions.errors import RegionError
from hedui.regions.model import BASES, KINDS, SCOPES, Change, Region, SubChange
from hedui.terminal import console

regions_app = typer.Typer(no_args_is_help=True, help="Region codes: versions, changes, migrations. 行政区划。")
out = console()

FolderOption = Annotated[
    list[Path] | None, typer.Option("--folder", help="A site's own region files, beside the shipped ones; may be repeated.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]
DayArgument = Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="YYYY-MM-DD.")]
DayOption = Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD.")]


class FileKind(StrEnum):
    """What a file to import is."""

    table = "table"
    changes = "changes"
    padis = "padis"


def _versions(folders: list[Path] | None) -> Any:
    from hedui.regions.store import SHIPPED, Store
    from hedui.regions.versions import Versions

    return Versions(Store((SHIPPED, *(folders or ()))))


def _lines(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, default=str))


@regions_app.command("at")
def at(
    date: DayArgument,
    code: Annotated[str, typer.Option(help="Only codes that begin so. 代码前缀")] = "",
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """The codes in force on a day. 某日在用代码。"""
    found = [item for item in _versions(folder).at(date.date()) if item.code.startswith(code)]
    if as_json:
        return _lines([asdict(item) for item in found])
    grid = Grid("代码", "名称", "级次", "上级", "生效", "首见于公布表", "依据", box=None)
    for item in found:
        grid.add_row(item.code, item.name, LEVEL_LABELS[item.level], item.parent, str(item.valid_from), item.published, item.source)
    out.print(grid)
    return None


@regions_app.command("trace")
def trace(code: str, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """What a code was and what it became, with documents. 沿革。"""
    versions = _versions(folder)
    known = dict.fromkeys((significant(code), significant(code)[:6]))  # a township or village, and its county
    steps = [step for item in known for step in versions.trace(item)]
    mine = [item for each in known for item in versions.versions(each)]
    below = versions.sub_trace(code)
    if not (steps or mine or below):
        raise RegionError(f"No table and no change knows the code {code[:20]!r}; see `hedui regions at DATE`.")
    if as_json:
        return _lines([*(asdict(step.change) for step in steps), *map(asdict, below)])
    for item in mine:
        until = "至今" if item.valid_to == dt.date.max else f"至 {item.valid_to}"
        out.print(f"{item.code} {item.name} {LEVEL_LABELS[item.level]} {item.valid_from} {until}", highlight=False)
    _changes([step.change for step in steps])
    if len(significant(code)) > 6:
        _sub_changes(below)
    return None


def _sub_changes(rows: list[SubChange]) -> None:
    """What is known below the county; where nothing is, that is said."""
    if not rows:
        out.print("乡镇、村级：没有变更记录，按所属县级区划判断。", highlight=False)
        return
    grid = Grid("时期", "原代码", "原名称", "现代码", "现名称", "归属", "依据", "文号", box=None)
    for row in rows:
        names = (row.old_code, row.old_name, row.new_code, row.new_name)
        grid.add_row(f"{row.from_date}～{row.to_date}", *names, row.county, BASES.get(row.basis, row.basis), row.doc_no)
    out.print(grid)


def _changes(rows: list[Change]) -> None:
    grid = Grid("时期", "生效", "原代码", "原名称", "变更", "现代码", "现名称", "文号", box=None)
    for row in rows:
        kind = f"{KINDS[row.kind]}·{SCOPES[row.scope]}"
        period = f"{row.from_date}～{row.to_date}"
        grid.add_row(
            period, str(row.effective_date or ""), row.old_code, row.old_name, kind, row.new_code, row.new_name, row.doc_no
        )
    out.print(grid)


@regions_app.command("diff")
def diff(first: DayArgument, second: DayArgument, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """What two tables show by themselves, and the change rows between them. 两版差异。"""
    from hedui.regions.versions import difference

    store = _versions(folder).store
    start, end = store.latest(first.date()), store.latest(second.date())
    seen = difference(store.table(start), store.table(end))
    known = store.changes_between(start, end)
    if as_json:
        pairs = [(pair[0].code, pair[0].name, pair[1].name) for pair in seen.renamed]
        figures = {"vanished": [row.code for row in seen.vanished], "appeared": [row.code for row in seen.appeared]}
        return _lines([{"from": start, "to": end, **figures, "renamed": pairs, "changes": len(known)}])
    out.print(
        f"{start} → {end}：消失 {len(seen.vanished)}，新增 {len(seen.appeared)}，更名 {len(seen.renamed)}，改隶 {len(seen.moved)}"
    )
    for label, rows in (("消失", seen.vanished), ("新增", seen.appeared)):
        for row in rows:
            out.print(f"{label} {row.code} {row.name}", highlight=False)
    for before, after in seen.renamed:
        out.print(f"更名 {before.code} {before.name} → {after.name}", highlight=False)
    _changes(known)
    return None


@regions_app.command("import")
def import_file(
    file: Path,
    kind: Annotated[FileKind, typer.Option(help="table: a code table of --to; changes: our change rows; padis: TXT or ZIP.")],
    to: DayOption,
    into: Annotated[Path, typer.Option(help="The site's folder of region files.")],
    start: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="For padis: the table before.")] = None,
) -> None:
    """Check a file line by line and take it into a site's folder. 导入。"""
    from hedui.regions import files, pack, padis

    end = to.date()
    regions: list[Region] = []
    changes: list[Change] = []
    if kind is FileKind.table:
        regions = list(files.read_table(file, date=end).rows.values())
    elif kind is FileKind.changes:
        changes = files.read_changes(file)
    else:
        if start is None:
            raise RegionError("A PADIS file does not say which table its changes start from; add --from YYYY-MM-DD.")
        package = padis.read_padis(file, start=start.date(), end=end)
        changes, regions = list(package.changes), list(package.regions)
    if regions:
        rows = [{name: getattr(row, name) for name in files.TABLE_COLUMNS} for row in sorted(regions, key=lambda row: row.code)]
        pack.write(into / f"codes_{end}.csv", pack.csv_bytes(rows, files.TABLE_COLUMNS))
    if changes:
        pack.write(into / f"changes_{end}.csv", pack.csv_bytes(files.columns_of(changes), files.CHANGE_COLUMNS))
    out.print(f"[green]✓[/] {into}：代码 {len(regions)} 条，变更 {len(changes)} 条")


@regions_app.command("export")
def export(
    start: DayOption,
    to: DayOption,
    target: Annotated[Path, typer.Option("--out", help="File to write, .txt (PADIS, seven columns) or .csv.")],
    prefix: Annotated[str, typer.Option(help="Only changes of codes that begin so, e.g. 13. 省份")] = "",
    folder: FolderOption = None,
) -> None:
    """Write the changes between two dates as the seven-column TXT or as CSV. 导出。"""
    from hedui.regions import files, pack, padis

    known = _versions(folder).store.changes_between(start.date(), to.date())
    rows = [row for row in known if significant(row.old_code or row.new_code).startswith(prefix)]
    if target.suffix.lower() == ".csv":
        pack.write(target, pack.csv_bytes(files.columns_of(rows), files.CHANGE_COLUMNS))
        out.print(f"[green]✓[/] {target}：{len(rows)} 条")
        return
    text, left_out = padis.padis_text(rows)
    target.write_bytes(text.encode())
    out.print(f"[green]✓[/] {target}：{len(rows) - len(left_out)} 条")
    for row in left_out:
        out.print(f"[yellow]未写入[/] {row.old_code} {row.old_name} 撤销，无现代码，七列格式无法表达", highlight=False)


regions_app.command("translate")(translate)
regions_app.command("verify-report")(verify_report)

StartOption = Annotated[dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Table that the data carry now.")]
EndOption = Annotated[dt.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Table that they are to carry.")]
SiteOption = Annotated[Path, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")]


def _migration(site: Path, start: dt.datetime, end: dt.datetime) -> Any:
    from hedui.context import context_from_environment
    from hedui.regions.site import site_migration

    return site_migration(context_from_environment(), site, start=start.date(), end=end.date(), actor=getpass.getuser())


@regions_app.command("plan")
def plan(site: SiteOption, start: StartOption, end: EndOption) -> None:
    """Baseline, preflight and rehearsal of a migration; prints the page for approval. 基线、检查、演练。"""
    from hedui.regions.migrate.page import digest_of

    migration = _migration(site, start, end)
    for step in (migration.load, migration.baseline, migration.preflight, migration.rehearse):
        out.print(f"{step.__name__}: {step()}", highlight=False)
    page = migration.page()
    print(page)
    out.print(f"页面摘要 {digest_of(page)}", highlight=False)


@regions_app.command("approve")
def approve(
    site: SiteOption,
    start: StartOption,
    end: EndOption,
    page: Annotated[str, typer.Option(help="Digest of the page that was read. 页面摘要")],
    note: Annotated[str, typer.Option(help="Why. 批准意见")],
    accept: Annotated[list[str] | None, typer.Option(help="Id of a stop that was looked at; may be repeated. 确认的停")] = None,
) -> None:
    """Approve what was rehearsed. 批准。"""
    _migration(site, start, end).approve(by=getpass.getuser(), note=note, page_digest=page, accept=tuple(accept or ()))
    out.print("[green]✓[/] 已批准")


@regions_app.command("migrate")
def migrate(site: SiteOption, start: StartOption, end: EndOption) -> None:
    """Move the approved rows batch by batch, then prove it; goes on where it stopped. 迁移并核验。"""
    migration = _migration(site, start, end)
    out.print(f"migrate: {migration.migrate()}", highlight=False)
    out.print(f"prove: {migration.prove()}", highlight=False)


@regions_app.command("rollback")
def rollback(site: SiteOption, start: StartOption, end: EndOption) -> None:
    """Put every moved row back from the key log. 回退。"""
    out.print(f"rollback: {_migration(site, start, end).roll_back()}", highlight=False)


def _organisation(site: Path) -> str:
    from hedui.site import load_site

    return str(load_site(site, rules=False).name)


@regions_app.command("report")
def report(
    site: SiteOption,
    start: StartOption,
    end: EndOption,
    folder: Annotated[Path, typer.Option("--out")] = Path("var/reports/regions"),
) -> None:
    """Write the verification report. 核验报告。"""
    from hedui.regions.migrate.report import write_report

    migration = _migration(site, start, end)
    made = write_report(migration.plan, migration.book, folder, actor=getpass.getuser(), organisation=_organisation(site))
    out.print(f"[green]✓[/] {made.path} {made.digest}", highlight=False)


@regions_app.command("queue-out")
def queue_out(
    site: SiteOption,
    start: StartOption,
    end: EndOption,
    folder: Annotated[Path, typer.Option("--out", help="Folder for the forms.")] = Path("var/reports/regions"),
) -> None:
    """Write a form per target for rows that a person must decide. 导出待判定清单。"""
    from hedui.regions.migrate.queue import forms_out

    for path, rows in forms_out(_migration(site, start, end), folder).items():
        out.print(f"{path}：{rows} 行", highlight=False)


@regions_app.command("queue-in")
def queue_in(site: SiteOption, start: StartOption, end: EndOption, form: Path, target: Annotated[str, typer.Option()]) -> None:
    """Take a filled form back; rehearse again afterwards. 导入判定结果。"""
    from hedui.regions.migrate.queue import form_in

    taken = form_in(_migration(site, start, end), form, target, actor=getpass.getuser())
    out.print(f"[green]✓[/] 已接受 {taken} 行判定，请重新演练")
