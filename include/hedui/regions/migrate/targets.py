"""Opens a target where it is: PostgreSQL, Oracle or the lake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from sqlalchemy import make_url

from hedui.lake import Lake
from hedui.regions.allocation import Place
from hedui.regions.errors import RegionError
from hedui.regions.migrate.lake_table import Placing
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.records import TargetStore
from hedui.site.regions import Target


def open_target(target: Target, *, plan: Plan, connection: Callable[[str], str], lake: Lake | None, run: str) -> TargetStore:
    """The target's store.

    Raises:
        RegionError: The database is of a kind that cannot be migrated, or a lake is needed and not given.
    """
    same = (target.connection, target.source, target.table)
    others = [item.column for item in plan.settings.targets if (item.connection, item.source, item.table) == same]
    if target.connection is None:
        from hedui.regions.migrate.lake import LakeTarget

        if lake is None:
            raise RegionError(f"{target.id}: is in the lake, and no lake is given; set HEDUI_LAKE.")
        placing = _placing(target, plan=plan, connection=connection, lake=lake, run=run)
        if placing is not None:
            target = target.model_copy(update=placing.columns)
        ends = {"migrate": plan.mapping.end, "rollback": plan.mapping.start}
        tables = {action: {"region_version": day.isoformat()} for action, day in ends.items()}
        return LakeTarget(lake=lake, target=target, run=run, code_columns=others, tables=tables, placing=placing)
    url = connection(target.connection)
    kind = make_url(url).get_backend_name()
    if kind == "postgresql":
        from hedui.regions.migrate.postgres import PostgresTarget

        return PostgresTarget(url=url, target=target, run=run, code_columns=others)
    if kind == "oracle":
        from hedui.regions.migrate.oracle import OracleTarget

        return OracleTarget(url=url, target=target, run=run, code_columns=others)
    raise RegionError(
        f"{target.id}: the connection {target.connection} is {kind}; targets can be in PostgreSQL, Oracle or the lake."
    )


def _placing(target: Target, *, plan: Plan, connection: Callable[[str], str], lake: Lake, run: str) -> Placing | None:
    """What another target says of places, where the target asks for it; the other one's store is open only while it is read."""
    if target.places_of is None:
        return None
    other = next(item for item in plan.settings.targets if item.id == target.places_of)

    def read(values: Sequence[str]) -> list[tuple[str, str, Place]]:
        with closing(open_target(other, plan=plan, connection=connection, lake=lake, run=run)) as store:
            return store.person_places(values)

    return Placing(columns={name: f"place_{name}" for name in other.place_columns}, read=read)
