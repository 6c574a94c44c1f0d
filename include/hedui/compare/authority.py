"""Who is right: the authority matrix (authority.csv) as an ordered list for one field of a comparison."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hedui.compare.plan import SidePlan
from hedui.site.models import Authority


@dataclass(frozen=True, kw_only=True)
class Right:
    """A row of the matrix that fits: the first whose insurance fits and whose side has the key decides.

    Attributes:
        insurance: The insurance it is for; empty: all.
        side: Index of the side that is right.
    """

    insurance: str
    side: int


def rights(authority: Sequence[Authority], sides: Sequence[SidePlan], field: str, date: dt.date) -> list[Right]:
    """The matrix's rows for a field on a date, in order, among the sides that deliver the field.

    A row that names a dataset fits where any side of the comparison has that dataset. A row whose source takes no part says
    nothing about this comparison.
    """
    delivering = [side for side in sides if field in side.mapped]
    return _fitting(authority, sides, delivering, {field}, date)


def rights_of(authority: Sequence[Authority], sides: Sequence[SidePlan], fields: Collection[str], date: dt.date) -> list[Right]:
    """As :func:`rights`, for what is made of several fields (an amount component, a total: no field at all)."""
    return _fitting(authority, sides, sides, fields, date)


def _fitting(
    authority: Sequence[Authority],
    sides: Sequence[SidePlan],
    candidates: Sequence[SidePlan],
    fields: Collection[str],
    date: dt.date,
) -> list[Right]:
    by_source = {side.source: side.index for side in candidates}
    names = {side.dataset for side in sides}
    return [
        Right(insurance=row.insurance, side=by_source[row.source])
        for row in authority
        if row.source in by_source
        and row.dataset in ("", *names)
        and row.field in ("", *fields)
        and row.valid_from <= date <= row.valid_to
    ]
