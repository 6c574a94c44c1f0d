"""The money's own way: what the bank deducted, what the treasury took in and 社保 registered, and what 社保 gives back.

Every unit row of the tax bureau has a row of the bank (payments) and one of the treasury, every receipt of the treasury one of 社保's
register of arrivals, every refund of the bureau one of 社保; plants
change, move, add and drop them. What the comparisons must report is stated row by row by the plants, totals follow by addition: the
demo's own arithmetic.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hedui.demo.flow_planting import Block, FlowPlanting, FlowRow
from hedui.demo.flows import AMOUNTS, workday
from hedui.demo.planting import DATES, Expectation

BANK_TAX, TAX_TREASURY, REFUND_TAX = "bank_tax", "tax_treasury", "refund_tax"
TREASURY_RECORDED = "treasury_recorded"
Leg = Literal["bank", "treasury", "fund", "refund"]
WINDOW: Final = 1
GROUPS: Final = {
    BANK_TAX: ("pool_region", "insurance"),
    TAX_TREASURY: ("pool_region", "agency_code", "insurance", "payment_flag"),
    TREASURY_RECORDED: ("pool_region", "agency_code", "insurance", "payment_flag"),
    REFUND_TAX: ("pool_region", "agency_code", "insurance"),
}
"""What the comparisons' totals are made by, as in the site's comparisons.yaml."""

UNIT_BASE: Final = 990100000000
CHECKED: Final[dict[Leg, tuple[str, str, str]]] = {
    "bank": ("bank_return", "yinhang", "bank_serial"),
    "treasury": ("treasury_receipt", "guoku", "receipt_no"),
    "refund": ("refund", "shebao", "refund_no"),
}
"""Dataset, source and own number of the legs."""

MISSING: Final[dict[tuple[str, str], tuple[str, str]]] = {
    (BANK_TAX, "bank"): ("R13", "LONG"),
    (BANK_TAX, "tax"): ("R14", "SHORT"),
    (TAX_TREASURY, "treasury"): ("R13", "LONG"),
    (TAX_TREASURY, "tax"): ("R10", "LATE"),
    (TREASURY_RECORDED, "fund"): ("R12", "ONLY_RIGHT"),
    (TREASURY_RECORDED, "treasury"): ("R11", "LATE"),
    (REFUND_TAX, "refund"): ("R04", "REFUND"),
    (REFUND_TAX, "tax"): ("R03", "REFUND"),
}
"""Rule and kind of a row that only the second named side has when the window has passed."""


def fen(row: FlowRow) -> int:
    """All amounts of a unit row together."""
    return int(sum(row[name] for name in AMOUNTS))


def bank_row(unit: FlowRow) -> FlowRow:
    """The bank's answer to a deduction that a unit row stands for."""
    return {
        "bank_serial": f"YH{unit['detail_no']}", "original_no": None, "reversal_flag": "0", "detail_no": unit["detail_no"],
        "levy_no": unit["levy_no"], "voucher_no": unit["voucher_no"], "pool_region": unit["pool_region"],
        "insurance": unit["insurance"], "tax_unit_no": f"{20260000000000 + (int(unit['unit_no']) - UNIT_BASE) * 7}",
        "period": unit["period"], "requested_fen": fen(unit), "paid_fen": fen(unit), "paid_status": "1",
        "own_date": unit["own_date"], "delivered": unit["delivered"],
    }  # fmt: skip


def treasury_row(unit: FlowRow) -> FlowRow:
    """The treasury's receipt of a unit row."""
    return {
        "receipt_no": f"GK{unit['detail_no']}", "original_no": None, "reversal_flag": "0", "detail_no": unit["detail_no"],
        "levy_no": unit["levy_no"], "voucher_no": unit["voucher_no"], "pool_region": unit["pool_region"],
        "agency_code": unit["agency_code"], "insurance": unit["insurance"], "unit_no": unit["unit_no"], "period": unit["period"],
        "payment_flag": unit["payment_flag"], "amount_fen": fen(unit), "remitted": unit["own_date"], "entered": unit["own_date"],
        "delivered": unit["delivered"],
    }  # fmt: skip


def fund_row(receipt: FlowRow) -> FlowRow:
    """社保's entry of a receipt of the treasury in its register of arrivals."""
    same = ("receipt_no", "detail_no", "levy_no", "pool_region", "agency_code", "insurance", "unit_no", "period", "payment_flag")
    return {name: receipt[name] for name in (*same, "amount_fen", "delivered")} | {"own_date": receipt["remitted"]}


