"""Opens a target where it is: PostgreSQL, Oracle or the lake."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import make_url

from hedui.lake import Lake
from hedui.regions.errors import RegionError
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
        ends = {"migrate": plan.mapping.end, "rollback": plan.mapping.start}
        tables = {action: {"region_version": day.isoformat()} for action, day in ends.items()}
        return LakeTarget(lake=lake, target=target, run=run, code_columns=others, tables=tables)
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
