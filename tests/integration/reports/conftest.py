"""A recorded pair of nights and their workbooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.lake import Lake
from hedui.ledger import schema
from hedui.reports.nightly import make_report
from hedui.site import load_site
from hedui.steps import StepSummary
from integration.reports.hand import THURSDAY, WEDNESDAY, thursday, wednesday

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


@pytest.fixture(scope="package")
def make_context(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Context]:
    """Makes a context with a lake, a reports folder and a ledger of its own."""

    def make(name: str) -> Context:
        ledger = new_database()
        schema.upgrade(ledger)
        folder = tmp_path_factory.mktemp(name)
        return Context(
            site=load_site(DEMO),
            lake=Lake(str(folder / "lake")),
            reports=folder / "reports",
            inbox=str(folder),
            ledger_url=ledger,
            memory_limit="1GB",
            threads=2,
        )

    return make


@pytest.fixture(scope="package")
def context(make_context: Callable[[str], Context]) -> Context:
    """Wednesday and Thursday, recorded."""
    made = make_context("two_nights")
    wednesday(made)
    thursday(made)
    record_findings(made, WEDNESDAY)
    return made


@pytest.fixture(scope="package")
def first(context: Context) -> StepSummary:
    """The report of Wednesday, ten details a sheet."""
    return make_report(context, WEDNESDAY, rows_per_sheet=15)


@pytest.fixture(scope="package")
def second(context: Context, first: StepSummary) -> StepSummary:
    """The report of Thursday."""
    return make_report(context, THURSDAY)
