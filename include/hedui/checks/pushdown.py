"""Great Expectations pushed down to DuckDB over the lake's Parquet files.

One ephemeral context and one DuckDB per use; partitions are views. Great Expectations counts in SQL and never sees a failing value
(``SUMMARY`` results with no partial lists); our own passes run on the same DuckDB.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.engine import ident, open_stores, parquet

RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
BUFFERED_ROWS = 10_000
"""Rows of a result that are kept for Great Expectations: it reads metadata, counts, and at most 200 rows of a query."""

SAFE_ERRORS = re.compile(r"(?:Binder|Parser|Catalog|Syntax) Error: [^\n]*")
"""DuckDB messages about the text of a query; the others may quote data."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What Great Expectations says of one expectation.

    Attributes:
        success: Whether it holds; None where it could not be evaluated.
        violations: Rows that break it; 0 for expectations on the whole table.
        error: Why it could not be evaluated, without data; empty where it could.
        text: The expectation in words, or its SQL, as Great Expectations renders it.
        observed: What was observed, as Great Expectations renders it: counts and shares, no values.
    """

    success: bool | None
    violations: int = 0
    error: str = ""
    text: str = ""
    observed: str = ""


class Pushdown:
    """Views over Parquet files in one DuckDB that Great Expectations and our own SQL share."""

    def __init__(self, context: Any, datasource: Any, connection: duckdb.DuckDBPyConnection) -> None:
        self._context = context
        self._datasource = datasource
        self.connection = connection

    def register(self, name: str, files: list[str], *, dataset: str | None = None) -> None:
        """Makes Parquet files a view; no files make an empty view with the columns of ``dataset``."""
        if files:
            relation = f"SELECT * FROM {parquet(files)}"
        else:
            fields = canonical_dataset(dataset or name).fields.values()
            columns = ", ".join(f"CAST(NULL AS {field.sql_type}) AS {ident(field.name)}" for field in fields)
            relation = f"SELECT {columns}, CAST(NULL AS BIGINT) AS source_row WHERE FALSE"
        self.connection.execute(f"CREATE OR REPLACE VIEW {ident(name)} AS {relation}")

    def validate(self, name: str, expectations: Sequence[dict[str, Any]]) -> list[Outcome]:
        """Runs expectations over a view, all in one validation so that Great Expectations bundles their queries.

        Returns:
            One outcome per expectation, in their order. A broken one does not keep the others from running.
        """
        from great_expectations.core import ExpectationSuite

        suite, outcomes = ExpectationSuite(name=name), {}
        for number, spec in enumerate(expectations):
            try:
                marked = {**spec, "meta": {**spec.get("meta", {}), "number": number}}
                suite.expectations.extend(ExpectationSuite(name=name, expectations=[marked]).expectations)
            except Exception as error:  # whatever GX raises on a malformed expectation must not lose the others
                outcomes[number] = Outcome(success=None, error=safe_message(str(error), type(error).__name__))
        if suite.expectations:
            asset = self._datasource.add_table_asset(name=name, table_name=name)
            batch = asset.add_batch_definition_whole_table("all").get_batch()
            for result in batch.validate(suite, result_format=RESULT_FORMAT).results:
                outcomes[result.expectation_config.meta["number"]] = _outcome(result)
        unknown = Outcome(success=None, error="Great Expectations knows no expectation of this type")
        return [outcomes.get(number, unknown) for number in range(len(expectations))]


def _outcome(result: Any) -> Outcome:
    text, observed = _rendered(result)
    error = _exception(result.exception_info or {})
    if error:
        return Outcome(success=None, error=error, text=text)
    found = result.result.get("unexpected_count", result.result.get("observed_value"))
    violations = found if isinstance(found, int) else 0
    return Outcome(success=bool(result.success), violations=violations, text=text, observed=observed)


def _rendered(result: Any) -> tuple[str, str]:
    """The expectation and what was observed, in the words of Great Expectations' own renderer."""
    known = result.expectation_config.kwargs
    if query := known.get("unexpected_rows_query"):  # what the renderer gives as well, for a twentieth of a second each
        return query.format(batch="{batch}"), ""
    if columns := known.get("column_set"):  # likewise; its renderer's time grows with the square of the columns
        extent = "exactly" if known.get("exact_match", True) else "at least"
        observed = result.result.get("observed_value") or ()
        return f"Must have {extent} these columns (in any order): {', '.join(columns)}", ", ".join(observed)
    from great_expectations.render.renderer.inline_renderer import InlineRenderer

    texts = {}
    for content in InlineRenderer(render_object=result).get_rendered_content():
        value: Any = content.value.to_json_dict()
        template = value.get("template") or value.get("code_block", {}).get("code_template_str", "")
        parameters = {name: item["value"] for name, item in value.get("params", {}).items()}
        texts[content.name] = Template(template).safe_substitute(parameters)
    return texts.get("atomic.prescriptive.summary", ""), texts.get("atomic.diagnostic.observed_value", "")


def _exception(info: dict[str, Any]) -> str:
    """The error of a result; Great Expectations keeps it flat or below the ids of metrics."""
    if "raised_exception" in info:
        return safe_message(str(info["exception_message"]), "error") if info["raised_exception"] else ""
    for nested in info.values():
        if isinstance(nested, dict) and (error := _exception(nested)):
            return error
    return ""


def safe_message(message: str, kind: str) -> str:
    """What of an error's message may be shown: text about the query, never a value of the data."""
    found = SAFE_ERRORS.search(message)
    return found.group(0) if found else f"{kind} (its message may quote data and is left out)"


@contextmanager
def open_pushdown(*, memory_limit: str = "4GB", threads: int = 2) -> Iterator[Pushdown]:
    """An ephemeral Great Expectations context over a DuckDB of its own; both go when the block ends."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read on import: nothing of a run is reported to anybody
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # its messages quote queries and data
    with tempfile.TemporaryDirectory(prefix="hedui-checks-") as folder:
        config = {"memory_limit": memory_limit, "threads": threads, "temp_directory": f"{folder}/spill"}
        context = gx.get_context(
            project_config=DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults()), mode="ephemeral"
        )
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        datasource: Any = context.data_sources.add_sql(  # type: ignore[call-arg]  # GX's stubs lack what its model takes
            "lake",
            connection_string=f"duckdb:///{Path(folder) / 'checks.duckdb'}",
            create_temp_table=False,
            kwargs={"connect_args": {"config": config}},
        )
        engine = datasource.get_execution_engine().engine
        _buffer_results(engine)
        pooled = engine.raw_connection()
        open_stores(pooled.driver_connection)
        try:
            yield Pushdown(context, datasource, pooled.driver_connection)
        finally:
            pooled.close()
            engine.dispose()
            datasource.get_engine().dispose()


def _buffer_results(engine: Any) -> None:
    """Keeps results readable after their connection has gone back to the pool, which is when Great Expectations reads them."""
    from sqlalchemy import event
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    def buffer(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if cursor.description:
            context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=cursor.fetchmany(BUFFERED_ROWS))

    event.listen(engine, "after_cursor_execute", buffer)
