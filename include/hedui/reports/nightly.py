"""The step ``report``: the workbook of a night and the full detail beside it."""

from __future__ import annotations

import datetime as dt

from hedui import engine
from hedui.context import Context
from hedui.findings import FINDING_COLUMNS
from hedui.reports.assemble import nightly_report
from hedui.reports.detail import detail_rows, make_detail, write_csv, write_parquet
from hedui.reports.dimensions import register_dimensions
from hedui.reports.figures import night_figures
from hedui.reports.ledger import read_ledger
from hedui.reports.partitions import findings_relation, night_partitions
from hedui.reports.regions import by_region, region_view, register_view
from hedui.reports.sections.details import details
from hedui.reports.workbook import write_workbook
from hedui.steps import StepSummary

ROWS_PER_SHEET = 50_000
ROWS_IN_WORKBOOK = 200_000


def make_report(
    context: Context,
    date: dt.date,
    *,
    restated: dt.date | None = None,
    rows_per_sheet: int = ROWS_PER_SHEET,
    rows_in_workbook: int = ROWS_IN_WORKBOOK,
) -> StepSummary:
    """Writes the workbook of ``date`` and its full detail as Parquet and CSV below the reports folder; each file appears whole.

    Equal findings and an equal ledger give equal bytes.

    Args:
        context: The step's context.
        date: Business date.
        restated: Date of a later region table: findings are shown in its codes, in files of their own beside the night's; None: as the
            codes were.
        rows_per_sheet: Details per sheet before the next one begins.
        rows_in_workbook: Details in the workbook; the files beside it always have all.

    Raises:
        LakeError: Nothing has run for the date. LedgerError: The date is not recorded, or the ledger cannot be reached. RegionError: It
            cannot be restated.
    """
    folder = context.reports / date.isoformat()
    view = region_view(context, date, restated=restated)
    stem = f"{_region_name(context)}_{date:%Y%m%d}" + (f"_按{view.version:%Y%m%d}区划" if view.version else "")
    paths = {
        "workbook": folder / f"对账日报_{stem}.xlsx",
        "detail_parquet": folder / f"差异明细_{stem}.parquet",
        "detail_csv": folder / f"差异明细_{stem}.csv",
    }
    partitions = night_partitions(context, date)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        register_view(connection, view)
        found = f"({findings_relation(context, partitions)})"
        query = engine.render("reports/restated.sql", findings=found, columns=list(FINDING_COLUMNS)).rstrip().removesuffix(";")
        connection.execute(f"CREATE TEMP VIEW findings AS {query}")
        register_dimensions(context, connection, partitions.tonight.keys() | partitions.carried.keys(), regions=view.names)
        ledger = read_ledger(context, connection, partitions)
        classified = engine.render("reports/classified.sql").rstrip().removesuffix(";")
        connection.execute(f"CREATE TEMP TABLE classified AS {classified}")
        night = night_figures(context, connection, partitions, ledger, view)
        total = make_detail(connection, date)
        write_parquet(connection, paths["detail_parquet"])
        write_csv(connection, paths["detail_csv"])
        shown = min(total, rows_in_workbook)
        table = details(total=total, shown=shown, per_sheet=rows_per_sheet, rows=lambda: detail_rows(connection, shown))
        write_workbook(
            nightly_report(night, table, more=[sheet for sheet in [by_region(connection, view)] if sheet]), paths["workbook"]
        )
    return StepSummary(
        step="report",
        subject="",
        business_date=date,
        counts={"findings": total, "listed": shown, "open": night.cases.open, "amount_fen": night.cases.amount_fen},
        paths={name: str(path) for name, path in paths.items()},
    )


def _region_name(context: Context) -> str:
    """The name of the site's region, fit for a file name."""
    name = next((region.name for region in context.site.regions if region.code == context.site.region), context.site.region)
    return "".join(character for character in name if character not in '\\/:*?"<>| ')
