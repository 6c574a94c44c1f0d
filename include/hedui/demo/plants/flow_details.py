"""Defects inside payments: impossible values, unreadable ones, totals that do not foot, elements that 社保 recorded otherwise."""

from __future__ import annotations

from collections.abc import Callable

from hedui.demo.flow_planting import Block, FlowPlanting, FlowRow
from hedui.demo.flows import AMOUNTS
from hedui.demo.planting import DATES
from hedui.demo.plants.flow_registry import plant


def _single(block: Block, f: FlowPlanting, prefix: str, **changes: object) -> None:
    """Adds a levy notice of its own for the block's first person, paid and recorded."""
    number = f.new_number()
    for rows in (block.levies, block.taxes, block.recs):
        rows.append(rows[0] | {"levy_no": f"{prefix}{number:015d}", "detail_no": f"{prefix}MX{number:013d}"} | changes)
    block.announce()


@plant("C01")
def impossible_period(f: FlowPlanting) -> None:
    """Month 13, month 00, a future month, no digits; near: the business month itself, an old month."""
    for number, block in f.hits():
        _single(block, f, "QJ", period=("202613", "202600", "202607", "2026年5月")[number], payment_type="31")
        f.check("C01", "levy", block.levies[-1])
        f.check_both("C01", block, -1)
    for number, block in f.nears():
        _single(block, f, "QJ", period=("202606", "201912", "202601")[number], payment_type="31")
        f.check("C01", "levy", block.levies[-1], expect="near")
        f.check_both("C01", block, -1, expect="near")


@plant("C06")
def paid_more_than_due(f: FlowPlanting) -> None:
    """The payment's own due amount is lower than what was paid; near: equal."""
    for number, block in f.hits(insurance="110"):
        for row in (block.taxes[0], block.recs[0]):
            row[("unit_due_fen", "person_due_fen")[number % 2]] -= 1 + number * 100
        f.check_both("C06", block)
    for _, block in f.nears():
        f.check_both("C06", block, expect="near")


@plant("C08")
def due_differs_from_base(f: FlowPlanting) -> None:
    """Due differs from base × rate by more than a fen, and is paid like that; near: by one fen."""
    for number, block in f.hits(insurance="110"):
        _redue(block, ("unit", "person")[number % 2], (2, -2, 5000, -100)[number])
        f.check("C08", "levy", block.levies[0])
    for number, block in f.nears(insurance="110"):
        _redue(block, ("unit", "person")[number % 2], (1, -1, 1)[number])
        f.check("C08", "levy", block.levies[0], expect="near")


def _redue(block: Block, part: str, fen: int) -> None:
    block.levies[0][f"{part}_due_fen"] += fen
    for row in (block.taxes[0], block.recs[0]):
        row[f"{part}_due_fen"] += fen
        row[f"{part}_paid_fen"] += fen
    block.announce()


@plant("C11")
def levied_and_paid_twice(f: FlowPlanting) -> None:
    """A person is levied and pays twice for one month under two notices; near: the second is a supplementary payment, or a refund."""
    for _, block in f.hits():
        _single(block, f, "CF")
        for leg, rows in (("tax", block.taxes), ("rec", block.recs)):
            f.check("C11", leg, rows[0], key=rows[0]["person_no"])  # type: ignore[arg-type]
    for number, block in f.nears():
        if number == 2:
            paid = block.taxes[0]
            _single(
                block, f, "CF", payment_flag="refund", full_flag=None, unit_paid_fen=-paid["unit_paid_fen"],
                person_paid_fen=-paid["person_paid_fen"], late_fee_fen=0, unit_interest_fen=0, person_interest_fen=0, subsidy_fen=0,
            )  # fmt: skip
            del block.levies[-1]
        else:
            _single(block, f, "CF", payment_type="31")
        for leg, rows in (("tax", block.taxes), ("rec", block.recs)):
            f.check("C11", leg, rows[0], key=rows[0]["person_no"], expect="near")  # type: ignore[arg-type]


@plant("C15")
def full_flag_contradicts(f: FlowPlanting) -> None:
    """Flagged full though less than due, or short though all is paid; near: see R05 levy."""
    for number, block in f.hits(insurance="110"):
        for row in (block.taxes[0], block.recs[0]):
            if number % 2:
                row["full_flag"] = "0"
            else:
                row["unit_due_fen"] += 1 + number
        f.check_both("C15", block)


@plant("C19")
def sign_contradicts_flag(f: FlowPlanting) -> None:
    """A negative amount in a payment, a refund above zero; near: a refund below zero, a payment of zero."""
    for number, block in f.hits():
        if number < 2:
            for row in (block.taxes[0], block.recs[0]):
                row[("late_fee_fen", "subsidy_fen")[number]] = -1 - number * 100
            block.announce()
            f.check_both("C19", block)
            continue
        _refund(block, f, 100 + number, 0)
        f.check_both("C19", block, -1)
    for number, block in f.nears():
        _refund(block, f, -100 - number, 0)
        f.check_both("C19", block, -1, expect="near")


