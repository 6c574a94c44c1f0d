"""What a run rests on: the two tables, the mapping between them, the stops, and what splits are decided by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from hedui.regions.allocation import AddressRule, Allocator
from hedui.regions.codes import shape_problem
from hedui.regions.errors import RegionError
from hedui.regions.honesty import Stop, pair_stops
from hedui.regions.lower import carried, own_moves
from hedui.regions.mapping import RegionMap, compose, region_map
from hedui.regions.migrate.resolve import Resolver, by_code
from hedui.regions.model import Change, SubChange, Table
from hedui.regions.reading import Mistakes, read_rows, shown
from hedui.regions.store import SHIPPED, Store
from hedui.regions.weights import Weight, shares_of
from hedui.site.regions import RegionSettings

UNKNOWN = "unknown:"
"""Before a value that the site accepts although no table ever had it: a fault of the data that is older than the migration."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that is decided before a row is touched."""

    run: str
    old: Table
    new: Table
    mapping: RegionMap
    stops: tuple[Stop, ...]
    resolver: Resolver
    weights: tuple[Weight, ...]
    settings: RegionSettings
    receivers: dict[str, frozenset[str]]
    receiver_institutions: dict[str, frozenset[str]]

    @property
    def changes(self) -> list[Change]:
        """The change rows behind the mapping, each once."""
        rows = [row for rule in self.mapping.rules.values() for row in rule.changes]
        rows += [row for group in self.mapping.added.values() for row in group]
        return list(dict.fromkeys(rows))

    @property
    def open_stops(self) -> list[Stop]:
        """Stops that the site has not accepted."""
        return [stop for stop in self.stops if stop.id not in self.settings.accept]


def run_name(start: dt.date, end: dt.date) -> str:
    """The name of the run between two tables; part of work tables' names, so it is short."""
    return f"r{start:%y%m%d}{end:%y%m%d}"


def make_plan(
    settings: RegionSettings,
    *,
    folder: Path,
    start: dt.date,
    end: dt.date,
    run: str | None = None,
    mapping: RegionMap | None = None,
) -> Plan:
    """Reads everything and composes the mapping.

    Args:
        settings: The site's ``regions.yaml``.
        folder: The site's folder.
        start: Date of the table that the data carry now.
        end: Date of the table that they are to carry.
        run: The run's name, where it is not the usual one.
        mapping: The mapping itself, where it is not of half-years (renumberings of a statistical table).

    Raises:
        RegionError: A table or a half-year is missing, or change rows contradict each other. RegionFileError: a file is wrong.
    """
    store = Store((SHIPPED, folder / settings.folder))
    old, new = store.table(start), store.table(end)
    pairs = [pair for pair in store.neighbours() if pair[0] >= start and pair[1] <= end]
    if not pairs:
        raise RegionError(f"{start} is not before {end}; give the table that the data carry now, and a later one.")
    maps = [region_map(store.changes_between(*pair), start=pair[0], end=pair[1]) for pair in pairs]
    stops: list[Stop] = []
    for pair, step in zip(pairs, maps, strict=True):
        stops += [stop for stop in pair_stops(store.table(pair[0]), store.table(pair[1]), step) if stop not in stops]
    whole = mapping or (maps[0] if len(maps) == 1 else compose(maps, codes=old.rows))
    subs = carried(store.sub_changes_between(start, end), maps)
    resolver = Resolver(
        mapping=whole,
        allocator=site_allocator(settings, folder, whole, subs),
        known=frozenset(new.rows),
        before=frozenset(old.rows),
        below=by_code(subs),
        own=own_moves(subs, start=start, end=end, known=frozenset(new.rows)),
        institutions=_successors(settings, folder),
        accepted=frozenset(item.removeprefix(UNKNOWN) for item in settings.accept if item.startswith(UNKNOWN)),
    )
    weights = read_weights(settings, folder)
    shares_of(weights, whole)  # now, and not when rows have moved
    asking = [item for item in settings.receivers if item.table is None or item.table >= end]  # older codes get translated
    return Plan(
        run=run or run_name(start, end),
        old=old,
        new=new,
        mapping=whole,
        stops=tuple(stops),
        resolver=resolver,
        weights=weights,
        settings=settings,
        receivers={item.name: _codes(folder / item.codes) for item in asking},
        receiver_institutions={item.name: _codes(folder / item.institutions) for item in asking if item.institutions},
    )


