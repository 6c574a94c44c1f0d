"""What a comparison reads: each side's relation, keys, fields and maps, resolved from the site and the lake for one date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made_of

from hedui import engine
from hedui.canonical.schemas import SQL_TYPES, dataset
from hedui.compare.keys import is_placeholder_field
from hedui.compare.places import Translation, single, translated
from hedui.context import Context
from hedui.lake import Manifest, Partition
from hedui.site.models import FlowComparison, KeyMap, Side, SnapshotComparison

ROW_TYPES = {"source_row": "BIGINT"}
REGION_FIELDS = ("pool_region", "region")


@dataclass(frozen=True, kw_only=True)
class MapPlan:
    """A key map of a side.

    Attributes:
        relation: The map's canonical partition as a relation.
        from_field: The side's own field.
        to_field: The canonical field that the map fills.
        rule: Rule of rows that the map does not translate to exactly one value.
    """

    relation: str
    from_field: str
    to_field: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class SidePlan:
    """One side of a comparison, ready to be rendered into SQL.

    Attributes:
        index: Position among the sides, from 0; names the side's views and columns.
        source: Source id.
        dataset: Canonical dataset.
        relation: The canonical partition as a relation (``read_parquet(...)``, or a table's name).
        where: Restrictions: field → allowed values.
        keys: The comparison's key fields, in order; ``k0``, ``k1`` … in SQL.
        placeholders: Positions of the keys in which placeholders are refused.
        mapped: Canonical fields that the source delivers, the map's ``to_field`` included.
        key_map: The side's key map, or None.
        own_key: The dataset's key fields but insurance and period: what names a row whose comparison key is unusable.
        own_insurance: The dataset's key has ``insurance``.
        own_period: The dataset's key has ``period``.
        region: The field that carries the region, or None.
        manifest: The canonical partition's manifest.
        date: Business date of the partition.
        digested: Its values are keyed digests: equal or not is all that can be said of them.
        region_version: Date of the region table whose codes the comparison speaks; None where the site says nothing of versions.
        translations: Fields with codes of an older table, in the comparison's.
        region_notes: What a change of codes has done to its restrictions and what could not be translated, in Chinese.
    """

    index: int
    source: str
    dataset: str
    relation: str
    where: dict[str, tuple[str, ...]]
    keys: tuple[str, ...]
    placeholders: tuple[int, ...]
    mapped: frozenset[str]
    key_map: MapPlan | None
    own_key: tuple[str, ...]
    own_insurance: bool
    own_period: bool
    region: str | None
    manifest: Manifest
    date: dt.date
    digested: bool = False
    region_version: dt.date | None = None
    translations: Mapping[str, Translation] = made_of(default_factory=dict)
    region_notes: tuple[str, ...] = ()

    @property
    def maps_key(self) -> bool:
        """Whether the key map fills a key field."""
        return self.key_map is not None and self.key_map.to_field in self.keys

    def expression(self, field: str) -> str:
        """The SQL expression of a canonical field within the side's view: the map's value where the field comes from a map."""
        if self.key_map is not None and field == self.key_map.to_field:
            return "m.to_value"
        if field not in self.mapped:
            return f"CAST(NULL AS {dataset(self.dataset).fields[field].sql_type})"
        own = f"r.{engine.ident(field)}"
        return f"coalesce(t_{field}.to_value, {own})" if field in self.translations else own

    def grouping(self, field: str) -> str:
        """The expression of a field that rows are grouped or matched by: codes that a split has mixed share one name."""
        if field not in self.translations:
            return self.expression(field)
        return f"coalesce(t_{field}.group_value, r.{engine.ident(field)})"

    def readable(self, field: str) -> str:
        """The expression of a field for people to read: a single code always."""
        if field not in self.translations:
            return self.expression(field)
        return single(self.expression(field), f"r.{engine.ident(field)}")


def inputs(context: Context, comparison: SnapshotComparison | FlowComparison, date: dt.date) -> dict[Partition, Manifest | None]:
    """The canonical partitions that a comparison needs on a date, with their manifests; None where the lake lacks one."""
    partitions = [context.canonical(side.dataset, side.source, date) for side in sides_of(comparison)]
    partitions += [context.canonical(key_map.dataset, key_map.source, date) for key_map in comparison.key_maps]
    return {partition: context.lake.manifest(partition) for partition in partitions}


def sides_of(comparison: SnapshotComparison | FlowComparison) -> tuple[Side, ...]:
    """A comparison's sides in order."""
    return comparison.sides if isinstance(comparison, SnapshotComparison) else (comparison.left, comparison.right)


def canonical_relation(context: Context, partition: Partition) -> str:
    """A canonical partition as a relation; one without files is an empty relation with the dataset's columns."""
    files = context.lake.files(partition)
    if files:
        return engine.parquet(files)
    types = {field.name: SQL_TYPES[field.type] for field in dataset(partition.parts[0]).fields.values()} | ROW_TYPES
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {engine.ident(name)}" for name, kind in types.items())
    return f"(SELECT {columns} WHERE FALSE)"


def _map_plan(context: Context, key_map: KeyMap, date: dt.date) -> MapPlan:
    return MapPlan(
        relation=canonical_relation(context, context.canonical(key_map.dataset, key_map.source, date)),
        from_field=key_map.from_field,
        to_field=key_map.to_field,
        rule=key_map.rule,
    )


def side_plans(context: Context, comparison: SnapshotComparison | FlowComparison, date: dt.date) -> tuple[SidePlan, ...]:
    """The plans of a comparison's sides for a date.

    Raises:
        LakeError: A side's canonical partition is missing.
    """
    return translated(context, [side_plan(context, comparison, stub) for stub in side_stubs(context, comparison, date)])


def side_plan(context: Context, comparison: SnapshotComparison | FlowComparison, stub: SidePlan) -> SidePlan:
    """The plan of one side for its stub's date.

    Raises:
        LakeError: The side's canonical partition is missing.
    """
    partition = context.canonical(stub.dataset, stub.source, stub.date)
    key_map = next((found for found in comparison.key_maps if found.side == stub.source), None)
    return replace(
        stub,
        relation=canonical_relation(context, partition),
        manifest=context.lake.manifest(partition) or Manifest(rows=0),
        mapped=stub.mapped | {key_map.to_field} if key_map else stub.mapped,
        key_map=_map_plan(context, key_map, stub.date) if key_map else None,
    )


def side_stubs(context: Context, comparison: SnapshotComparison | FlowComparison, date: dt.date) -> tuple[SidePlan, ...]:
    """What the site says about a comparison's sides, without the lake's partitions."""
    return tuple(_side_stub(context, comparison.key, index, side, date) for index, side in enumerate(sides_of(comparison)))


def _side_stub(context: Context, key: tuple[str, ...], index: int, side: Side, date: dt.date) -> SidePlan:
    schema = dataset(side.dataset)
    mapped = frozenset(context.site.source(side.source).datasets[side.dataset].columns) & frozenset(schema.fields)
    return SidePlan(
        index=index,
        source=side.source,
        dataset=side.dataset,
        relation="",
        where=side.where,
        keys=key,
        placeholders=tuple(number for number, name in enumerate(key) if is_placeholder_field(name)),
        mapped=mapped,
        key_map=None,
        own_key=tuple(name for name in schema.key if name not in ("insurance", "period")),
        own_insurance="insurance" in schema.key,
        own_period="period" in schema.key,
        region=next((name for name in REGION_FIELDS if name in mapped), None),
        manifest=Manifest(rows=0),
        date=date,
    )
