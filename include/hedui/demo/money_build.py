"""The money's way put together: plants, rows of all blocks, files and tables, truth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb

from hedui.demo.flow_planting import FlowPlanting, FlowRow
from hedui.demo.money import Leg, MoneyPlanting, bank_row, fund_row, refund_row, treasury_row
from hedui.demo.money_files import write_guoku, write_yinhang
from hedui.demo.planting import Planting
from hedui.demo.plants.funds import plant_funds
from hedui.demo.plants.money import plant_money
from hedui.demo.plants.refunds import plant_booking, plant_refunds
from hedui.demo.systems.money import FUND, FUND_FIELDS, REFUND, REFUND_FIELDS
from hedui.demo.world import World

if TYPE_CHECKING:
    from hedui.demo.delivery import Delivery


def plant_all_money(world: World, planting: Planting, flows: FlowPlanting) -> MoneyPlanting:
    """Runs the plants of money, refunds and booking, after all other plants of flows, and adds their truth."""
    plant_booking(flows)
    money = MoneyPlanting(flows=flows, expect=planting.truth.append, units=world.units)
    plant_money(money)
    plant_refunds(money)
    plant_funds(money)
    money.twin_truth()
    money.total_truth()
    return money


def deliver_money(delivery: Delivery, money: MoneyPlanting, *, unit_sql: str) -> dict[str, int]:
    """Writes the files of banks and treasury and starts the copying of the tables of refunds and arrivals; the flows have been delivered.

    Args:
        delivery: Where to.
        money: The plants' rows.
        unit_sql: Query of the unit rows that no plant touched.

    Returns:
        Rows by file.
    """
    connection = delivery.connection
    units = _dicts(connection, unit_sql)
    given = [refund_row(row) for row in _dicts(connection, "SELECT * FROM base_refund")]
    refunds = [*given, *_planted(money, "refund")]
    delivery.deliver_rows(REFUND, refunds, REFUND_FIELDS)
    bank = [*(bank_row(row) for row in units if row["payment_flag"] == "pay"), *_planted(money, "bank")]
    receipts = [treasury_row(row) for row in units]
    delivery.deliver_rows(FUND, [*(fund_row(row) for row in receipts), *_planted(money, "fund")], FUND_FIELDS)
    treasury = [*receipts, *_planted(money, "treasury")]
    return {"yinhang": write_yinhang(delivery.out, bank), "guoku": write_guoku(delivery.out, treasury)}


def _planted(money: MoneyPlanting, leg: Leg) -> Iterable[FlowRow]:
    for block in money.flows.blocks:
        yield from money.rows(block, leg)
    yield from money.added[leg]


def _dicts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[FlowRow]:
    rows: list[FlowRow] = connection.execute(sql).to_arrow_table().to_pylist()
    return rows
