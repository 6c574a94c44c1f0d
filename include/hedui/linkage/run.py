"""Linkage of one comparison of one night: what its sides lack of each other, which of it may be one person, what is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import duckdb

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.picking import narrowed
from hedui.compare.plan import SidePlan, inputs, side_plans
from hedui.compare.run import find_comparison, reason
from hedui.compare.snapshot import region, side_parameters
from hedui.compare.write import fetch_one, make_findings, who, write_findings
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.lake import Manifest
from hedui.linkage.model import Model, shipped_model
from hedui.linkage.pairs import LEFT, RIGHT, pick, score
from hedui.linkage.pointers import PRESENCE_KINDS, point
from hedui.site.linkage import Linkage
from hedui.site.models import SnapshotComparison
from hedui.steps import StepSummary

COMPARED: Final = {"name": "VARCHAR", "birth_date": "DATE", "sex": "VARCHAR", "unit_no": "VARCHAR", "id_number": "VARCHAR"}
"""Canonical fields that linkage knows, with their types."""

ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of GB 11643."""


def scope(comparison_id: str) -> str:
    """The scope of a comparison's suggestions."""
    return f"link:{comparison_id}"


def run_linkage(context: Context, comparison_id: str, date: dt.date) -> StepSummary:
    """Links the one-sided keys of a comparison that ran for ``date`` and replaces the findings of its scope ``link:<comparison>``.

    The comparison's own findings stay; those on presence get a pointer to the suggestion into their evidence.

    Raises:
        HeduiError: The site has no such comparison, or it is not linked.
    """
    comparison = find_comparison(context, comparison_id)
    if not isinstance(comparison, SnapshotComparison) or comparison.linkage is None:
        known = ", ".join(item.id for item in context.site.linked) or "none"
        raise HeduiError(f'The comparison "{comparison_id}" has no section `linkage`; add one, or choose among: {known}.')
    found = context.lake.manifest(context.findings(comparison_id, date))
    missing = [partition for partition, manifest in inputs(context, comparison, date).items() if manifest is None]
    if found is None or missing:
        context.lake.remove(context.findings(scope(comparison_id), date))
        why = reason(context, missing) if missing else f"比对未完成：{comparison.name}"
        return StepSummary(step="link", subject=comparison_id, business_date=date, state="skipped", reason=why)
    context.progress(f"疑似同一人 {comparison.name}", 0, None)
    linker = _Linkage(context, comparison, comparison.linkage, date)
    manifest = linker.run()
    path = context.lake.full_path(context.findings(scope(comparison_id), date))
    counts = {"findings": manifest.rows} | {f"{side}.one_sided": count for side, count in manifest.meta["one_sided"].items()}
    return StepSummary(
        step="link", subject=comparison_id, business_date=date, counts=counts | manifest.meta["pairs"], paths={"findings": path}
    )