def site_allocator(settings: RegionSettings, folder: Path, mapping: RegionMap, subs: Sequence[SubChange]) -> Allocator:
    """What decides the splits of a mapping at a site: townships and villages, its address dictionary, its institutions.

    Raises:
        RegionFileError: A file of the site has mistakes.
    """
    institutions = _pairs(folder, settings.institutions, "institution", "county")
    return Allocator(mapping, subs, addresses=_addresses(settings, folder), institutions=institutions)


def _successors(settings: RegionSettings, folder: Path) -> dict[str, tuple[str, ...]]:
    """The new codes of every institution that changed, in order."""
    if settings.institution_changes is None:
        return {}
    mistakes = Mistakes()
    found: dict[str, list[str]] = {}
    for line in read_rows(folder / settings.institution_changes, columns=("old_institution", "new_institution")):
        old, new = line.get("old_institution"), line.get("new_institution")
        if not old or not new:
            mistakes.add(line.file, line.number, "old_institution or new_institution is empty")
        elif new in found.get(old, ()):
            mistakes.add(line.file, line.number, f"{shown(old)} > {shown(new)} is there twice")
        found.setdefault(old, []).append(new)
    mistakes.refuse()
    return {old: tuple(sorted(new)) for old, new in found.items()}


def _pairs(folder: Path, file: str | None, first: str, second: str) -> dict[str, str]:
    if file is None:
        return {}
    mistakes = Mistakes()
    found: dict[str, str] = {}
    for line in read_rows(folder / file, columns=(first, second)):
        key, value = line.get(first), line.get(second)
        if not key or not value:
            mistakes.add(line.file, line.number, f"{first} or {second} is empty")
        elif found.get(key, value) != value:
            mistakes.add(line.file, line.number, f"{first} {shown(key)} is there twice with different {second}")
        found[key] = value
    mistakes.refuse()
    return found


def _addresses(settings: RegionSettings, folder: Path) -> Sequence[AddressRule]:
    if settings.addresses is None:
        return ()
    mistakes = Mistakes()
    found = []
    for line in read_rows(folder / settings.addresses, columns=("pattern", "county"), optional=("regex",)):
        problem = shape_problem(line.get("county"))
        if problem:
            mistakes.add(line.file, line.number, f"county {shown(line.get('county'))} {problem}")
        if not line.get("pattern"):
            mistakes.add(line.file, line.number, "pattern is empty; it would fit every address")
        found.append(AddressRule(pattern=line.get("pattern"), county=line.get("county"), regex=line.get("regex") == "1"))
    mistakes.refuse()
    return found


def read_weights(settings: RegionSettings, folder: Path) -> tuple[Weight, ...]:
    """The site's weights for totals of closed periods.

    Raises:
        RegionFileError: The file has mistakes.
    """
    if settings.weights is None:
        return ()
    mistakes = Mistakes()
    found = []
    for line in read_rows(folder / settings.weights, columns=("old_code", "new_code", "share"), optional=("scheme",)):
        try:
            share = Fraction(line.get("share"))
        except (ValueError, ZeroDivisionError):
            mistakes.add(line.file, line.number, f"share {shown(line.get('share'))} is not a number between 0 and 1")
            continue
        found.append(Weight(old=line.get("old_code"), new=line.get("new_code"), share=share, scheme=line.get("scheme")))
    mistakes.refuse()
    return tuple(found)


def _codes(path: Path) -> frozenset[str]:
    return frozenset(line.get("code") for line in read_rows(path, columns=("code",), optional=("name",)))
