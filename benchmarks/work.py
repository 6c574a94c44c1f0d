"""What is measured. Each piece of work runs alone in a fresh process: ``python work.py <name> <arguments as JSON>``.

It prints one line of JSON: seconds and processor seconds of the work (imports are done before), and what was found. Hedui's own run in
Hedui's environment, the others in theirs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import peak
from packets import hedui_packets, lxml_loop

FIELDS = ("name", "sex", "ethnicity", "birth_date", "first_work_date", "retirement_date", "death_date", "unit_no", "phone")
KEY = "id_number"
Work = Callable[[], dict[str, int]]
DUCKDB = {"threads": 2, "memory_limit": "4GB"}


def hedui_comparison(root: str, comparison: str) -> Work:
    """A comparison as the nightly run does it: findings with raw values in the lake, the balance proved."""
    import persons

    from hedui.compare.run import run_comparison

    context = persons.context(Path(root))

    def work() -> dict[str, int]:
        counts = run_comparison(context, comparison, persons.DATE).counts
        return {"findings": counts["findings"], "matched": counts["city.matched"]}

    return work


def hedui_flow(root: str) -> Work:
    """A comparison of two flows as the nightly run does it: totals, details, rungs, window, findings and statement in the lake."""
    import flows

    from hedui.compare.run import run_comparison

    context = flows.context(Path(root))

    def work() -> dict[str, int]:
        counts = run_comparison(context, flows.COMPARISON, flows.DATE).counts
        return {"findings": counts["findings"], "matched": counts["left.matched"]}

    return work


def hedui_checks(root: str) -> Work:
    """The check step of one source: counts by Great Expectations, findings with keys and raw values in the lake."""
    import persons
    import suite

    from hedui.canonical.schemas import dataset

    folder = Path(root) / "expectations"
    suite.for_hedui(folder, list(dataset("person").fields))
    os.environ |= {"HEDUI_EXPECTATIONS": str(folder), "GX_ANALYTICS_ENABLED": "false"}

    import great_expectations  # noqa: F401 - imports are not measured

    from hedui.checks.run import run_source_checks

    context = persons.context(Path(root))

    def work() -> dict[str, int]:
        counts = run_source_checks(context, "city", persons.DATE).counts
        return {"failing keys": counts["findings"], "broken": counts.get("failed", 0)}

    return work


def hedui_linkage(root: str) -> Work:
    """The linkage step on a comparison that has run: residuals read, blocked, scored by Splink, picked, written, pointed to."""
    import linkage
    import persons
    import splink  # noqa: F401 - imports are not measured

    from hedui.linkage.run import run_linkage

    context = linkage.context(Path(root))

    def work() -> dict[str, int]:
        counts = run_linkage(context, "two_sides", persons.DATE).counts
        return {"one-sided": counts["city.one_sided"] + counts["province.one_sided"]} | {
            name: counts[name] for name in ("candidates", "findings")
        }

    return work


def pandas_checks(city: str) -> Work:
    """The same suite by Great Expectations on a pandas frame; COMPLETE results carry the key of every failing row."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import pyarrow as pa
    import pyarrow.parquet as pq
    import suite
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context.types.base import ProgressBarsConfig

    def work() -> dict[str, int]:
        table = pq.read_table(city)
        # dates as datetime64, which pandas compares fastest
        kinds = [pa.timestamp("s") if pa.types.is_date(field.type) else field.type for field in table.schema]
        table = table.cast(pa.schema([(field.name, kind) for field, kind in zip(table.schema, kinds, strict=True)]))
        frame = table.to_pandas(self_destruct=True)
        del table
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("frame").add_dataframe_asset("person")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["person_no"]}
        results = batch.validate(ExpectationSuite(name="person", expectations=suite.for_frame()), result_format=form).results
        failed = [item.expectation_config.meta["rule"] for item in results if "unexpected_count" not in item.result]
        if failed:
            raise SystemExit(f"expectations that could not run: {failed}")
        keys = [key["person_no"] for item in results for key in item.result.get("unexpected_index_list") or ()]
        return {"failing keys": len(keys), "broken": sum(not item.success for item in results)}

    return work


def duckdb_floor(city: str, province: str) -> Work:
    """What no solution on DuckDB can do without: all compared columns of both files read and hashed, and a join on the key alone."""
    import duckdb

    def work() -> dict[str, int]:
        with duckdb.connect(config=DUCKDB) as connection:
            connection.execute("SET enable_progress_bar = false")
            for file in (city, province):
                connection.execute(f"SELECT bit_xor(hash({', '.join(FIELDS)})) FROM '{file}'").fetchall()
            joined = connection.execute(
                f"SELECT count(*) FROM '{city}' AS a JOIN '{province}' AS b ON a.{KEY} = b.{KEY}"
            ).fetchall()
        return {"keys joined": joined[0][0]}

    return work


def polars_join(city: str, province: str) -> Work:
    """A full join by Polars' streaming engine; the differing rows in hand."""
    import polars as pl

    def work() -> dict[str, int]:
        left, right = (pl.scan_parquet(file).select(KEY, *FIELDS) for file in (city, province))
        joined = left.join(right, on=KEY, how="full", suffix="_right")
        differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_right")) for name in (KEY, *FIELDS))
        return {"differing rows": joined.filter(differs).collect(engine="streaming").height}

    return work