class _Linkage:
    """One comparison being linked."""

    def __init__(self, context: Context, comparison: SnapshotComparison, settings: Linkage, date: dt.date) -> None:
        self._context = context
        self._comparison = comparison
        self._settings = settings
        self._date = date
        self._model: Model = shipped_model()
        self._sides: Sequence[SidePlan] = side_plans(context, comparison, date)
        self._sources = [side.source for side in self._sides]

    def run(self) -> Manifest:
        """Suggests, writes, points."""
        context = self._context
        files = context.lake.files(context.findings(self._comparison.id, self._date))
        with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
            engine.run(
                connection, "linkage/lacking.sql", findings=engine.parquet(files), kinds=PRESENCE_KINDS, sources=self._sources
            )
            for side in self._sides:
                wanted = f"SELECT n{side.index} FROM lacking WHERE n{side.index} IS NOT NULL"
                relation = narrowed(connection, side.relation, wanted, name=f"record_{side.index}")
                view = self._view(connection, replace(side, relation=relation))
                self._records(connection, table=f"record_{side.index}", view=view, wanted=f"source_row IN ({wanted})")
            pairs = self._pairs(connection)
            count = self._findings(connection)
            meta = self._meta(connection, pairs)
            manifest = write_findings(connection, context, scope=scope(self._comparison.id), date=self._date, rows=count, meta=meta)
            point(connection, context, self._comparison.id, self._date, rule=self._settings.rule)
        return manifest

    def _view(self, connection: duckdb.DuckDBPyConnection, side: SidePlan) -> str:
        """Makes the view of a side's rows with what linkage compares; returns its name."""
        columns = {
            name: side.expression(name) if name in side.mapped else f"CAST(NULL AS {kind})" for name, kind in COMPARED.items()
        }
        view = f"linkable_{side.index}"
        parameters = side_parameters(side, columns | {"region": region(side)}, view=view)
        engine.run(connection, "compare/side.sql", **parameters)
        return view

    def _records(self, connection: duckdb.DuckDBPyConnection, *, table: str, view: str, wanted: str) -> None:
        key = self._comparison.key
        engine.run(
            connection,
            "linkage/records.sql",
            table=table,
            view=view,
            wanted=wanted,
            key=[number for number, name in enumerate(key) if name not in ("insurance", "period")],
            insurance=key.index("insurance") if "insurance" in key else None,
            period=key.index("period") if "period" in key else None,
            weights=ID_WEIGHTS,
        )

    def _pairs(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Makes the table ``linked``; returns how many pairs reached the threshold and how many were picked."""
        figures = {"candidates": 0, "pairs": 0}
        names = [field.name for field in self._model.chosen(self._settings.fields)]
        for number, (a, b) in enumerate(self._couples(connection)):
            figures["candidates"] += score(
                connection, self._model, fields=self._settings.fields, threshold=self._settings.threshold, within=a == b
            )
            pick(connection)
            engine.run(connection, "linkage/linked.sql", a=a, b=b, comparisons=names, first=number == 0)
        figures["pairs"] = int(fetch_one(connection, "SELECT count(*) FROM linked")[0])
        return figures

    def _couples(self, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int]]:
        """Makes the tables that are linked, couple by couple: two sides, then a side with itself."""
        for a, b in combinations([side.index for side in self._sides], 2):
            engine.run(connection, "linkage/couple.sql", a=a, b=b, sources=self._sources)
            yield a, b
        for side in self._sides:
            if side.source in self._settings.within:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {LEFT} AS SELECT * FROM record_{side.index}")
                view = self._view(connection, side)
                self._records(connection, table=RIGHT, view=view, wanted=f"name IN (SELECT name FROM {LEFT})")
                yield side.index, side.index

    def _findings(self, connection: duckdb.DuckDBPyConnection) -> int:
        settings, comparison = self._settings, self._comparison
        engine.run(
            connection,
            "linkage/hits.sql",
            sources=self._sources,
            rule=settings.rule,
            within_rule=settings.within_rule,
            model=self._model.version,
            comparisons=[
                {
                    "name": field.name,
                    "levels": [{"number": n, "label": level.label, "weight": level.weight} for n, level in field.numbered],
                }
                for field in self._model.chosen(settings.fields)
            ],
        )
        people = who(self._context, [settings.rule, settings.within_rule], self._sides)
        subject = dataset(self._sides[0].dataset).subject
        return make_findings(connection, scope=scope(comparison.id), date=self._date, subject_type=subject, people=people)

    def _meta(self, connection: duckdb.DuckDBPyConnection, pairs: dict[str, int]) -> dict[str, Any]:
        counts = {side.source: int(fetch_one(connection, f"SELECT count(*) FROM record_{side.index}")[0]) for side in self._sides}
        return {
            "one_sided": counts,
            "pairs": pairs,
            "model": {
                "version": self._model.version,
                "prior": self._model.prior,
                "threshold": self._settings.threshold,
                "fields": list(self._settings.fields),
            },
            "inputs": {f"{side.dataset}/{side.source}": side.manifest.digest for side in self._sides},
        }
