"""The demo's births through three days of the upload, and the demo's requests for help: what was planted is found, and nothing else."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hedui.context import Context
from hedui.demo.births.build import build_births
from hedui.demo.births.files import write_births
from hedui.demo.births.upload import PLAN, SENDER, TRUTH, plan_upload, write_upload
from hedui.demo.planting import DATES
from hedui.exchange.assist.day import open_desk, write_overdue
from hedui.exchange.assist.wire import receive
from hedui.padis import outgoing, ready, steps
from hedui.padis.build import canonical_rows
from hedui.padis.findings import write_findings, write_table_findings
from hedui.padis.monthly import make_table
from hedui.padis.office import open_office
from hedui.sources.extract import extract_source
from integration.padis.conftest import ROOT, Bureau, Clock, Server, nothing

DEMO = ROOT / "include" / "sites" / "demo"
PLANTED = ("F13", "F14", "F19", "F20", "F24", "F25")
SCOPES = ("padis:birth", "padis:monthly", "assist")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inbox: the births' feeds, the receiver's plan, requests of another province."""
    folder = tmp_path_factory.mktemp("births")
    births = build_births(3)
    write_births(folder, births)
    write_upload(folder, plan_upload(births))
    return folder


@pytest.fixture
def receiver(world: Path, tmp_path: Path) -> Iterator[Server]:
    """The reference server with the world's plan."""
    server = Server(tmp_path, "--plan", str(world / PLAN))
    yield server
    server.stop()


def truth(world: Path, expect: str) -> set[tuple[str, str, str, str]]:
    with (world / TRUTH).open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["expect"] == expect]
    return {(row["business_date"], row["scope"], row["rule"], row["subject_key"]) for row in rows}


def report(bureau: Bureau, date: dt.date) -> None:
    """A business date's run of the upload: collect, judge, pack, send, and what is wrong then."""
    office = bureau.office
    bureau.clock.now = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(6), office.zone)
    extract_source(office.context, "chusheng", date)
    rows = canonical_rows(office.context, dataset="birth", source="chusheng", date=date)
    steps.collect_rows(office, "birth", rows, date=date, source="chusheng")
    ready.validate(office, "birth", report=steps.run_day(date))
    outgoing.pack_records(office, "birth", report=steps.run_day(date))
    bureau.run()
    write_findings(office, "birth", date=date)
    write_table_findings(office, date=date)


def found(context: Context) -> set[tuple[str, str, str, str]]:
    """Findings of the planted rules on all dates."""
    told = set()
    for date in DATES:
        for scope in SCOPES:
            for file in context.lake.files(context.findings(scope, date)):
                rows = pq.ParquetFile(file).read().to_pylist()
                told |= {(date.isoformat(), scope, row["rule"], row["subject_key"]) for row in rows if row["rule"] in PLANTED}
    return told


def test_what_was_planted_on_the_way_is_found(context: Context, world: Path, receiver: Server) -> None:
    here = replace(context, inbox=str(world), connection={"padis": receiver.url}.__getitem__)
    clock = Clock()
    office = replace(open_office(here, DEMO), clock=clock)
    assert office.settings.sender == SENDER
    bureau = Bureau(office, clock, nothing, receiver.kept, receiver.store, receiver.plan)
    desk = open_desk(here, DEMO, operator="tester")
    for date in DATES:
        if date == DATES[-1]:
            for period in ("202604", "202605"):
                make_table(office, region="9901", period=period, date=DATES[-2])
        report(bureau, date)
        assert receive(desk, day=steps.run_day(date)) == {"entered" if date == DATES[0] else "known": 4}
        write_overdue(desk, date=date)
    bureau.same_as_receiver()
    told, planted = found(here), truth(world, "hit")
    assert {"missed": planted - told, "not planted": told - planted} == {"missed": set(), "not planted": set()}
    assert not told & truth(world, "near")