def datacompy_polars(city: str, province: str) -> Work:
    """datacompy's comparison, the mismatching and the one-sided rows in hand."""
    import polars as pl
    from datacompy import PolarsCompare

    def work() -> dict[str, int]:
        left, right = (pl.read_parquet(file, columns=[KEY, *FIELDS]) for file in (city, province))
        compare = PolarsCompare(left, right, join_columns=KEY)
        return {"differing rows": compare.all_mismatch().height + compare.df1_unq_rows.height + compare.df2_unq_rows.height}

    return work


def hedui_extraction(root: str, part: str) -> Work:
    """A source's rows from PostgreSQL into a new lake: as received and canonical (``all``), or as received only (``raw``)."""
    import shutil

    import extraction

    from hedui.lake import Partition
    from hedui.sources.extract import extract_source
    from hedui.sources.raw import write_raw
    from hedui.sources.registry import open_reader

    lake = Path(root) / "extracted"
    shutil.rmtree(lake, ignore_errors=True)
    context = extraction.context(Path(root), lake)
    source = context.site.source(extraction.TIER)

    def everything() -> dict[str, int]:
        counts = extract_source(context, source.id, extraction.persons.DATE).counts
        return {"rows": counts["person_rows"], "rejected": counts["person_rejected"]}

    def raw() -> dict[str, int]:
        partition = Partition(layer="raw", parts=(source.id, "person"), date=extraction.persons.DATE)
        with open_reader(context, source).open(extraction.persons.DATE) as snapshot, context.lake.writer(partition) as writer:
            batches = snapshot.read("person")
            return {"rows": write_raw(lake=context.lake, writer=writer, batches=batches, progress=lambda _: None).records}

    return everything if part == "all" else raw


def pandas_extraction(root: str) -> Work:
    """``pandas.read_sql`` and ``to_parquet``."""
    import extraction
    import pandas as pd
    import sqlalchemy as sa

    target = Path(root) / "pandas.parquet"
    target.unlink(missing_ok=True)
    engine = sa.create_engine(extraction.url(Path(root)))

    def work() -> dict[str, int]:
        with engine.connect() as connection:
            frame = pd.read_sql(sa.text(f"SELECT * FROM {extraction.TABLE}"), connection)
        frame.to_parquet(target, compression="zstd", index=False)
        return {"rows": len(frame)}

    return work


def hedui_statistics(root: str) -> Work:
    """A month's reports: figures, workbooks, list of arrears, PDF; the figures are kept beside the lake."""
    import monthly_statistics

    from hedui.context import Context
    from hedui.lake import Lake
    from hedui.site import load_site
    from hedui.statistics.compute import figures
    from hedui.statistics.make import make
    from hedui.statistics.periods import period_of

    folder = Path(root)
    context = Context(
        site=load_site(Path(__file__).resolve().parents[1] / "include" / "sites" / "demo"), lake=Lake(str(folder / "lake")),
        reports=folder / "reports", inbox="", ledger_url="", memory_limit="1GB", threads=2,
    )  # fmt: skip
    month = period_of("month", monthly_statistics.DAYS[0])

    def work() -> dict[str, int]:
        found = {}
        for report in monthly_statistics.REPORTS:
            make(context, report, month)
            found[report] = {"|".join(place): dict(values) for place, values in figures(context, report, month).cells.items()}
        (folder / "hedui.json").write_text(json.dumps(found), "utf-8")
        return {"figures": sum(len(values) for places in found.values() for values in places.values())}

    return work


def pandas_statistics(root: str, most: str) -> Work:
    """The same figures from the same files; a process that asks for more memory than ``most`` GB ends itself, not the machine."""
    import resource

    import monthly_pandas

    resource.setrlimit(resource.RLIMIT_DATA, (int(float(most) * 1e9),) * 2)
    if Path("/proc/self/oom_score_adj").exists():
        Path("/proc/self/oom_score_adj").write_text("1000")
    folder = Path(root)

    def work() -> dict[str, int]:
        found = monthly_pandas.month(folder / "lake" / "canonical")
        (folder / "pandas.json").write_text(json.dumps(found), "utf-8")
        return {"figures": sum(len(values) for places in found.values() for values in places.values())}

    return work


def hedui_rows(file: str, rows: str) -> Work:
    """A list as the statistics write it, with its styles."""
    import workbook_rows

    return lambda: workbook_rows.ours(int(rows), Path(file))


def openpyxl_rows(file: str, rows: str) -> Work:
    """The same list by openpyxl's write-only mode."""
    import workbook_rows

    return lambda: workbook_rows.theirs(int(rows), Path(file))


WORK: dict[str, Callable[..., Work]] = {
    function.__name__: function
    for function in (
        hedui_packets,
        lxml_loop,
        hedui_comparison,
        hedui_flow,
        hedui_checks,
        hedui_linkage,
        hedui_extraction,
        hedui_statistics,
        hedui_rows,
        openpyxl_rows,
        pandas_statistics,
        pandas_checks,
        pandas_extraction,
        duckdb_floor,
        polars_join,
        datacompy_polars,
    )
}


def main() -> None:
    """Runs one piece of work and prints its figures."""
    work = WORK[sys.argv[1]](**json.loads(sys.argv[2]))
    start, processor = time.perf_counter(), time.process_time()
    found = work()
    figures = {"seconds": time.perf_counter() - start, "processor": time.process_time() - processor}
    print(json.dumps(figures | {"gigabytes": peak.gigabytes(), "found": found}))


if __name__ == "__main__":
    main()
