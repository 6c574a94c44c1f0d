"""The ``hedui`` command: every step of a night by hand, the site's check, the rules, the demo world, the doctor.

Exit codes: 0 fine; 1 differences were found and ``--fail-on-differences`` asked to be told; 2 an error, its message on stderr.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hedui import __version__, steps
from hedui.commands.audit import audit_app
from hedui.commands.batches import batches_app
from hedui.commands.corrections import bundle_app
from hedui.commands.demo import demo_app
from hedui.commands.digests import digests_app
from hedui.commands.exchange import assist_app, push_app
from hedui.commands.exemptions import exemptions_app
from hedui.commands.harness import harness_app
from hedui.commands.inspection import inspection_app
from hedui.commands.operations import channels_app, fault_app, knowledge_app, operations_app, task_app
from hedui.commands.padis import padis_app
from hedui.commands.regions import regions_app
from hedui.commands.rules import rules_app
from hedui.commands.statistics import statistics_app
from hedui.context import Context, context_from_environment
from hedui.errors import HeduiError, SiteError
from hedui.security.masking import install_log_filter
from hedui.site import load_site
from hedui.terminal import console

EXIT_DIFFERENCES = 1
EXIT_ERROR = 2
DEFAULT_SITE = Path(__file__).resolve().parents[1] / "sites" / "demo"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Hedui 核对：社会保险跨部门对账。", pretty_exceptions_enable=False
)
site_app = typer.Typer(no_args_is_help=True, help="Check and show a site's configuration. 检查、查看站点配置。")
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger's schema. 台账库。")
app.add_typer(site_app, name="site")
app.add_typer(demo_app, name="demo")
app.add_typer(rules_app, name="rules")
app.add_typer(exemptions_app, name="exemptions")
app.add_typer(exemptions_app, name="exemption", hidden=True)
app.add_typer(ledger_app, name="ledger")
app.add_typer(batches_app, name="batches")
app.add_typer(audit_app, name="audit")
app.add_typer(harness_app, name="harness")
app.add_typer(regions_app, name="regions")
app.add_typer(bundle_app, name="bundle")
app.add_typer(digests_app, name="digests")
app.add_typer(padis_app, name="padis")
app.add_typer(assist_app, name="assist")
app.add_typer(push_app, name="push")
app.add_typer(statistics_app, name="statistics")
app.add_typer(inspection_app, name="inspection")
app.add_typer(fault_app, name="fault")
app.add_typer(task_app, name="task")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(operations_app, name="operations")
app.add_typer(channels_app, name="channels")

out = console()
err = console(stderr=True)

DateArgument = Annotated[
    dt.datetime, typer.Option("--date", "-d", formats=["%Y-%m-%d"], help="Business date 业务日期, YYYY-MM-DD.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print summaries as JSON lines.")]
FailOption = Annotated[bool, typer.Option("--fail-on-differences", help="Exit with 1 when something was found.")]
SiteOption = Annotated[Path, typer.Option("--site", envvar="HEDUI_SITE", help="The site's folder.")]


@contextmanager
def progress_context() -> Iterator[Context]:
    """The environment's context with a progress bar on stderr; on a pipe the bar stays away."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        tasks: dict[str, int] = {}

        def report(label: str, done: int, total: int | None) -> None:
            if label not in tasks:
                tasks[label] = int(bar.add_task(label, total=total))
            bar.update(tasks[label], completed=done, total=total)  # type: ignore[arg-type]

        yield replace(context_from_environment(), progress=report)


def show(summaries: list[steps.StepSummary], *, as_json: bool) -> None:
    """Prints what the steps did, one line each."""
    if as_json:
        for item in summaries:
            print(json.dumps(item.__dict__, ensure_ascii=False, default=str))
        return
    table = Table("步骤", "对象", "业务日期", "状态", "数量", "文件", box=None)
    names = {"done": "[green]完成[/]", "missing": "[yellow]未到[/]", "skipped": "[yellow]跳过[/]"}
    for item in summaries:
        counts = "  ".join(f"{name} {value:,}" for name, value in item.counts.items())
        files = "\n".join(item.paths.values())
        state = names[item.state] + (f" {item.reason}" if item.reason else "")
        table.add_row(item.step, item.subject, item.business_date.isoformat(), state, counts, files)
    out.print(table)


def finish(summaries: list[steps.StepSummary], *, as_json: bool, fail_on_differences: bool = False) -> None:
    """Prints the summaries and leaves with the right exit code."""
    show(summaries, as_json=as_json)
    if fail_on_differences and any(item.counts.get("findings", 0) for item in summaries):
        raise typer.Exit(EXIT_DIFFERENCES)


@app.command()
def extract(date: DateArgument, source: Annotated[list[str] | None, typer.Argument()] = None, as_json: JsonOption = False) -> None:
    """Read sources into the lake (all of the site's, or those named). 抽取。"""
    with progress_context() as context:
        wanted = source or [item.id for item in context.site.sources]
        result = [steps.extract(context, item, date.date()) for item in wanted]
    finish(result, as_json=as_json)


@app.command()
def check(date: DateArgument, as_json: JsonOption = False, fail_on_differences: FailOption = False) -> None:
    """Run the expectation suites and SQL rules. 数据质量检查。"""
    with progress_context() as context:
        result = [steps.check(context, date.date())]
    finish(result, as_json=as_json, fail_on_differences=fail_on_differences)