def refund_row(tax: FlowRow) -> FlowRow:
    """社保's own row of a refund that the tax bureau reports; its payment lies before the demo."""
    return {
        "refund_no": f"TF{tax['detail_no']}", "refund_type": "03", "original_no": f"YS{tax['detail_no']}",
        "voucher_no": tax["voucher_no"], "pool_region": tax["pool_region"], "agency_code": tax["agency_code"],
        "insurance": tax["insurance"], "person_no": tax["person_no"], "unit_no": None, "period": tax["period"],
        "unit_refund_fen": -tax["unit_paid_fen"], "person_refund_fen": -tax["person_paid_fen"], "late_fee_refund_fen": 0,
        "interest_refund_fen": 0, "original_paid_fen": 100_000_000, "original_paid_date": dt.date(2026, 4, 20),
        "refund_status": "1", "returned_flag": "0", "reissue_no": None, "own_date": tax["own_date"], "delivered": tax["delivered"],
    }  # fmt: skip


@dataclass(eq=False)
class Case:
    """A unit row of the tax bureau with the rows of the bank and the treasury that belong to it."""

    unit: FlowRow
    bank: list[FlowRow]
    treasury: list[FlowRow]


@dataclass
class MoneyPlanting:
    """Hands out cases and collects truth and totals.

    Attributes:
        flows: The flows' planting, from whose blocks the cases are taken.
        expect: Takes lines of truth.
        units: How many units the world has; the last ones are touched by other plants.
        cases: The cases that plants have taken, by the number of their block.
        registered: What 社保's register of arrivals has of a receipt, by the receipt's number, where a plant has touched it.
        added: Rows of a leg that plants make beside the cases.
        unrefunded: Numbers of the bureau's refunds that 社保 has no usual row of.
        notices: Levy notices that are one case's alone.
        settled: Differences of totals by date, comparison and group.
    """

    flows: FlowPlanting
    expect: Callable[[Expectation], None]
    units: int
    cases: dict[int, Case] = field(default_factory=dict)
    registered: dict[str, list[FlowRow]] = field(default_factory=dict)
    added: dict[Leg, list[FlowRow]] = field(default_factory=lambda: {"bank": [], "treasury": [], "fund": [], "refund": []})
    unrefunded: set[str] = field(default_factory=set)
    notices: set[str] = field(default_factory=set)
    settled: dict[tuple[dt.date, str, tuple[Any, ...]], Counter[str]] = field(default_factory=dict)

    def take(self, day: int, *, alone: bool = False) -> Case:
        """A block's unit row with its bank and treasury rows; the block itself stays as it is.

        Args:
            day: Position of the date.
            alone: No later case is of the same levy notice.
        """
        block = self.flows.take(day, zone=("calm", "rough")[len(self.cases) % 2], fits=self._free)
        (unit,) = block.unit_rows()
        if alone:
            self.notices.add(unit["levy_no"])
        case = Case(unit=unit, bank=[bank_row(unit)], treasury=[treasury_row(unit)])
        self.cases[id(block)] = case
        return case

    def _free(self, row: FlowRow) -> bool:
        """Whether a row's unit is one that no other plant touches, and the notice no other case's alone."""
        return int(row["unit_no"]) - UNIT_BASE < self.units - 150 and row["levy_no"] not in self.notices

    def hits(self, *, alone: bool = False) -> Iterable[tuple[int, Case]]:
        """Four cases, spread over the dates."""
        return ((number, self.take(day, alone=alone)) for number, day in enumerate((0, 1, 2, 0)))

    def nears(self, *, alone: bool = False) -> Iterable[tuple[int, Case]]:
        """Three cases, one per date."""
        return ((day, self.take(day, alone=alone)) for day in range(3))

    def say(
        self, date: dt.date, scope: str, rule: str, kind: str, key: str, row: FlowRow | None, *, field: str | None = None,
        source: str | None = None, expect: str = "hit",
    ) -> None:  # fmt: skip
        """A line of truth."""
        self.expect(
            Expectation(
                business_date=date, scope=scope, rule=rule, kind=kind, source=source, subject_key=key,
                insurance=row["insurance"] if row else None, period=row["period"] if row else None, field=field, expect=expect, note="",
            )
        )  # fmt: skip

    def check(
        self, rule: str, leg: Leg, row: FlowRow, *, key: str | None = None, grouped: bool = False, expect: str = "hit"
    ) -> None:
        """Truth of a rule on a leg's own rows."""
        dataset, source, number = CHECKED[leg]
        shown = None if grouped else row
        self.say(
            row["delivered"], f"check:{dataset}:{source}", rule, "RULE", key or row[number], shown, source=source, expect=expect
        )  # fmt: skip

    def waits(
        self, scope: str, side: str, row: FlowRow, key: str, *, until: FlowRow | None = None, known: str | None = None
    ) -> None:
        """A row that is open from its date on until its counterpart comes, or for good; ``known``: it is a reversal of nothing."""
        opened = DATES.index(row["delivered"])
        last = DATES.index(until["delivered"]) if until else len(DATES)
        for day in range(opened, last):
            rule, kind = MISSING[scope, side] if day - opened > WINDOW else ("R09", "IN_TRANSIT")
            if known:
                rule, kind = "R21", "REV_ORPHAN"
            self.say(DATES[day], scope, rule, kind, key, row)
        if until:
            self.say(until["delivered"], scope, "R07", "CUTOFF", key, row)

    def off(self, scope: str, row: FlowRow, count: int, amount: int) -> None:
        """Adds to the difference (left minus right) of the totals of a row's group and date."""
        group = tuple(row[name] for name in GROUPS[scope])
        sums = self.settled.setdefault((row["delivered"], scope, group), Counter())
        sums["count"] += count
        sums["fen"] += amount

    def near(self, scope: str, rule: str, kind: str, row: FlowRow, key: str) -> None:
        """A near miss of a row on its date and after."""
        for date in DATES[DATES.index(row["delivered"]) :]:
            self.say(date, scope, rule, kind, key, row, expect="near")

    def total_truth(self) -> None:
        """Truth of totals and counts from what the plants have put out of balance."""
        for (date, scope, group), sums in self.settled.items():
            row: FlowRow = dict(zip(GROUPS[scope], group, strict=True)) | {"period": None}
            named = [row[name] for name in GROUPS[scope] if name != "insurance"]
            for name, rule, kind in (("fen", "R01", "TOTAL"), ("count", "R02", "COUNT")):
                if sums[name]:
                    self.say(date, scope, rule, kind, "/".join(named), row)

    def twin_truth(self) -> None:
        """Truth of unit rows that share a detail number because they lack the notice's: twice on both sides of all comparisons."""
        found: dict[tuple[dt.date, str], list[FlowRow]] = {}
        for block in self.flows.blocks:
            for row in block.unit_rows():
                found.setdefault((row["delivered"], row["detail_no"]), []).append(row)
        for (date, key), rows in found.items():
            keys = {BANK_TAX: key, TAX_TREASURY: key, TREASURY_RECORDED: treasury_row(rows[0])["receipt_no"]}
            for scope, shown in keys.items() if len(rows) > 1 else ():
                for _ in ("left", "right"):
                    self.say(date, scope, "K02", "DUP", shown, rows[0])

    def entries(self, receipt: FlowRow) -> list[FlowRow]:
        """What 社保 has registered of a receipt of the treasury."""
        return self.registered.get(receipt["receipt_no"], [fund_row(receipt)])

    def rows(self, block: Block, leg: Leg) -> list[FlowRow]:
        """The leg's rows of a block: as the plants made them, or one per unit row (refund) as usual."""
        if leg == "refund":
            return [
                refund_row(row)
                for row in block.taxes
                if row["payment_flag"] == "refund" and row["detail_no"] not in self.unrefunded
            ]
        if leg == "fund":
            return [entry for receipt in self.rows(block, "treasury") for entry in self.entries(receipt)]
        case = self.cases.get(id(block))
        if case is not None:
            usual = [row for row in block.unit_rows() if row["detail_no"] != case.unit["detail_no"]]
            return (case.bank if leg == "bank" else case.treasury) + [_usual(row, leg) for row in usual if _has(row, leg)]
        return [_usual(row, leg) for row in block.unit_rows() if _has(row, leg)]


def _usual(unit: FlowRow, leg: Leg) -> FlowRow:
    return bank_row(unit) if leg == "bank" else treasury_row(unit)


def _has(unit: FlowRow, leg: Leg) -> bool:
    return leg == "treasury" or unit["payment_flag"] == "pay"


def later(row: FlowRow, days: int) -> FlowRow | None:
    """The row delivered some working days later, or None when the demo ends before."""
    day = workday(row["delivered"], days)
    return row | {"delivered": day} if day else None
