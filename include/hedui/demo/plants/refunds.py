"""Anomalies of refunds and of what 社保 books: refunds on one side only, without original or beyond it, sent back, unbooked payments."""

from __future__ import annotations

from typing import Any

from hedui.demo.flow_planting import Block, FlowPlanting, FlowRow
from hedui.demo.flows import AMOUNTS
from hedui.demo.money import REFUND_TAX, MoneyPlanting, refund_row
from hedui.demo.planting import DATES


def plant_refunds(m: MoneyPlanting) -> None:
    """All plants of refunds."""
    for work in (one_sided, beyond_the_original, without_original, payees, sent_back):
        work(m)


def plant_booking(f: FlowPlanting) -> None:
    """Payments that 社保 has not booked though they came, or booked though they did not; special payments without a notice."""
    for leg_rule, changes in (("R11", {"booked_flag": "0"}), ("R12", {"entered": None})):
        for _, block in f.hits():
            block.recs[0] |= changes
            f.check(leg_rule, "rec", block.recs[0])
        for _, block in f.nears():
            f.check(leg_rule, "rec", block.recs[0], expect="near")
    for _, block in f.hits():
        _add(block, f, "TS", payment_type="31")
        block.taxes[-1]["levy_no"] = None  # the bureau's own unit row names it, so its persons are missing there (U09, C09)
        f.check("C22", "tax", block.taxes[-1])
    for _, block in f.nears():
        _add(block, f, "TS", payment_type="31")
        f.check("C22", "tax", block.taxes[-1], expect="near")


def _add(block: Block, f: FlowPlanting, prefix: str, **changes: Any) -> None:
    """A further levy of the block's first person, paid and recorded."""
    number = f.new_number()
    for rows in (block.levies, block.taxes, block.recs):
        rows.append(rows[0] | {"levy_no": f"{prefix}{number:015d}", "detail_no": f"{prefix}MX{number:013d}"} | changes)
    block.announce()


def _refund(m: MoneyPlanting, day: int, unit: int, person: int) -> tuple[Block, FlowRow]:
    """A block in which the tax bureau and 社保's records have a refund of the given fen."""
    block = m.flows.take(day, zone="rough")
    zeros = dict.fromkeys(AMOUNTS, 0)
    amounts = zeros | {"unit_paid_fen": -unit, "person_paid_fen": -person}
    _add(block, m.flows, "TP", payment_flag="refund", full_flag=None, **amounts)
    del block.levies[-1]
    return block, block.taxes[-1]


def _own(m: MoneyPlanting, tax: FlowRow, **changes: Any) -> FlowRow:
    """社保's own row of a refund of the tax bureau, changed."""
    m.unrefunded.add(tax["detail_no"])
    row = refund_row(tax) | changes
    m.added["refund"].append(row)
    return row


def one_sided(m: MoneyPlanting) -> None:
    """A refund that only 社保 has, or only the tax bureau; near: both have it."""
    for day in (0, 1, 2, 0):
        _, tax = _refund(m, day, 100, 0)
        m.unrefunded.add(tax["detail_no"])
        m.waits(REFUND_TAX, "tax", tax, tax["voucher_no"])
        block = m.flows.take(day, zone="rough")
        row = _own(m, block.taxes[0] | {"detail_no": f"D{m.flows.new_number()}", "unit_paid_fen": -50, "person_paid_fen": 0})
        m.waits(REFUND_TAX, "refund", row, row["voucher_no"])
    for day in range(3):
        _, tax = _refund(m, day, 100, 0)
        m.near(REFUND_TAX, "R03", "REFUND", tax, tax["voucher_no"])


def beyond_the_original(m: MoneyPlanting) -> None:
    """A refund gives back a fen more than was paid; near: exactly what was paid."""
    for day, more in ((0, 1), (1, 1), (2, 1), (0, 1), (0, 0), (1, 0), (2, 0)):
        block, tax = _refund(m, day, 1, 0)
        paid = sum(block.taxes[0][name] for name in AMOUNTS[:5]) + more
        for row in (block.taxes[-1], block.recs[-1]):
            row["unit_paid_fen"] = -paid
        block.announce()
        row = _own(m, tax, original_no=block.taxes[0]["detail_no"], original_paid_date=DATES[day])
        m.say(DATES[day], REFUND_TAX, "C16", "RULE", row["refund_no"], row, expect="hit" if more else "near")


def without_original(m: MoneyPlanting) -> None:
    """A refund of a payment of these days that nobody has; near: of a payment before them."""
    for day in (0, 1, 2, 0):
        _, tax = _refund(m, day, 100, 0)
        row = _own(m, tax, original_no=f"NIL{m.flows.new_number()}", original_paid_date=DATES[0])
        m.say(DATES[day], REFUND_TAX, "C17", "RULE", row["refund_no"], row)
    for day in range(3):
        _, tax = _refund(m, day, 100, 0)
        m.say(DATES[day], REFUND_TAX, "C17", "RULE", refund_row(tax)["refund_no"], tax, expect="near")


def payees(m: MoneyPlanting) -> None:
    """A refund to a person and a unit at once, or to nobody; near: to a unit."""
    for number, day in enumerate((0, 1, 2, 0, 0, 1, 2)):
        _, tax = _refund(m, day, 100, 0)
        changes = ({"unit_no": tax["unit_no"]}, {"person_no": None})[number % 2]
        row = _own(m, tax, **(changes if number < 4 else {"person_no": None, "unit_no": tax["unit_no"]}))
        m.check("C18", "refund", row, expect="hit" if number < 4 else "near")


def sent_back(m: MoneyPlanting) -> None:
    """The bank sent the refund back and it has not been paid again; near: it has."""
    for number, day in enumerate((0, 1, 2, 0, 0, 1, 2)):
        _, tax = _refund(m, day, 100, 0)
        row = _own(m, tax, returned_flag="1", reissue_no=None if number < 4 else f"CX{m.flows.new_number()}")
        m.check("R23", "refund", row, expect="hit" if number < 4 else "near")
