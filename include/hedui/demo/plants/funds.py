"""Anomalies of 社保's register of arrivals against the treasury's receipts: missing, made up, of another amount or month, a day late."""

from __future__ import annotations

from collections.abc import Iterator

from hedui.demo.flow_planting import FlowRow
from hedui.demo.money import TREASURY_RECORDED, MoneyPlanting, fund_row, later, treasury_row
from hedui.demo.planting import DATES


def plant_funds(m: MoneyPlanting) -> None:
    """All plants, in the order in which they take their receipts."""
    receipts = Receipts(m)
    for work in (deviating, one_sided, cut_off, later_rung):
        work(m, receipts)


class Receipts:
    """Receipts that are as usual towards the tax bureau, of cases that other plants of money have taken."""

    def __init__(self, m: MoneyPlanting) -> None:
        usual = [case.treasury[0] for case in m.cases.values() if case.treasury == [treasury_row(case.unit)]]
        self._free = {date: [row for row in usual if row["delivered"] == date] for date in DATES}

    def hits(self) -> Iterator[tuple[int, FlowRow]]:
        """Four receipts, spread over the dates."""
        return ((number, self._free[DATES[day]].pop()) for number, day in enumerate((0, 1, 2, 0)))

    def nears(self) -> Iterator[FlowRow]:
        """Three receipts, one per date."""
        return (self._free[date].pop() for date in DATES)


def deviating(m: MoneyPlanting, receipts: Receipts) -> None:
    """Registered with another amount, or for another month."""
    for number, receipt in receipts.hits():
        entry = fund_row(receipt) | {"amount_fen": receipt["amount_fen"] + 10 + number}
        m.registered[receipt["receipt_no"]] = [entry]
        m.say(receipt["delivered"], TREASURY_RECORDED, "R17", "AMT", receipt["receipt_no"], receipt, field="received")
        m.off(TREASURY_RECORDED, receipt, 0, -10 - number)
    for _, receipt in receipts.hits():
        m.registered[receipt["receipt_no"]] = [fund_row(receipt) | {"period": "202604"}]
        m.say(receipt["delivered"], TREASURY_RECORDED, "R08", "PERIOD", receipt["receipt_no"], receipt, field="period")
    for receipt in receipts.nears():
        m.near(TREASURY_RECORDED, "R17", "AMT", receipt, receipt["receipt_no"])
        m.near(TREASURY_RECORDED, "R08", "PERIOD", receipt, receipt["receipt_no"])


def one_sided(m: MoneyPlanting, receipts: Receipts) -> None:
    """In the treasury but not registered (入库未记账), and registered without a receipt (已记账未入库)."""
    for _, receipt in receipts.hits():
        m.registered[receipt["receipt_no"]] = []
        m.waits(TREASURY_RECORDED, "treasury", receipt, receipt["receipt_no"])
    for _, receipt in receipts.hits():
        number = f"GKWZ{m.flows.new_number():09d}"
        entry = fund_row(receipt) | {"receipt_no": number, "detail_no": None}
        m.added["fund"].append(entry)
        m.waits(TREASURY_RECORDED, "fund", entry, number)


def cut_off(m: MoneyPlanting, receipts: Receipts) -> None:
    """Registered a day later: in transit, then cut-off; near: never late."""
    for receipt in receipts.nears():
        moved = later(fund_row(receipt), 1)
        m.registered[receipt["receipt_no"]] = [moved] if moved else []
        m.waits(TREASURY_RECORDED, "treasury", receipt, receipt["receipt_no"], until=moved)
        m.near(TREASURY_RECORDED, "R11", "LATE", receipt, receipt["receipt_no"])


def later_rung(m: MoneyPlanting, receipts: Receipts) -> None:
    """Near: registered without the treasury's number, found by the detail number."""
    for receipt in receipts.nears():
        m.registered[receipt["receipt_no"]] = [fund_row(receipt) | {"receipt_no": None}]
        m.near(TREASURY_RECORDED, "R12", "ONLY_RIGHT", receipt, receipt["receipt_no"])
