"""Figures in the region codes of a later table: what moved whole is counted there, what was split is distributed by weights."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from hedui.context import Context
from hedui.regions.errors import RegionError
from hedui.regions.mapping import RegionMap
from hedui.regions.migrate.plan import read_weights
from hedui.regions.weights import Weight, restate
from hedui.statistics.figures import Cells, Place
from hedui.statistics.inputs import SPLIT, Inputs


@dataclass(frozen=True, kw_only=True)
class Restating:
    """How codes are brought to a later table.

    Attributes:
        table: That table.
        mappings: By the table whose codes a partition carries.
        weights: For figures of codes that were split.
    """

    table: dt.date
    mappings: Mapping[dt.date, RegionMap]
    weights: tuple[Weight, ...]


def restating(context: Context, inputs: Inputs, table: dt.date) -> Restating:
    """What brings the inputs' codes to a table.

    Raises:
        RegionError: The site has no region versions, the table is not known, or an input carries codes of a later one.
    """
    codes = context.site.codes_by_version
    if codes is None:
        raise RegionError("The site has no regions.yaml, so that nothing can be restated; see docs/regions.md.")
    if table not in codes.store.dates:
        raise RegionError(f"There is no region table of {table}; import it with `hedui regions import`.")
    newer = sorted(version for version in inputs.versions if version > table)
    if newer:
        raise RegionError(
            f"Some of the period's codes are of {newer[-1]}; figures are restated in a later table, not in that of {table}."
        )
    mappings = {version: codes.translator.mapping(version, table) for version in sorted(inputs.versions) if version < table}
    return Restating(table=table, mappings=mappings, weights=read_weights(codes.settings, codes.folder))


def distribute(cells: Cells, given: Restating) -> tuple[Cells, frozenset[str]]:
    """Gives the rows of split codes to their successors by weight; what no weight distributes stays in a row of the old code.

    Returns:
        The cells, whose totals are as before, and the rows that rest on weights.
    """
    found: dict[Place, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    estimated: set[str] = set()
    for (row, sheet), measures in cells.items():
        code = row.removeprefix(SPLIT)
        mapping = next((item for item in given.mappings.values() if code in item.rules), None) if row.startswith(SPLIT) else None
        for key, value in measures.items():
            if mapping is None:
                found[row, sheet][key] += value
                continue
            result = restate({code: value}, mapping, given.weights)
            for target, part in result.totals.items():
                found[target, sheet][key] += part
            for left in result.residual.values():
                found[row, sheet][key] += left
            estimated |= result.estimated
    return {place: dict(measures) for place, measures in found.items()}, frozenset(estimated)
