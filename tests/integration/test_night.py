"""The whole way on the demo world: what is found is what was planted, every figure foots, and the order of nights does not matter."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from hedui import steps
from hedui.context import Context
from hedui.findings import FINDING_COLUMNS, KINDS
from hedui.lake import Manifest

DATES = (dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5))
LATE = "guotong"  # did not deliver on the second date
IDENTITY = ("business_date", "scope", "rule", "kind", "subject_key", "insurance", "period", "field")
ContextFactory = Callable[[str], Context]


def scopes(context: Context) -> list[str]:
    lake = Path(context.lake.root) / "findings"
    return sorted(folder.name.replace("=", ":") for folder in lake.iterdir())


def manifests(context: Context) -> dict[tuple[str, dt.date], Manifest]:
    found = {}
    for scope in scopes(context):
        for date in context.lake.dates("findings", scope):
            manifest = context.lake.manifest(context.findings(scope, date))
            assert manifest is not None
            found[scope, date] = manifest
    return found


def findings(context: Context, *, date: dt.date | None = None) -> Counter[tuple[object, ...]]:
    files = [
        file
        for scope in scopes(context)
        for day in context.lake.dates("findings", scope)
        if date in (None, day)
        for file in context.lake.files(context.findings(scope, day))
    ]
    with duckdb.connect() as connection:
        relation = connection.read_parquet(files)
        assert relation.columns == list(FINDING_COLUMNS)
        return Counter(relation.project(", ".join(IDENTITY)).fetchall())


def planted(inbox: str, expect: str) -> Counter[tuple[object, ...]]:
    with duckdb.connect() as connection:
        relation = connection.read_parquet(f"{inbox}/truth.parquet").filter(f"expect = '{expect}'")
        return Counter(relation.project(", ".join(IDENTITY)).fetchall())


def cases(context: Context) -> list[tuple[object, ...]]:
    """All cases, with the names of their scopes, without the numbers that the ledger gives: what a killed night took is not given again."""
    engine = sa.create_engine(context.ledger_url)
    try:
        with engine.connect() as connection:
            tables = "hedui.reconciliation_case AS c JOIN hedui.scope AS s ON s.id = c.scope_id"
            given = {"id", "scope_id", "created_at", "updated_at"}
            rows = connection.execute(sa.text(f"SELECT s.name AS scope, c.* FROM {tables} ORDER BY fingerprint")).mappings()
            return [tuple(value for name, value in row.items() if name not in given) for row in rows]
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def in_order(context_factory: ContextFactory) -> Context:
    """Three nights in order."""
    context = context_factory("in-order")
    for date in DATES:
        steps.night(context, date)
    return context


@pytest.mark.parametrize("date", DATES, ids=str)
def test_a_night_finds_exactly_what_was_planted(in_order: Context, date: dt.date) -> None:
    hits = Counter({key: count for key, count in planted(in_order.inbox, "hit").items() if key[0] == date})
    found = findings(in_order, date=date)
    assert {"missed": hits - found, "not planted": found - hits} == {"missed": Counter(), "not planted": Counter()}


def test_every_rule_and_kind_that_ships_has_hits_and_near_misses(in_order: Context) -> None:
    from hedui.checks.registry import shipped_rules

    hits, nears = (planted(in_order.inbox, expect) for expect in ("hit", "near"))
    rules, near = ({rule for _, _, rule, *_ in lines} for lines in (hits, nears))
    # the demo's region codes are made up: no table of real ones can be broken there, the registry's examples stand for these
    shipped = {item.rule for item in shipped_rules()} - {"A01", "A02", "A03"}
    linked = {rule for item in in_order.site.linked for rule in (item.linkage.rule, item.linkage.within_rule) if item.linkage}
    assert (shipped | linked) - rules == set()
    assert (shipped | linked) - near == set()
    assert {f"B{number:02d}" for number in range(1, 18)} - rules == set()
    assert set(KINDS) - {kind for _, _, _, kind, *_ in hits} == set()
    assert {comparison.id for comparison in in_order.site.comparisons} - {scope for _, scope, *_ in hits} == set()


@pytest.mark.parametrize("date", DATES, ids=str)
def test_every_comparison_foots_on_every_side(in_order: Context, date: dt.date) -> None:
    ran = 0
    for comparison in in_order.site.comparisons:
        manifest = in_order.lake.manifest(in_order.findings(comparison.id, date))
        if manifest is None:
            continue
        ran += 1
        for side, figures in manifest.meta["balance"].items():
            fen = {name: value for name, value in figures.items() if name.endswith("_fen")}
            rows = {name: value for name, value in figures.items() if name not in fen}
            for part in (dict(rows), {name[:-4]: value for name, value in fen.items()}):
                part.pop("rejected", None)
                for share in ("bundled", "tolerated"):  # shares of what matched
                    part.pop(share, None)
                entered = part.pop("rows", 0) + part.pop("carried_in", 0)
                assert entered == sum(part.values()), (comparison.id, side, figures)
    without = [item for item in in_order.site.comparisons if any(side.source == LATE for side in getattr(item, "sides", ()))]
    assert ran == len(in_order.site.comparisons) - (len(without) if date == DATES[1] else 0)


def test_rows_read_are_rows_kept_and_rows_rejected(in_order: Context) -> None:
    checked = 0
    for source in in_order.site.sources:
        for dataset in source.datasets:
            for date in DATES:
                manifest = in_order.lake.manifest(in_order.canonical(dataset, source.id, date))
                if manifest is not None:
                    set_aside = manifest.meta.get("set_aside", 0)  # packets that do not count
                    assert manifest.rows + manifest.rejected + set_aside == manifest.meta["source_rows"]
                    checked += 1
    assert checked == sum(len(source.datasets) for source in in_order.site.sources) * 3 - len(in_order.site.source(LATE).datasets)


def test_reverse_order_and_repetition_leave_the_same_cases_and_findings(in_order: Context, context_factory: ContextFactory) -> None:
    context = context_factory("reverse")
    for date in (*reversed(DATES), DATES[0]):  # the first night once more, after all that came later
        steps.night(context, date)
    assert findings(context) == findings(in_order)
    assert cases(context) == cases(in_order)


def test_running_a_night_again_changes_no_byte_of_its_results(in_order: Context) -> None:
    reports = {path: path.read_bytes() for path in in_order.reports.rglob("*.xlsx")}
    before = {key: manifest.digest for key, manifest in manifests(in_order).items()}
    ledger = cases(in_order)
    steps.night(in_order, DATES[2])
    assert {key: manifest.digest for key, manifest in manifests(in_order).items()} == before
    assert cases(in_order) == ledger
    assert {path: path.read_bytes() for path in in_order.reports.rglob("*.xlsx")} == reports
    assert len(reports) == len(DATES)


def test_newborns_and_their_parents_are_masked_in_every_file_of_the_reports(in_order: Context) -> None:
    certificate = re.compile(rb"T99[0-9]{7}")
    files = list(in_order.reports.rglob("*.*"))
    for path in files:
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                assert not any(certificate.search(archive.read(name)) for name in archive.namelist())
        else:
            assert not certificate.search(path.read_bytes()), path.name
    details = pa.concat_tables([pq.read_table(path) for path in files if path.suffix == ".parquet"]).to_pylist()
    births = [row for row in details if row["rule"][0] == "F" or row["scope"].startswith("births_")]
    shown = {(row["field"], value) for row in births for value in (row["first_value"], row["second_value"]) if value}
    by_field = {field: {value for name, value in shown if name == field} for field, _ in shown}
    assert all(re.fullmatch(r"20\d\d-\*\*", value) for value in by_field["birth_date"] - {"（空）"})
    for field in ("child_name", "mother_id_number", "certificate_no"):
        assert by_field[field]
        assert all("*" in value for value in by_field[field] - {"（空）"})
    assert all("*" in row["subject"] for row in births)