def _refund(block: Block, f: FlowPlanting, unit: int, person: int) -> None:
    zeros = dict.fromkeys(AMOUNTS, 0)
    _single(block, f, "TP", payment_flag="refund", full_flag=None, **(zeros | {"unit_paid_fen": unit, "person_paid_fen": person}))
    del block.levies[-1]


@plant("C21")
def wrong_item(f: FlowPlanting) -> None:
    """The levy item belongs to another insurance; near: no item."""
    for _, block in f.hits(insurance="210"):
        block.taxes[0]["levy_item"] = "102100100"
        f.check("C21", "tax", block.taxes[0])
    for _, block in f.nears():
        block.taxes[0]["levy_item"] = None
        f.check("C21", "tax", block.taxes[0], expect="near")


@plant("E06 payment")
def unknown_insurance(f: FlowPlanting) -> None:
    """An insurance code that no table knows, at the tax bureau or at 社保: no levy to match, and totals of a group of its own."""
    for number, block in f.hits():
        if number % 2:
            row = block.recs[0]
            row["insurance"] = "?1105"
            f.check("E06", "rec", row, kind="CODE")
        else:
            row = block.taxes[0]
            row |= {"insurance": "?1199", "levy_item": None}
            block.announce()
            f.check("E06", "tax", row, kind="CODE")
    for _, block in f.nears():
        f.check("E06", "tax", block.taxes[0], kind="CODE", expect="near")


@plant("U09/C09")
def unit_totals_off(f: FlowPlanting) -> None:
    """The unit row counts a person too many or too few, or has a fen too much in one amount; near: every other unit row."""
    for number, block in f.hits():
        block.head_count_error = (1, -1, 2, 5)[number]
    for number, block in f.hits():
        block.unit_errors = {AMOUNTS[number]: (1, -1, 100, 7)[number]}
    for _, block in f.nears():
        (unit,) = block.unit_rows()
        for rule in ("U09", "C09"):
            f.near_total(f"rule:{rule}:shuiwu", rule, "RULE", unit, key=unit["detail_no"], period=True, source="shuiwu")


@plant("B05")
def daily_totals_off(f: FlowPlanting) -> None:
    """The bureau's daily total differs from its rows in the count or in one amount; near: groups in the calm districts."""
    for number, block in f.hits():
        f.total_errors.append(
            (block.taxes[0], ("row_count", "unit_paid_fen", "late_fee_fen", "subsidy_fen")[number], (1, -1, 10, 100)[number])
        )
    for _, block in f.nears():
        row = block.taxes[0]
        group = f"{row['pool_region']}/{row['agency_code']}"
        day = f"{group}/pay/{row['own_date'].isoformat()}"
        f.near_total("rule:B05:shuiwu", "B05", "RULE", row, key=day, period=False, source="shuiwu")
        for rule, kind in (("R01", "TOTAL"), ("R02", "COUNT")):
            f.near_total("tax_recorded", rule, kind, row, key=day, period=False)
            f.near_total("levy_payment", rule, kind, row, key=group, period=True)


@plant("REJECT flows")
def unconvertible(f: FlowPlanting) -> None:
    """A levy date, an amount of the tax bureau or a payment date of 社保 that cannot be read."""
    for number, day in enumerate((0, 1, 2)):
        block = f.take(day)
        block.levies[0]["bad"] = ("20260631", "六月三日", "2026")[number]
        f.rejected("levy", block.levies[0])
        block = f.take(day)
        block.taxes[0]["bad"] = ("壹佰元", "1.2.3", "#VALUE!")[number]
        f.rejected("tax", block.taxes[0])
        block = f.take(day)
        block.recs[0]["bad"] = ("20261341", "昨日", "00000000")[number]
        f.rejected("rec", block.recs[0])


@plant("R06/R08/R24")
def recorded_elements_differ(f: FlowPlanting) -> None:
    """State, fee period or person differ while the amounts agree. These lie in groups that other plants disturb: a group whose
    totals agree may have its details left out by a site's audit sample. Near: equal in all.
    """
    for name, value in (("paid_status", "0"), ("period", "202604"), ("person_no", None)):
        for number, day in enumerate((0, 1, 2, 0)):
            block = f.take(day, insurance="110" if number < 3 else "210", fits=_disturbed(f, day, "110" if number < 3 else "210"))
            block.recs[0][name] = value or f"9{f.new_number():09d}"
    for _, block in f.nears():
        for rule, kind, field in (("R06", "STATUS", "paid_status"), ("R08", "PERIOD", "period"), ("R24", "ATTR", "person_no")):
            f.near("tax_recorded", rule, kind, block.taxes[0], field=field)


def _disturbed(f: FlowPlanting, day: int, insurance: str) -> Callable[[FlowRow], bool]:
    """Whether a row lies in a pool region whose amounts of that day and insurance some other plant has changed."""
    regions = {
        rec["pool_region"]
        for block in f.blocks
        if block.date == DATES[day] and block.taxes and block.taxes[0]["insurance"] == insurance
        for tax, rec in zip(block.taxes, block.recs, strict=False)
        if any(tax[name] != rec[name] for name in AMOUNTS) and not tax["bad"] and not rec["bad"]
    }
    return lambda row: row["pool_region"] in regions
