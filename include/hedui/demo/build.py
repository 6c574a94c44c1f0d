"""Building the demo world: population, plants, the agencies' files and intermediate databases, and the truth."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from hedui.context import Progress, no_progress
from hedui.demo.births.build import build_births
from hedui.demo.births.files import FOLDERS as BIRTH_FOLDERS
from hedui.demo.births.files import write_births
from hedui.demo.births.upload import plan_upload, write_upload
from hedui.demo.corrections import plan_corrections, write_corrections
from hedui.demo.delivery import Delivery, deliver_flows, deliver_snapshots, unit_sql
from hedui.demo.expected import flow_truth
from hedui.demo.flow_planting import FlowPlanting
from hedui.demo.flows import build_flows
from hedui.demo.judged import judge_master_data
from hedui.demo.judged_flows import judge_flows
from hedui.demo.money_build import deliver_money, plant_all_money
from hedui.demo.money_files import FOLDERS as MONEY_FOLDERS
from hedui.demo.packet_files import FOLDERS as PACKET_FOLDERS
from hedui.demo.packet_files import load_recorded, write_packets
from hedui.demo.packets import plan_packets
from hedui.demo.planting import DATES, MISSING_SOURCE, Expectation, Planting
from hedui.demo.plants import (
    accounts,
    benefits,
    corrections,
    deaths,
    enrolment,
    flow,
    flow_details,
    flow_registry,
    linkage,
    lookalikes,
    months,
    person,
    registration,
    registry,
    returnflow,
    rules_enrolment,
    rules_flows,
    rules_persons,
    rules_units,
    schemes,
    tiers,
    units,
)
from hedui.demo.regions import deliver_regions
from hedui.demo.standing import with_standing
from hedui.demo.systems.spec import MACROS
from hedui.demo.world import World, build_world
from hedui.engine import connect
from hedui.errors import HeduiError

PlantFunction = TypeVar("PlantFunction", bound=Callable[..., None])
MIN_PERSONS = 2000
FOLDERS = ("sheng", "guotong", "yibao", "duizhao", "minzheng", "laonongbao", "beizhengdi")
PLANT_MODULES = (
    enrolment,
    person,
    registration,
    tiers,
    units,
    flow,
    flow_details,
    linkage,
    months,
    accounts,
    returnflow,
    benefits,
    deaths,
    schemes,
    rules_persons,
    rules_enrolment,
    rules_units,
    rules_flows,
    lookalikes,
    corrections,
)
"""The order in which plants take their subjects, whatever was imported first."""


@dataclass(frozen=True, kw_only=True)
class DemoSummary:
    """What was built.

    Attributes:
        persons: Insured persons.
        units: Units.
        rows: Rows delivered by system table; files count all their dates.
        truth: Planted findings (``hit``) and near misses (``near``) over all dates.
        out: Folder of the files and of ``truth.parquet``.
    """

    persons: int
    units: int
    rows: dict[str, int] = field(default_factory=dict)
    truth: dict[str, int] = field(default_factory=dict)
    out: Path = Path()

    def __str__(self) -> str:
        return (
            f"{self.persons:,} persons, {self.units:,} units, {sum(self.rows.values()):,} rows delivered, "
            f"{self.truth.get('hit', 0):,} planted findings, {self.truth.get('near', 0):,} near misses"
        )


def build_demo(*, persons: int, seed: int, out: Path, urls: dict[str, str], progress: Progress = no_progress) -> DemoSummary:
    """Builds the demo world; the same arguments give the same bytes and the same tables.

    Args:
        persons: How many insured persons, at least 2,000.
        seed: Seed of everything random.
        out: Folder for the agencies' files (the inbox), ``truth.parquet``, ``truth.csv`` and ``rejects.csv``, and for what
            :mod:`hedui.demo.births.upload` and :mod:`hedui.demo.corrections` write.
        urls: SQLAlchemy URLs of ``shebao_db`` and ``shuiwu_db``; may be one database. The schemas ``shebao`` and ``shuiwu`` are replaced.
        progress: Hears of each table.

    Raises:
        HeduiError: Too few persons for the plants.
    """
    if persons < MIN_PERSONS:
        raise HeduiError(f"The demo world needs at least {MIN_PERSONS} persons for its plants, not {persons}.")
    out.mkdir(parents=True, exist_ok=True)
    for name in (*FOLDERS, *PACKET_FOLDERS, *MONEY_FOLDERS, *BIRTH_FOLDERS):
        shutil.rmtree(out / name, ignore_errors=True)
    with connect() as connection, tempfile.TemporaryDirectory(prefix=".build-", dir=out) as scratch, ThreadPoolExecutor(2) as pool:
        progress("人口", 0, None)
        world, planting, flows = populate(connection, persons=persons, seed=seed)
        money = plant_all_money(world, planting, flows)
        delivery = Delivery(
            connection=connection, out=out, scratch=Path(scratch), urls=urls, pool=pool, planting=planting, progress=progress
        )
        deliver_snapshots(delivery)
        deliver_flows(delivery, flows)
        sent = deliver_money(delivery, money, unit_sql=unit_sql())
        feed = plan_packets(connection, planting)
        births = build_births(seed)
        rows = delivery.finish() | sent | deliver_regions(connection, urls["shebao_db"])
        rows |= {"linghuo": write_packets(out, feed), "shebao.ac44_lh": load_recorded(urls["shebao_db"], Path(scratch), feed)}
        rows |= write_births(out, births)
        write_upload(out, plan_upload(births))
        write_corrections(out, plan_corrections(planting))
    lines = with_standing(planting.truth + births.truth + flow_truth(flows), DATES)
    truth = sorted(lines, key=lambda line: tuple(str(value) for value in asdict(line).values()))
    write_truth(out, truth, planting.rejects)
    return DemoSummary(
        persons=persons, units=world.units, rows=rows, truth=dict(Counter(line.expect for line in truth)), out=out
    )  # fmt: skip


def populate(connection: duckdb.DuckDBPyConnection, *, persons: int, seed: int) -> tuple[World, Planting, FlowPlanting]:
    """Draws the population into the connection's tables and puts all plants into it; nothing is written yet."""
    for macro in MACROS:
        connection.execute(macro)
    world = build_world(connection, persons=persons, seed=seed)
    planting = Planting(connection, world)
    for master_plant in _in_order(registry.PLANTS):
        master_plant(planting)
    planting.expect("B12", f"arrival:{MISSING_SOURCE}", MISSING_SOURCE, (2,), kind="ARRIVAL", source=MISSING_SOURCE)
    planting.expect(
        "B12", f"arrival:{MISSING_SOURCE}", MISSING_SOURCE, (1, 3), kind="ARRIVAL", source=MISSING_SOURCE, expect="near"
    )
    build_flows(connection, world, planted=planting.idle, seed=seed)
    flows = FlowPlanting(connection, planting)
    for flow_plant in _in_order(flow_registry.FLOW_PLANTS):
        flow_plant(flows)
    judge_master_data(planting)
    judge_flows(flows)
    return world, planting, flows


def _in_order(plants: dict[str, PlantFunction]) -> list[PlantFunction]:
    modules = [module.__name__ for module in PLANT_MODULES]
    return sorted(plants.values(), key=lambda plant: modules.index(plant.__module__))


def write_truth(out: Path, truth: Iterable[Expectation], rejects: Iterable[tuple[dt.date, str, str]]) -> None:
    """Writes ``truth.parquet`` and ``truth.csv`` (see :class:`Expectation`) and ``rejects.csv`` (rows that cannot be converted)."""
    text = pa.string()
    schema = pa.schema([(name, pa.date32() if name == "business_date" else text) for name in Expectation.__dataclass_fields__])
    table = pa.Table.from_pylist([asdict(line) for line in truth], schema=schema)
    pq.write_table(table, out / "truth.parquet")
    pacsv.write_csv(table, out / "truth.csv")
    lines = [f"{date},{source},{dataset},{count}" for (date, source, dataset), count in sorted(Counter(rejects).items())]
    (out / "rejects.csv").write_text("\n".join(["business_date,source,dataset,rows", *lines, ""]), encoding="utf-8")
