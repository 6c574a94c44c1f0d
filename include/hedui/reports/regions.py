"""A night's figures by region: in the codes of the night (as-was), or restated in the codes of a later table.

Groups that become one are added up, so that the totals are those of the night; a code that was split stays one group of all its
successors, for no total says where its people are.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.context import Context
from hedui.regions.codes import significant
from hedui.regions.errors import RegionError
from hedui.regions.mapping import RegionMap
from hedui.regions.spoken import ANY, INSTITUTION_FIELDS, REGION_FIELDS, Meaning, SiteCodes
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
        codes: The site's codes, for what carries another table's than the night's.
        mapping: The mapping between both.
        weights: For totals of codes that were split.
    """

    names: Mapping[str, str]
    version: dt.date | None = None
    was: dt.date | None = None
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    codes: SiteCodes | None = None
    mapping: RegionMap | None = None
    weights: tuple[Weight, ...] = ()

    def restated(self, name: str, values: Iterable[str], *, of: dt.date | None) -> dict[str, str]:
        """The codes of a field that become others, as they are shown: those that only a place decides all together, ``990105|990108``.

        Args:
            name: The field.
            values: Codes, also several of which one is meant.
            of: The table that they are of; None: the one in use on the night.
        """
        start = of or self.was
        if self.codes is None or self.version is None or start is None or start >= self.version:
            return {}
        meanings = self.codes.meanings(name, of=start, to=self.version)

        def code(value: str) -> str:
            parts = [meanings[part].code if part in meanings else part for part in value.split(ANY)]
            return ANY.join(sorted({each for part in parts for each in part.split(ANY)}))

        return {value: new for value in values if (new := code(value)) != value}

    def regrouped(
        self,
        connection: duckdb.DuckDBPyConnection,
        figures: str,
        *,
        group: Sequence[str],
        sums: Sequence[str],
        amounts: Sequence[str] = (),
        of: dt.date | None,
    ) -> str:
        """Figures per group as a relation with the groups' codes restated and what becomes one group added up; itself where none changes.

        Args:
            connection: Reads the figures.
            figures: Relation with a row per group.
            group: The groups' fields.
            sums: Columns that are added up.
            amounts: Components of a totals reconciliation, whose state is judged anew.
            of: The table of the codes; None: the one in use on the night.
        """
        coded = {}
        for name in (each for each in group if each in (*REGION_FIELDS, *INSTITUTION_FIELDS)):
            values = connection.execute(
                f"SELECT DISTINCT {engine.ident(name)} FROM {figures} WHERE {engine.ident(name)} IS NOT NULL"
            )
            changed = self.restated(name, (str(row[0]) for row in values.fetchall()), of=of)
            if changed:
                rows = ", ".join(engine.literal(pair) for pair in sorted(changed.items()))
                coded[name] = f"(SELECT * FROM (VALUES {rows}) AS v(code, restated))"
        if not coded:
            return figures
        parameters = {"figures": figures, "group": list(group), "coded": coded, "sums": list(sums), "amounts": list(amounts)}
        return f"({engine.render('reports/regrouped.sql', **parameters)})"


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
        codes=codes,
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
