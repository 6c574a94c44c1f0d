"""Chinese names of a report's rows and sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hedui.context import Context
from hedui.reports.dimensions import insurance_names
from hedui.reports.regions import region_view
from hedui.site.statistics import StatisticsSettings
from hedui.statistics.figures import Figures
from hedui.statistics.inputs import SPLIT
from hedui.statistics.model import ALL, Dimension

TOTAL: Final = "合计"


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Names by code of one dimension.

    Attributes:
        dimension: The dimension.
        names: By code.
        with_code: Whether the code stands before the name.
    """

    dimension: Dimension
    names: Mapping[str, str] = field(default_factory=dict)
    with_code: bool = False

    def __getitem__(self, key: str) -> str:
        if key == ALL:
            return TOTAL
        if key == "":
            return self.dimension.blank
        if key.startswith(SPLIT):
            return f"{self[key.removeprefix(SPLIT)]}（拆分，未分配）"
        if key.startswith("?"):
            return f"未知{self.dimension.label} {key[1:]}"
        name = self.names.get(key, "")
        return f"{key} {name}".strip() if self.with_code or not name else name


def labels(context: Context, settings: StatisticsSettings, figures: Figures) -> tuple[Labels, Labels]:
    """The names of the rows and of the sheets."""
    return tuple(_labels(context, settings, figures, item) for item in (figures.definition.rows, figures.definition.sheets))  # type: ignore[return-value]


def _labels(context: Context, settings: StatisticsSettings, figures: Figures, dimension: Dimension) -> Labels:
    if dimension.names == "region":
        view = region_view(context, figures.inputs.period.end, restated=None)
        names = dict(view.names)
        codes = context.site.codes_by_version
        if figures.restated is not None and codes is not None:
            names |= {code: row.name for code, row in codes.store.table(figures.restated).rows.items()}
        return Labels(dimension=dimension, names=names, with_code=True)
    if dimension.names == "tax_office":
        return Labels(dimension=dimension, names=settings.tax_offices, with_code=True)
    if dimension.names == "insurance":
        return Labels(dimension=dimension, names=insurance_names(context))
    if dimension.names == "source":
        return Labels(dimension=dimension, names={source.id: source.name for source in context.site.sources})
    table = {row.canonical: row.label for row in context.site.codes.get(dimension.names, ())}
    return Labels(dimension=dimension, names=table)
