"""Checks one comparison: its sides deliver the datasets and fields that it compares, and its rules exist."""

from __future__ import annotations

from hedui.canonical.schemas import Dataset, Field, datasets
from hedui.findings import KINDS
from hedui.rules import rules
from hedui.site.check_matching import check_matching, ladder_names
from hedui.site.models import Comparison, FieldRule, FlowComparison, KeyMap, Side, SnapshotComparison, Source, SourceDataset
from hedui.site.parts import Part, Parts, values
from hedui.site.problems import Problems, choose
from hedui.site.return_flow import ReturnFlow

Place = list[str | int]


def check_comparison(part: Part[Comparison], parts: Parts) -> None:
    """Notes every mistake of one comparison."""
    if part.value is None:
        return
    checker = _Checker(part, parts)
    if isinstance(part.value, SnapshotComparison):
        checker.snapshot(part.value)
    else:
        checker.flow(part.value)


class _Checker:
    def __init__(self, part: Part[Comparison], parts: Parts) -> None:
        self._part = part
        self._parts = parts
        self._sources: dict[str, Source] = {source.id: source for source in values(parts.sources)}
        self._known = {source.id for source in parts.sources if source.id}

    def snapshot(self, comparison: SnapshotComparison) -> None:
        """Checks an n-way comparison."""
        usable = [self._side(side, ["sides", index], "snapshot") for index, side in enumerate(comparison.sides)]
        ids = [side.source for side in comparison.sides]
        for index, source in enumerate(ids):
            if source in ids[:index]:
                self._part.problem(["sides", index, "source"], f'"{source}" is a side already; each side is another source')
        mapped = {key_map.to_field: key_map.side for key_map in comparison.key_maps}
        for index, key_map in enumerate(comparison.key_maps):
            self._key_map(key_map, ["key_maps", index], comparison)
        self._rule(comparison.unusable_rule, ["unusable_rule"])
        self._rule(comparison.duplicate_rule, ["duplicate_rule"])
        self._presence(comparison, ids)
        for name, rule in comparison.fields.items():
            self._field_rule(name, rule, ["fields", name])
        if all(usable):
            self._snapshot_fields(comparison, mapped)

    def _snapshot_fields(self, comparison: SnapshotComparison, mapped: dict[str, str]) -> None:
        """The sides deliver what they are matched and compared by."""
        for position, name in enumerate(comparison.key):
            for side in comparison.sides:
                if mapped.get(name) != side.source:
                    self._delivered(side, name, ["key", position])
        for name in comparison.fields:
            self._compared(name, comparison, mapped)
        for index, presence in enumerate(comparison.presence):
            if presence.after is not None:
                self._after(comparison, presence.after.field, ["presence", index, "after", "field"])
        if comparison.return_flow is not None:
            self._return_flow(comparison.return_flow, comparison.sides)

    def _return_flow(self, flow: ReturnFlow, sides: tuple[Side, ...]) -> None:
        """The local side and one more at least say when their rows were last changed."""
        self._rule(flow.rule, ["return_flow", "rule"])
        local = next((side for side in sides if side.source == flow.local), None)
        if local is None:
            what = f'"{flow.local}" is not a side of this comparison; {choose(flow.local, [side.source for side in sides])}'
            self._part.problem(["return_flow", "local"], what)
            return
        self._delivered(local, flow.field, ["return_flow", "field"], types=("date",))
        upper = [side for side in sides if side is not local and flow.field in self._spec(side)[1].columns]
        if not upper:
            self._part.problem(["return_flow", "field"], f"{flow.field} is filled by no other side, so that no change is seen")

    def _presence(self, comparison: SnapshotComparison, ids: list[str]) -> None:
        for index, presence in enumerate(comparison.presence):
            self._rule(presence.rule, ["presence", index, "rule"])
            if presence.missing is not None and presence.missing not in ids:
                what = f'"{presence.missing}" is not a side of this comparison; {choose(presence.missing, ids)}'
                self._part.problem(["presence", index, "missing"], what)
            if presence.missing in [other.missing for other in comparison.presence[:index]]:
                self._part.problem(["presence", index], "a second rule for the same missing side; keep one")

    def _after(self, comparison: SnapshotComparison, name: str, place: Place) -> None:
        """One side at least fills the date from which days are given."""
        specs = [self._spec(side) for side in comparison.sides]
        types = {dataset.fields[name].type for dataset, spec in specs if name in dataset.fields and name in spec.columns}
        if types != {"date"}:
            self._part.problem(place, f'"{Problems.cut(name)}" must be a date that at least one side fills')

    def flow(self, comparison: FlowComparison) -> None:
        """Checks a comparison of two flows."""
        left, right = comparison.left, comparison.right
        usable = [self._side(left, ["left"], "flow"), self._side(right, ["right"], "flow")]
        if left.source == right.source:
            self._part.problem(["right", "source"], f'"{right.source}" is the left side already; the sides are two sources')
        for name, rule_id in comparison.rules.model_dump().items():
            self._rule(rule_id, ["rules", name])
        self._rule(comparison.amount_rule, ["amount_rule"])
        for name, rule in comparison.fields.items():
            self._field_rule(name, rule, ["fields", name])
        if not comparison.amounts:
            self._part.problem(["amounts"], "is empty; flows are compared by at least one amount")
        if not comparison.group:
            self._part.problem(["group"], "is empty; name what totals are compared by")
        for index, key_map in enumerate(comparison.key_maps):
            self._key_map(key_map, ["key_maps", index], comparison)
        if not all(usable):
            return
        check_matching(self, comparison)
        places: list[tuple[str, Place]] = [(name, ["key", position]) for position, name in enumerate(comparison.key)]
        places += [(name, ["fields", name]) for name in comparison.fields]
        for name, place in places:
            self.on_both(comparison, name, place)
        self._amounts(comparison)
        self._group(comparison)

    def on_both(self, comparison: FlowComparison, name: str, place: Place) -> None:
        """Both sides deliver the field, or have it from a key map."""
        for side in (comparison.left, comparison.right):
            if not any(key_map.side == side.source and key_map.to_field == name for key_map in comparison.key_maps):
                self._delivered(side, name, place)

    def on_one(self, comparison: FlowComparison, name: str, place: Place) -> None:
        """One of the sides at least delivers the field."""
        sides = (comparison.left, comparison.right)
        if not any(name in self._spec(side)[0].fields and name in self._spec(side)[1].columns for side in sides):
            self._part.problem(place, f'no side delivers "{Problems.cut(name)}"')

    def rule(self, rule_id: str, place: Place) -> None:
        """The catalogue has the rule."""
        self._rule(rule_id, place)

    def refund_fields(self, comparison: FlowComparison) -> None:
        """The fields by which refunds are laid beside their payments."""
        originals = comparison.originals
        if originals is None:
            return
        payments = Side(source=originals.source, dataset=originals.dataset)
        for name in (*originals.by, *originals.refunded, *filter(None, (originals.paid_on, originals.stated))):
            self._delivered(comparison.left, name, ["originals"])
        if self._side(payments, ["originals"], "flow"):
            for name in (*originals.by.values(), *originals.paid):
                self._delivered(payments, name, ["originals"])

    def _amounts(self, comparison: FlowComparison) -> None:
        for name, pair in comparison.amounts.items():
            for side, fields in zip((comparison.left, comparison.right), pair, strict=True):
                for amount in fields:
                    self._delivered(side, amount.removeprefix("-"), ["amounts", name], types=("fen",))
                if not fields:
                    self._part.problem(["amounts", name], "names no field for a side")

    def _group(self, comparison: FlowComparison) -> None:
        sides = (comparison.left, comparison.right)
        for name, grouped in comparison.group.items():
            found = [self._delivered(side, field, ["group", name]) for side, field in zip(sides, grouped, strict=True)]
            if found[0] and found[1] and found[0].sql_type != found[1].sql_type:
                self._part.problem(["group", name], f"{grouped[0]} is {found[0].type}, {grouped[1]} is {found[1].type}")

    def _side(self, side: Side, place: Place, kind: str) -> bool:
        """Whether the side's source and dataset are known, so that its fields can be checked."""
        if not self._source(side.source, [*place, "source"]):
            return False
        spec = self._sources[side.source].datasets
        if side.dataset not in spec:
            self._part.problem(
                [*place, "dataset"], f'{side.source} does not deliver "{side.dataset}"; {choose(side.dataset, spec)}'
            )
            return False
        if side.dataset not in datasets():
            return False
        dataset = datasets()[side.dataset]
        if dataset.kind != kind:
            allowed = [name for name in spec if name in datasets() and datasets()[name].kind == kind]
            what = f"{side.dataset} is a {dataset.kind}, this comparison is of type {kind}; {choose(side.dataset, allowed)}"
            self._part.problem([*place, "dataset"], what)
            return False
        for field, allowed_values in side.where.items():
            if self._delivered(side, field, [*place, "where", field]):
                self._where(side, field, allowed_values, [*place, "where", field])
        return True

    def _source(self, source_id: str, place: Place) -> bool:
        if source_id not in self._known:
            self._part.problem(place, f'unknown source "{source_id}"; {choose(source_id, self._known)}')
        return source_id in self._sources

    def _where(self, side: Side, field: str, wanted: tuple[str, ...], place: Place) -> None:
        column = self._sources[side.source].datasets[side.dataset].columns[field]
        if not wanted:
            self._part.problem(place, "names no value; no row would take part")
        if column.const is not None:
            possible = {column.const}
        elif column.codes is not None and column.codes in self._parts.codes:
            rows = values(self._parts.codes[column.codes])
            possible = {row.canonical for row in rows if row.source in ("", side.source)}
        else:
            return
        for value in wanted:
            if value not in possible:
                self._part.problem(place, f"{Problems.show(value)} never comes from {side.source}; {choose(value, possible)}")

    def _spec(self, side: Side) -> tuple[Dataset, SourceDataset]:
        return datasets()[side.dataset], self._sources[side.source].datasets[side.dataset]

    def _delivered(self, side: Side, name: str, place: Place, types: tuple[str, ...] = ()) -> Field | None:
        """The field, where the side's dataset has it and its source fills it."""
        dataset, spec = self._spec(side)
        field = dataset.fields.get(name)
        if field is None:
            self._part.problem(place, f'{side.dataset} has no field "{Problems.cut(name)}"; {choose(name, dataset.fields)}')
        elif name not in spec.columns:
            self._part.problem(place, f"{side.source} does not fill {name} of {side.dataset}; add it under columns of the source")
        elif types and field.type not in types:
            self._part.problem(place, f"{name} is of type {field.type}; only {' and '.join(types)} fits here")
        else:
            return field
        return None

    def _compared(self, name: str, comparison: SnapshotComparison, mapped: dict[str, str]) -> None:
        """A compared field must be filled on two sides at least; a side without it is not compared for it."""
        filled, known = 0, set[str]()
        for side in comparison.sides:
            dataset, spec = self._spec(side)
            known |= set(dataset.fields)
            filled += name in spec.columns or mapped.get(name) == side.source
        if name not in known:
            self._part.problem(["fields", name], f"is a field of no side; {choose(name, known)}")
        elif filled < 2:
            self._part.problem(["fields", name], "is filled by fewer than two sides, so that it is never compared")

    def _field_rule(self, name: str, rule: FieldRule, place: Place) -> None:
        self._rule(rule.rule, [*place, "rule"])
        if rule.kind not in KINDS:
            self._part.problem([*place, "kind"], f'unknown kind "{Problems.cut(rule.kind)}"; {choose(rule.kind, KINDS)}')
        types = {dataset.fields[name].type for dataset in datasets().values() if name in dataset.fields}
        if rule.tolerance_fen and types and types != {"fen"}:
            self._part.problem([*place, "tolerance_fen"], f"{name} is no amount, so it has no tolerance")

    def _rule(self, rule_id: str, place: Place) -> None:
        if rule_id not in rules():
            self._part.problem(place, f'unknown rule "{Problems.cut(rule_id)}"; {choose(rule_id, rules())}')

    def _key_map(self, key_map: KeyMap, place: Place, comparison: SnapshotComparison | FlowComparison) -> None:
        self._rule(key_map.rule, [*place, "rule"])
        compared = comparison.sides if isinstance(comparison, SnapshotComparison) else (comparison.left, comparison.right)
        sides = {side.source: side for side in compared}
        side = sides.get(key_map.side)
        if side is None:
            self._part.problem([*place, "side"], f'"{key_map.side}" is not a side; {choose(key_map.side, sides)}')
        elif side.source in self._sources and side.dataset in self._sources[side.source].datasets and side.dataset in datasets():
            self._delivered(side, key_map.from_field, [*place, "from_field"])
        used = comparison.key if isinstance(comparison, SnapshotComparison) else (*comparison.key, *ladder_names(comparison))
        if key_map.to_field not in (*used, *comparison.fields):
            allowed = [*used, *comparison.fields]
            what = f'"{Problems.cut(key_map.to_field)}" is neither key nor compared; {choose(key_map.to_field, allowed)}'
            self._part.problem([*place, "to_field"], what)
        if not self._source(key_map.source, [*place, "source"]):
            return
        spec = self._sources[key_map.source].datasets
        if key_map.dataset not in spec or key_map.dataset not in datasets():
            what = f'{key_map.source} does not deliver "{key_map.dataset}"; {choose(key_map.dataset, spec)}'
            self._part.problem([*place, "dataset"], what)
            return
        map_side = Side(source=key_map.source, dataset=key_map.dataset)
        self._delivered(map_side, key_map.from_field, [*place, "from_field"])
        self._delivered(map_side, key_map.to_field, [*place, "to_field"])
