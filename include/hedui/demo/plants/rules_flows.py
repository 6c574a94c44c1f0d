"""Defects of payments beyond the first release's, the same at the tax bureau and at 社保. Hits: :mod:`hedui.demo.judged_flows`."""

from __future__ import annotations

import datetime as dt

from hedui.demo.flow_planting import Block, FlowPlanting
from hedui.demo.plants.flow_registry import plant


def _single(block: Block, f: FlowPlanting, prefix: str, **changes: object) -> None:
    """Adds a levy notice of its own for the block's first person, paid and recorded."""
    number = f.new_number()
    for rows in (block.levies, block.taxes, block.recs):
        rows.append(rows[0] | {"levy_no": f"{prefix}{number:015d}", "detail_no": f"{prefix}MX{number:013d}"} | changes)
    block.announce()


def _near(f: FlowPlanting, rule: str, block: Block, number: int = 0) -> None:
    f.check(rule, "rec", block.recs[number], kind="CODE" if rule == "C28" else "RULE", expect="near")


@plant("C07")
def more_to_the_account(f: FlowPlanting) -> None:
    """A fen more goes to the personal account than was paid."""
    for number, block in f.hits(insurance="110"):
        part = ("unit", "person")[number % 2]
        block.recs[0][f"{part}_account_fen"] = block.recs[0][f"{part}_paid_fen"] + 1


@plant("C10")
def negative_due(f: FlowPlanting) -> None:
    """A fen less than nothing is due of the person, and paid is nothing, which is more than due (C06)."""
    for _, block in f.hits(insurance="410"):
        for row in (block.levies[0], block.taxes[0], block.recs[0]):
            row["person_due_fen"] = -1
        f.check_both("C06", block)


@plant("C13")
def late_supplement(f: FlowPlanting) -> None:
    """A supplementary payment for a month more than three years ago."""
    for _, block in f.hits():
        _single(block, f, "BJ", period="202305", payment_type="31")


@plant("C14")
def before_its_period(f: FlowPlanting) -> None:
    """In the treasury a day before the fee period begins."""
    for _, block in f.hits():
        for row in (block.taxes[0], block.recs[0]):
            row["treasury_date"] = dt.date(2026, 4, 30)


@plant("C20")
def late_fee_above_due(f: FlowPlanting) -> None:
    """The late fee is a fen more than what was due."""
    for _, block in f.hits():
        for row in (block.taxes[0], block.recs[0]):
            row["late_fee_fen"] = row["unit_due_fen"] + row["person_due_fen"] + 1
        block.announce()


@plant("C26")
def subsidies_do_not_add_up(f: FlowPlanting) -> None:
    """The four levels' subsidies are a fen more or less than the subsidy."""
    for number, block in f.hits():
        _subsidise(block)
        block.recs[0]["county_subsidy_fen"] = (1, -1, 500, 1)[number]


def _subsidise(block: Block) -> None:
    for row in (block.taxes[0], block.recs[0]):
        row["subsidy_fen"] = 10000
    block.recs[0] |= {"central_subsidy_fen": 6000, "province_subsidy_fen": 3000, "city_subsidy_fen": 1000}
    block.announce()


@plant("C28")
def unknown_payment_type(f: FlowPlanting) -> None:
    """A payment type that no table knows, from the levy on."""
    for _, block in f.hits():
        for row in (block.levies[0], block.taxes[0], block.recs[0]):
            row["payment_type"] = "?77"
        block.announce()


@plant("near C")
def nearly(f: FlowPlanting) -> None:
    """All that was paid goes to the account, nothing is due, in the treasury on the period's first day, as much late fee as due,
    subsidies that add up without the county's, a supplementary payment for a month three years ago.
    """
    for _, block in f.nears(zone="rough", insurance="110"):
        for row in (block.taxes[0], block.recs[0]):
            row["treasury_date"] = dt.date(2026, 5, 1)
            row["late_fee_fen"] = row["unit_due_fen"] + row["person_due_fen"]
        block.recs[0]["person_account_fen"] = block.recs[0]["person_paid_fen"]
        _subsidise(block)
        _single(block, f, "BJ", period="202306", payment_type="31")
        for rule in ("C07", "C10", "C14", "C20", "C26", "C28"):
            _near(f, rule, block)
        _near(f, "C13", block, -1)
        for rule, kind in (("C10", "RULE"), ("C28", "CODE")):
            f.check(rule, "levy", block.levies[0], kind=kind, expect="near")


@plant("E13 C29")
def paid_by_a_unit_all_the_same(f: FlowPlanting) -> None:
    """A unit pays for who is flexibly employed, or retired in April; near: in another insurance, a supplementary payment."""
    for rule in ("E13", "C29"):
        for day, person in zip((0, 1, 2, 0), f.marked(rule), strict=True):
            block = f.take(day, insurance="110")
            own = {"person_no": person.no("shebao"), "id_number": person.id}
            _single(block, f, "LX", **own)
            if rule == "C29":
                _single(block, f, "LX", **own, payment_type="31")
                f.judge(rule, block.recs[-1], expect="near")
            elif day == 0:
                block = f.take(day, insurance="210")
                _single(block, f, "LX", **own)
                f.judge(rule, block.recs[-1], expect="near")
