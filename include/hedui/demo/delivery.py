"""Handing the world over: every agency's files below the inbox and every table of the intermediate databases."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from hedui.context import Progress
from hedui.demo.flow_planting import GROUP, FlowPlanting, FlowRow
from hedui.demo.flows import AMOUNTS, FLOW_FIELDS
from hedui.demo.packet_files import package
from hedui.demo.planting import DATES, MISSING_DATE, MISSING_SOURCE, SNAPSHOT_TABLES, Planting
from hedui.demo.snapshots import Written, arrow_rows, in_slot, ordinary_sql, touched_rows, versions
from hedui.demo.systems import shebao, shuiwu
from hedui.demo.systems.spec import Table
from hedui.demo.writers import csv_text, load_table, recreate_schema, render_rows, transcode, write_text, write_xlsx

DATABASES: Final = {"shebao": "shebao_db", "shuiwu": "shuiwu_db"}
TEXT_FILES: Final = {
    "sheng": ("sheng/{date:%Y%m%d}/SB_{table}_{date:%Y%m%d}.txt", "gb18030", "|"),
    "guotong": ("guotong/{date:%Y-%m-%d}/{table}.csv", "utf-8-sig", ","),
    "yibao": ("yibao/{table}_{date:%Y%m%d}.csv", "utf-8-sig", ","),
    "laonongbao": ("laonongbao/{table}{date:%Y%m%d}.txt", "gb18030", ","),
}
"""Path, encoding and separator of the agencies that send text."""

PACKETS: Final = {"minzheng": "minzheng/MZ_{table}_{date:%Y%m%d}.xml"}
"""Path of the agencies that send one XML packet a day, in GBK."""

WORKBOOKS: Final = {
    "duizhao": ("duizhao/单位编号对照_{date:%Y%m%d}.xlsx", "对照", ()),
    "beizhengdi": ("beizhengdi/被征地_{date:%Y%m%d}.xlsx", "被征地", ()),
    "yibao_unit": ("yibao/参保单位_{date:%Y%m%d}.xlsx", "参保单位", (("和对市医疗保障局参保单位一览表",),)),
}
"""Path, sheet and lines above the header of the agencies that send workbooks."""


@dataclass(kw_only=True)
class Delivery:
    """Where and how a world is handed over; copying runs beside rendering.

    Attributes:
        connection: The world's DuckDB connection.
        out: The inbox.
        scratch: Folder for rendered pieces, removed afterwards.
        urls: SQLAlchemy URLs of the intermediate databases.
        pool: Threads that copy.
        planting: The touched rows.
        progress: Hears of each table.
    """

    connection: duckdb.DuckDBPyConnection
    out: Path
    scratch: Path
    urls: dict[str, str]
    pool: ThreadPoolExecutor
    planting: Planting
    progress: Progress
    _jobs: list[tuple[str, Future[int]]] = field(default_factory=list)
    _tables: int = 0

    def start(self, table: Table, work: Any, *arguments: Any, **options: Any) -> None:
        """Starts the copying of a rendered table; ``work`` returns its number of rows."""
        self._tables += 1
        self.progress(f"{table.source} {table.label}", self._tables, None)
        self._jobs.append((f"{table.source}.{table.name}", self.pool.submit(work, *arguments, **options)))

    def finish(self) -> dict[str, int]:
        """Waits for everything.

        Returns:
            Rows by table.
        """
        return {name: job.result() for name, job in self._jobs}

    def deliver_rows(self, table: Table, rows: list[FlowRow], fields: dict[str, str]) -> None:
        """Renders a flow table of a database from its rows alone and starts the copying."""
        _deliver_flow(self, table, "SELECT * FROM touched_flow WHERE FALSE", rows, fields)

    def piece(self, table: Table, part: str = "") -> Path:
        """A file for a rendered piece of a table."""
        return self.scratch / f"{table.source}-{table.name}{part}.csv"


def deliver_snapshots(delivery: Delivery) -> None:
    """Master data of every agency."""
    for source, connection in DATABASES.items():
        recreate_schema(delivery.urls[connection], source)
    for table in SNAPSHOT_TABLES:
        rows = touched_rows(delivery.connection, table, delivery.planting)
        if table.source in WORKBOOKS or table.source in PACKETS:
            ordinary = delivery.connection.execute(ordinary_sql(table, delivery.planting, validity=False)).fetchall()
            work = _workbooks if table.source in WORKBOOKS else _packets
            delivery.start(table, work, delivery.out, table, ordinary, rows)
            continue
        common = delivery.piece(table)
        validity = table.source in DATABASES
        separator = "," if validity else TEXT_FILES[table.source][2]
        query = ordinary_sql(table, delivery.planting, validity=validity)
        ordinary_rows = render_rows(delivery.connection, query, common, separator=separator)
        if validity:
            touched = delivery.piece(table, "-touched")
            touched.write_text(csv_text(versions(rows)), encoding="utf-8")
            delivery.start(table, _load, delivery.urls[DATABASES[table.source]], table, (common, touched), validity=True)
        else:
            delivery.start(table, _text_files, delivery.out, table, common, ordinary_rows, rows)


def _load(url: str, table: Table, parts: tuple[Path, ...], *, validity: bool) -> int:
    rows = load_table(url, table, validity=validity, parts=parts)
    for part in parts:
        part.unlink()
    return rows


def _workbooks(out: Path, table: Table, ordinary: list[Written], rows: list[dict[int, Written]]) -> int:
    path, sheet, title = WORKBOOKS[table.source]
    header = tuple(column.name for column in table.columns)
    count = 0
    for slot, date in enumerate(DATES, start=1):
        lines = [*ordinary, *in_slot(rows, slot)]
        write_xlsx(out / path.format(date=date), sheet=sheet, rows=[*title, header, *lines])
        count += len(lines)
    return count


def _packets(out: Path, table: Table, ordinary: list[Written], rows: list[dict[int, Written]]) -> int:
    header = [column.name for column in table.columns]
    count = 0
    for slot, date in enumerate(DATES, start=1):
        records = [dict(zip(header, line, strict=True)) for line in (*ordinary, *in_slot(rows, slot))]
        head = {"SJBBH": f"MZ{date:%Y%m%d}0001", "SJBLX": table.name, "SFCF": "0", "DWMC": "和对市民政局", "JGBS": "990100"}
        head |= {"JLS": str(len(records)), "SCRQ": f"{date:%Y%m%d}"}
        path = out / PACKETS[table.source].format(table=table.name, date=date)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(package(head, records))
        count += len(records)
    return count


def _text_files(out: Path, table: Table, common: Path, ordinary_rows: int, rows: list[dict[int, Written]]) -> int:
    path, encoding, separator = TEXT_FILES[table.source]
    if encoding == "gb18030":
        plain, common = common, common.with_suffix(".gb18030")
        transcode(plain, common, encoding=encoding)
        plain.unlink()
    header = csv_text([[column.name for column in table.columns]], separator=separator)
    count = 0
    for slot, date in enumerate(DATES, start=1):
        if (table.source, date) == (MISSING_SOURCE, MISSING_DATE):
            continue
        touched = list(in_slot(rows, slot))
        target = out / path.format(date=date, table=table.name)
        write_text(target, header=header, common=common, rows=csv_text(touched, separator=separator), encoding=encoding)
        count += ordinary_rows + len(touched)
    common.unlink()
    return count


def deliver_flows(delivery: Delivery, flows: FlowPlanting) -> None:
    """Levies, payments of both sides, unit payments and daily totals."""
    connection = delivery.connection
    used = ", ".join(str(block) for block in sorted(flows.used)) or "-1"
    connection.execute(f"CREATE VIEW flow_rest AS SELECT * FROM base_flow WHERE block NOT IN ({used})")
    connection.execute("CREATE VIEW payment_rest AS SELECT * FROM flow_rest UNION ALL SELECT * FROM base_refund")
    for table, base, rows in (
        (shebao.LEVY, "flow_rest", [row for block in flows.blocks for row in block.levies]),
        (shuiwu.PAYMENT, "payment_rest", [row for block in flows.blocks for row in block.taxes]),
        (shebao.PAYMENT, "payment_rest", [row for block in flows.blocks for row in block.recs]),
    ):
        _deliver_flow(delivery, table, f"SELECT * FROM {base}", rows, FLOW_FIELDS)
    fields = FLOW_FIELDS | {"head_count": "BIGINT"}
    units = [row for block in flows.blocks for row in block.unit_rows()]
    _deliver_flow(delivery, shuiwu.PAYMENT_UNIT, unit_sql(), units, fields)
    totals = _daily_totals(connection, flows)
    empty = "SELECT * FROM touched_flow WHERE FALSE"
    _deliver_flow(delivery, shuiwu.DAILY_TOTAL, empty, totals, FLOW_FIELDS | {"row_count": "BIGINT"})


def _deliver_flow(delivery: Delivery, table: Table, base: str, rows: list[FlowRow], fields: dict[str, str]) -> None:
    connection, piece = delivery.connection, delivery.piece(table)
    connection.register("touched_flow", arrow_rows(rows, fields))
    columns = ", ".join(fields)
    query = f"SELECT {columns} FROM ({base}) UNION ALL SELECT {columns} FROM touched_flow"
    render_rows(connection, table.render(f"({query})"), piece)
    connection.unregister("touched_flow")
    delivery.start(table, _load, delivery.urls[DATABASES[table.source]], table, (piece,), validity=False)


def unit_sql() -> str:
    """Unit details of the untouched payments, in the columns of flow rows."""
    keys = {"delivered", "levy_no", "insurance", "period", "payment_flag"}
    columns = []
    for name in FLOW_FIELDS:
        if name == "detail_no":
            columns.append("'DW' || levy_no || insurance || period AS detail_no")
        elif name in AMOUNTS:
            columns.append(f"CAST(sum({name}) AS BIGINT) AS {name}")
        else:
            columns.append(name if name in keys else f"min({name}) AS {name}")
    return f"""
        SELECT {", ".join(columns)}, count(DISTINCT person_no) AS head_count FROM payment_rest
        GROUP BY {", ".join(sorted(keys))} ORDER BY detail_no"""


def _daily_totals(connection: duckdb.DuckDBPyConnection, flows: FlowPlanting) -> list[FlowRow]:
    """The announced totals per group and day, with the planted errors."""
    announced = [row for block in flows.blocks for row in block.announced]
    connection.register("announced", arrow_rows(announced, FLOW_FIELDS))
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in AMOUNTS)
    rows = connection.execute(
        f"""
        SELECT {", ".join(GROUP)}, own_date AS delivered, count(*) AS row_count, {sums}
        FROM (SELECT * FROM payment_rest UNION ALL SELECT * FROM announced) GROUP BY ALL ORDER BY ALL"""
    ).to_arrow_table()
    connection.unregister("announced")
    totals = {tuple(row[name] for name in GROUP): row for row in rows.to_pylist()}
    for row, name, amount in flows.total_errors:
        totals[tuple(row[column] for column in GROUP)][name] += amount
    return list(totals.values())
