"""A night's figures by region: in the codes of the night (as-was), or restated in the codes of a later table."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.context import Context
from hedui.regions.codes import significant
from hedui.regions.errors import RegionError
from hedui.regions.mapping import RegionMap
from hedui.regions.spoken import ANY, Meaning
from hedui.regions.weights import Weight, restate
from hedui.reports.content import Column, Sheet, Table, Value

NAME = "按区划"


@dataclass(frozen=True, kw_only=True)
class RegionView:
    """How a report shows regions.

    Attributes:
        names: Names by code, of the codes that it shows.
        version: The table that it is restated in; None: the codes of the night.
        was: The table in use on the night.
        meanings: Codes of the night in that table.
        mapping: The mapping between both.
        weights: For totals of codes that were split.
    """

    names: Mapping[str, str]
    version: dt.date | None = None
    was: dt.date | None = None
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    mapping: RegionMap | None = None
    weights: tuple[Weight, ...] = ()


def region_view(context: Context, date: dt.date, *, restated: dt.date | None) -> RegionView:
    """The view of a night.

    Args:
        context: The step's context.
        date: Business date.
        restated: Date of the table to restate in; None: as the codes were.

    Raises:
        RegionError: The site has no region versions, the table is not known, or it is older than the one in use on the night.
    """
    from hedui.regions.migrate.plan import read_weights

    codes, listed = context.site.codes_by_version, {region.code: region.name for region in context.site.regions}
    if codes is None:
        if restated is not None:
            raise RegionError("The site has no regions.yaml, so that nothing can be restated; see docs/regions.md.")
        return RegionView(names=listed)
    was = codes.in_use(date)
    known = {row.code: row.name for row in codes.store.table(was).rows.values()}
    names = listed | {code: name for code, name in known.items() if code in listed}
    if restated is None or restated == was:
        return RegionView(names=names)
    if restated < was:
        raise RegionError(f"The night's codes are of {was}; figures are restated in a later table, not in that of {restated}.")
    after = {row.code: row.name for row in codes.store.table(restated).rows.values()}
    meanings = codes.meanings("region", of=was, to=restated)
    names |= {code: name for code, name in after.items() if code[:4] in {code[:4] for code in listed}}
    for meaning in meanings.values():
        if ANY in meaning.code and meaning.code not in names:
            names[meaning.code] = "／".join(after.get(code[:6], code) for code in meaning.code.split(ANY)) + "（拆分未判定）"
    return RegionView(
        names=names,
        version=restated,
        was=was,
        meanings=meanings,
        mapping=codes.translator.mapping(was, restated),
        weights=read_weights(codes.settings, codes.folder),
    )


def register_view(connection: duckdb.DuckDBPyConnection, view: RegionView) -> None:
    """Creates the table ``region_meanings`` (code, restated)."""
    rows = sorted(view.meanings.items())
    columns = {"code": [code for code, _ in rows], "restated": [meaning.code for _, meaning in rows]}
    connection.register("incoming", pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
    connection.execute("CREATE OR REPLACE TEMP TABLE region_meanings AS SELECT * FROM incoming")
    connection.unregister("incoming")


def by_region(connection: duckdb.DuckDBPyConnection, view: RegionView) -> Sheet | None:
    """Findings and money by region, as they were and restated, with what no weight distributes; None where nothing is restated."""
    if view.mapping is None or view.version is None:
        return None
    figures: dict[str, dict[str, int]] = {"差异（条）": defaultdict(int), "涉及金额（元）": defaultdict(int)}
    for region, findings, fen in engine.run(connection, "reports/regions.sql").fetchall():
        for values, value in zip(figures.values(), (int(findings), int(fen or 0)), strict=True):
            values[significant(region)[:6] if region else ""] += value
    tables = []
    for title, amounts in figures.items():
        result = restate(amounts, view.mapping, view.weights)
        kind = "diff" if "金额" in title else "tally"
        rows: list[tuple[Value, ...]] = []
        for code in sorted(amounts.keys() | result.totals.keys()):
            basis = "按权重估算" if code in result.estimated else "没有权重，未分配" if code in result.residual else ""
            named = f"{code} {view.names.get(code, '')}".strip() or "（无区划）"
            rows.append((named, amounts.get(code, 0), result.totals.get(code, 0), result.residual.get(code, 0), basis))
        columns = (
            Column(key="region", title="区划", width=28),
            Column(key="was", title="原口径", kind=kind, width=18, total=True, group=f"{title}"),  # type: ignore[arg-type]
            Column(key="now", title="新口径", kind=kind, width=18, total=True, group=f"{title}"),  # type: ignore[arg-type]
            Column(key="left", title="未分配余额", kind=kind, width=18, total=True, group=f"{title}"),  # type: ignore[arg-type]
            Column(key="basis", title="说明", kind="text", width=20),
        )
        tables.append(Table(title=title, columns=columns, rows=tuple(rows), total="合计"))
    lead = (
        f"原口径为 {view.was:%Y-%m-%d} 版区划（当夜所用），新口径为 {view.version:%Y-%m-%d} 版。整建制变更全部转入；拆分的按权重估算，"
        "没有权重的留作余额。原口径合计 = 新口径合计 + 未分配余额合计。"
    )
    return Sheet(
        name=NAME, title="按区划汇总：原口径与新口径", lead=lead, blocks=tuple(tables), summary=f"重述到 {view.version:%Y-%m-%d} 版"
    )
