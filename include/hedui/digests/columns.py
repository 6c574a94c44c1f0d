"""What a side shows of itself in digests: the key, the compared fields, and what names a row whose key is unusable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.plan import SidePlan
from hedui.errors import HeduiError
from hedui.site.models import SnapshotComparison

CLEAR: Final = ("insurance", "period")
"""Fields that stay readable: codes of schemes and months, so that findings can be counted by them and the authority matrix holds."""

MAPPED: Final = "mapped_value"
"""Column of the value that a side's key map gives."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the exchanged file.

    Attributes:
        name: Canonical field, or :data:`MAPPED`.
        field: The field whose digests it holds: its domain.
        sql: Expression over the side's view.
        purpose: ``value`` (what is compared), ``row`` (what names a row without a key), or ``clear`` (not digested).
    """

    name: str
    field: str
    sql: str
    purpose: str


def view_columns(comparison: SnapshotComparison, side: SidePlan) -> dict[str, str]:
    """Further columns of the side's view (``compare/side.sql``): compared fields, own key, insurance and period, the map's value."""
    columns = {f"f_{name}": side.expression(name) for name in comparison.fields if name in side.mapped}
    columns |= {f"o_{name}": f"r.{engine.ident(name)}" for name in side.own_key}
    columns |= {f"c_{name}": side.expression(name) for name in CLEAR if _has(side, name)}
    return columns | ({MAPPED: "m.to_value"} if side.key_map else {})


def exported(comparison: SnapshotComparison, side: SidePlan) -> tuple[Column, ...]:
    """The columns of the exchanged file, in order.

    Raises:
        HeduiError: A compared field has a tolerance; digests can only be equal or not.
    """
    _refuse_tolerance(comparison, side)
    key_map, columns = side.key_map, dict[str, Column]()
    filled = key_map.to_field if key_map else None
    for position, name in enumerate(side.keys):
        if name not in CLEAR and name != filled:
            other = f"k{position}" if side.maps_key or not key_map else f"coalesce(k{position}, q{position})"
            columns[name] = Column(name=name, field=name, sql=other, purpose="value")
    for name in comparison.fields:
        if name in side.mapped and name != filled and name not in CLEAR:
            columns.setdefault(name, Column(name=name, field=name, sql=f"CAST(f_{name} AS VARCHAR)", purpose="value"))
    for name in CLEAR:
        if _has(side, name):
            columns[name] = Column(name=name, field=name, sql=f"CAST(c_{name} AS VARCHAR)", purpose="clear")
    if key_map is not None:
        columns[key_map.from_field] = Column(name=key_map.from_field, field=key_map.from_field, sql="own_number", purpose="value")
        columns[MAPPED] = Column(name=MAPPED, field=key_map.to_field, sql=MAPPED, purpose="value")
    for name in side.own_key:
        unusable = f"CASE WHEN status = 'unusable' THEN CAST(o_{name} AS VARCHAR) END"
        columns.setdefault(name, Column(name=name, field=name, sql=unusable, purpose="row"))
    return tuple(columns.values())


def _has(side: SidePlan, name: str) -> bool:
    own = {"insurance": side.own_insurance, "period": side.own_period}[name]
    return name in side.mapped and (own or name in side.keys)


def _refuse_tolerance(comparison: SnapshotComparison, side: SidePlan) -> None:
    for name, rule in comparison.fields.items():
        known = dataset(side.dataset).fields.get(name)
        if rule.tolerance_fen and known is not None:
            raise HeduiError(
                f"{comparison.id}: {name} may differ by {rule.tolerance_fen} fen, but digests can only be equal or not; "
                "compare it without tolerance_fen, or leave the field out."
            )