@app.command()
def compare(
    date: DateArgument,
    comparison: Annotated[list[str] | None, typer.Argument()] = None,
    as_json: JsonOption = False,
    fail_on_differences: FailOption = False,
) -> None:
    """Run comparisons (all of the site's, or those named). 比对。"""
    with progress_context() as context:
        wanted = comparison or [item.id for item in context.site.comparisons]
        result = [steps.compare(context, item, date.date()) for item in wanted]
    finish(result, as_json=as_json, fail_on_differences=fail_on_differences)


@app.command()
def link(
    date: DateArgument,
    comparison: Annotated[list[str] | None, typer.Argument()] = None,
    as_json: JsonOption = False,
    fail_on_differences: FailOption = False,
) -> None:
    """Suggest which one-sided keys are the same person (in all linked comparisons, or those named). 疑似同一人。"""
    with progress_context() as context:
        wanted = comparison or [item.id for item in context.site.linked]
        result = [steps.link(context, item, date.date()) for item in wanted]
    finish(result, as_json=as_json, fail_on_differences=fail_on_differences)


@app.command()
def record(date: DateArgument, as_json: JsonOption = False) -> None:
    """Merge the findings into the ledger's cases. 登记台账。"""
    with progress_context() as context:
        result = [steps.record(context, date.date())]
    finish(result, as_json=as_json)


@app.command()
def report(
    date: DateArgument,
    regions: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Restate in the codes of this later region table. 按新版区划重述"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the workbook. 生成对账日报。"""
    with progress_context() as context:
        result = [steps.report(context, date.date(), restated=regions.date() if regions else None)]
    finish(result, as_json=as_json)


@app.command()
def run(date: DateArgument, as_json: JsonOption = False, fail_on_differences: FailOption = False) -> None:
    """Run a whole night without Airflow. 不经 Airflow 跑完一夜。"""
    with progress_context() as context:
        result = steps.night(context, date.date())
    finish(result, as_json=as_json, fail_on_differences=fail_on_differences)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check connections, versions, disk, calendar, ledger. 环境自检。"""
    from hedui.doctor import examine

    findings = examine()
    if as_json:
        for item in findings:
            print(json.dumps(item.__dict__, ensure_ascii=False))
    else:
        table = Table("检查项", "结论", "实测", "处理办法", box=None)
        for item in findings:
            table.add_row(item.subject, "[green]正常[/]" if item.ok else "[red]异常[/]", item.measured, item.cure)
        out.print(table)
    if not all(item.ok for item in findings):
        raise typer.Exit(EXIT_ERROR)


@site_app.command("check")
def site_check(site: SiteOption = DEFAULT_SITE) -> None:
    """Validate a site; every mistake at once, with file, line, field, value and what is allowed."""
    from hedui.channels.settings import load_channels
    from hedui.inspection.settings import load_inspection
    from hedui.operations.settings import load_operations
    from hedui.site.assist import load_assist
    from hedui.site.padis import load_padis
    from hedui.site.pushes import load_pushes
    from hedui.site.statistics import load_statistics

    loaded = load_site(site)
    by_folder = [partial(read, site, loaded) for read in (load_padis, load_pushes, load_assist)]
    by_site = [partial(read, loaded) for read in (load_statistics, load_inspection, load_channels, load_operations)]
    problems: list[str] = []
    for read in (*by_folder, *by_site):
        try:
            read()
        except SiteError as error:
            problems += error.problems
    if problems:
        raise SiteError(problems)
    out.print(f"[green]✓[/] {loaded.name}: {len(loaded.sources)} sources, {len(loaded.comparisons)} comparisons, no mistake")


@site_app.command("show")
def site_show(site: SiteOption = DEFAULT_SITE) -> None:
    """Show agencies, sources and comparisons of a site."""
    loaded = load_site(site)
    out.rule(loaded.name)
    table = Table("数据源", "名称", "机构", "读取方式", "数据集", title="数据源", box=None)
    agencies = {agency.id: agency.name for agency in loaded.agencies}
    for source in loaded.sources:
        table.add_row(source.id, source.name, agencies[source.agency], source.reader.type, ", ".join(source.datasets))
    out.print(table)
    table = Table("比对", "名称", "方式", "各方", "关键字", title="比对", box=None)
    for item in loaded.comparisons:
        sides = item.sides if item.type == "snapshot" else (item.left, item.right)
        table.add_row(item.id, item.name, item.type, " ↔ ".join(f"{s.source}.{s.dataset}" for s in sides), ", ".join(item.key))
    out.print(table)


@ledger_app.command("upgrade")
def ledger_upgrade() -> None:
    """Create the ledger's tables or bring them to this version."""
    from hedui.context import connection_from_environment
    from hedui.ledger.schema import upgrade

    upgrade(connection_from_environment("hedui_ledger"))
    out.print("[green]✓[/] ledger is up to date")


def main() -> None:
    """Entry point: runs the command; errors that a user can act on are printed without a traceback."""
    logging.basicConfig(level=os.environ.get("HEDUI_LOG", "WARNING"), format="%(levelname)s %(name)s: %(message)s")
    install_log_filter()
    run_app: Callable[..., object] = app
    try:
        run_app()
    except HeduiError as error:
        err.print(f"错误 {type(error).__name__}: {error}", style="red", markup=False, highlight=False)
        sys.exit(EXIT_ERROR)


@app.callback(invoke_without_command=True)
def version_option(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Cross-agency reconciliation for Chinese social insurance."""
    if version:
        out.print(f"hedui {__version__}", highlight=False)
        raise typer.Exit


if __name__ == "__main__":
    main()
