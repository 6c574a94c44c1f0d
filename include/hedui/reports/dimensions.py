"""Names for codes, as small tables that the report's SQL joins: scopes, sides, fields, rules, kinds, regions, schemes, agencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from hedui.canonical.schemas import dataset, datasets
from hedui.compare.plan import sides_of
from hedui.context import Context
from hedui.findings import KINDS, SEVERITIES
from hedui.reports.sections.names import COMPONENTS
from hedui.rules import rules
from hedui.site.models import SnapshotComparison

Row = tuple[str | int | None, ...]


def register_dimensions(
    context: Context, connection: duckdb.DuckDBPyConnection, scopes: Iterable[str], *, regions: Mapping[str, str]
) -> None:
    """Creates the small tables in ``connection``; ``scopes`` are those that have findings, ``regions`` the names by code."""
    site = context.site
    _table(connection, "kind_names", ("code", "name"), list(KINDS.items()))
    _table(connection, "severity_names", ("code", "name", "position"), [(c, n, i) for i, (c, n) in enumerate(SEVERITIES.items())])
    _table(connection, "rule_names", ("code", "name"), [(rule.id, rule.name) for rule in rules().values()])
    _table(connection, "agency_names", ("code", "name"), [(agency.id, agency.name) for agency in site.agencies])
    _table(connection, "source_names", ("code", "name"), [(source.id, source.name) for source in site.sources])
    _table(connection, "region_names", ("code", "name"), list(regions.items()))
    _table(connection, "insurance_names", ("code", "name"), list(insurance_names(context).items()))
    _table(connection, "field_names", ("dataset", "field", "name", "type"), _fields())
    _table(connection, "component_names", ("code", "name"), list(COMPONENTS.items()))
    _table(
        connection,
        "scope_names",
        ("scope", "name", "first", "second", "third"),
        [_scope(context, scope) for scope in sorted(scopes)],
    )
    snapshots = [comparison for comparison in site.comparisons if isinstance(comparison, SnapshotComparison)]
    sides = [(c.id, side.source, i) for c in snapshots for i, side in enumerate(c.sides)]
    _table(connection, "sides", ("scope", "source", "position"), sides)
    _table(connection, "side_fields", ("scope", "source", "position", "field"), _side_fields(context, snapshots))


def insurance_names(context: Context) -> dict[str, str]:
    """Chinese names of the canonical schemes, from the site's code table ``insurance``."""
    return {row.canonical: row.label for row in context.site.codes.get("insurance", ())}


def scope_name(context: Context, scope: str) -> str:
    """Chinese name of a scope."""
    name = _scope(context, scope)[1]
    return str(name)


def _scope(context: Context, scope: str) -> Row:
    kind, _, rest = scope.partition(":")
    if kind == "check":
        name, _, source = rest.partition(":")
        return scope, f"质量检查：{_dataset_label(name)}（{_source_name(context, source)}）", source, None, None
    if kind == "rule":
        rule_id, _, source = rest.partition(":")
        about = f"（{_source_name(context, source)}）" if source else ""
        return scope, f"跨数据集检查 {rule_id}{about}", None, None, None
    if kind == "arrival":
        return scope, f"批次到达：{_source_name(context, rest)}", rest, None, None
    for comparison in context.site.comparisons:
        if kind == "link" and comparison.id == rest:
            return scope, f"疑似同一人：{comparison.name}", None, None, None
        if comparison.id == scope:
            sources: list[str | None] = [side.source for side in sides_of(comparison)]
            first, second, third = [*sources, None][:3]
            return scope, comparison.name, first, second, third
    return scope, scope, None, None, None


def _dataset_label(name: str) -> str:
    return datasets()[name].label if name in datasets() else name


def _source_name(context: Context, source_id: str) -> str:
    return next((source.name for source in context.site.sources if source.id == source_id), source_id)


def _fields() -> list[Row]:
    return [(spec.name, field.name, field.label, field.type) for spec in datasets().values() for field in spec.fields.values()]


def _side_fields(context: Context, snapshots: Sequence[SnapshotComparison]) -> list[Row]:
    rows: list[Row] = []
    for comparison in snapshots:
        maps = {key_map.side: key_map.to_field for key_map in comparison.key_maps}
        for position, side in enumerate(comparison.sides):
            delivered = set(context.site.source(side.source).datasets[side.dataset].columns) & set(dataset(side.dataset).fields)
            delivered |= {maps[side.source]} if side.source in maps else set()
            rows += [(comparison.id, side.source, position, field) for field in comparison.fields if field in delivered]
    return rows


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    numeric = {"position"}
    arrays = [
        pa.array([row[i] for row in rows], type=pa.int32() if column in numeric else pa.string())
        for i, column in enumerate(columns)
    ]
    arrow = pa.table(arrays, names=list(columns))
    connection.register("incoming", arrow)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
    connection.unregister("incoming")
