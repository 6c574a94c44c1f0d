"""Anomalies of payments: late, lost, short, twice, without a key.

Plants change rows; what the comparisons and the totals must report follows from all rows together (:mod:`hedui.demo.expected`).
Whole blocks in transit lie in the calm districts 4 to 6, so that groups with nothing but transit stay balanced; all else is in 1 to 3.
"""

from __future__ import annotations

from hedui.demo.flow_planting import FlowPlanting, FlowRow
from hedui.demo.flows import AMOUNTS
from hedui.demo.plants.flow_registry import plant


@plant("R09/R10/R07 levy")
def tax_late(f: FlowPlanting) -> None:
    """Levies paid the next day (in transit, then cut-off), two days later, or never (in transit, then late)."""
    for day, delay in ((0, 1), (1, 1), (2, 1), (0, 2), (0, 9), (0, 9), (1, 9), (2, 9)):
        block = f.take(day, zone="calm")
        if delay < 9:
            for row in block.levies if delay == 1 else ():
                f.near("levy_payment", "R10", "LATE", row)
            block.move_taxes(delay)
        else:
            block.taxes, block.recs = [], []
            block.announce()


@plant("R04 levy")
def payment_without_levy(f: FlowPlanting) -> None:
    """Payments whose levy 社保 does not have: in transit first, then one-sided."""
    for day in (0, 0, 1):
        f.take(day, zone="calm").levies = []


@plant("R09/R10/R07 recorded")
def recorded_late(f: FlowPlanting) -> None:
    """Payments that 社保 records the next day, two days later, or never."""
    for day, delay in ((0, 1), (0, 1), (1, 1), (2, 1), (0, 2), (0, 9), (0, 9), (1, 9), (2, 9)):
        block = f.take(day, zone="calm")
        if delay == 1:
            for row in block.taxes:
                f.near("tax_recorded", "R10", "LATE", row)
        block.move_recs(delay)


@plant("R04 recorded")
def recorded_only(f: FlowPlanting) -> None:
    """Payments that only 社保 has: neither levied nor paid at the tax bureau."""
    for day in (0, 0, 1):
        block = f.take(day, zone="calm")
        block.levies, block.taxes = [], []
        block.announce()


def _short(row: FlowRow, name: str, fen: int) -> None:
    """Takes ``fen`` from an amount; what is then less than due says so in its flag."""
    row[name] -= fen
    if name in AMOUNTS[:2]:
        row["full_flag"] = "0"


@plant("R05 recorded")
def recorded_otherwise(f: FlowPlanting) -> None:
    """One amount component differs between the tax bureau and 社保; near: the component is there, and equal."""
    for name in AMOUNTS:
        for number, day in enumerate((0, 1, 2, 0)):
            block = f.take(day, insurance="110" if number < 3 else "210")
            if name in AMOUNTS[:2]:
                _short(block.recs[0], name, 1 + number)
            else:
                block.recs[0][name] += 100 * (number + 1)
    for number, block in f.nears():
        for row in (block.taxes[0], block.recs[0]):
            row |= {"late_fee_fen": 12345 + number, "unit_interest_fen": 1, "subsidy_fen": 100000000}
        block.announce()
        for name in AMOUNTS:
            f.near("tax_recorded", "R05", "AMT", block.taxes[0], field=name.removesuffix("_fen").removesuffix("_paid"))


@plant("R05 levy")
def paid_short(f: FlowPlanting) -> None:
    """Paid less than due, in the unit's or the person's part, and flagged so (near for C15)."""
    for name in AMOUNTS[:2]:
        for number, block in f.hits(insurance="110"):
            for row in (block.taxes[0], block.recs[0]):
                _short(row, name, 1 + 999 * number)
            block.announce()
            f.check_both("C15", block, expect="near")
    for _, block in f.nears():
        for name in ("unit", "person"):
            f.near("levy_payment", "R05", "AMT", block.levies[0], field=name)
        for scope in ("levy_payment", "tax_recorded"):
            for rule, kind in (("R04", "ONLY_RIGHT"), ("R07", "CUTOFF"), ("R09", "IN_TRANSIT")):
                f.near(scope, rule, kind, block.levies[0])


@plant("K02 flows")
def rows_twice(f: FlowPlanting) -> None:
    """One row delivered twice: by the tax bureau (a double payment, C11), by 社保 as recorded (C11), and as a levy."""
    for _, block in f.hits():
        block.taxes.append(dict(block.taxes[0]))
        f.check("C11", "tax", block.taxes[0], key=block.taxes[0]["person_no"])
    for _, block in f.hits():
        block.recs.append(dict(block.recs[0]))
        f.check("C11", "rec", block.recs[0], key=block.recs[0]["person_no"])
    for _, block in f.hits():
        block.levies.append(dict(block.levies[0]))
    for _, block in f.nears():
        f.near("tax_recorded", "K02", "DUP", block.taxes[0])
        f.near("levy_payment", "K02", "DUP", block.levies[0])


@plant("K01 flows")
def no_levy_number(f: FlowPlanting) -> None:
    """A tax payment without its levy number cannot be matched; the levy waits for it in vain. Near: a refund has none to match."""
    for _, block in f.hits():
        block.taxes[0]["levy_no"] = None
    for _, block in f.nears():
        f.near("levy_payment", "K01", "KEY", block.taxes[0])
