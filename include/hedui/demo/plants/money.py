"""Anomalies of money: banks, the treasury and refunds against the tax bureau's rows."""

from __future__ import annotations

from typing import Final

from hedui.demo.flow_planting import FlowRow
from hedui.demo.money import Case, MoneyPlanting, bank_row, fen, later, treasury_row
from hedui.demo.planting import DATES

BANK, TREASURY = "bank_tax", "tax_treasury"
NAMELESS: Final = {"detail_no": None, "voucher_no": None}


def plant_money(m: MoneyPlanting) -> None:
    """All plants, in the order in which they take their cases."""
    for work in (
        sums, undecided_sums, later_rungs, deviating, one_sided, cut_off, undone, undone_nothing, unmapped, twice, vouchers_and_dates,
    ):  # fmt: skip
        work(m)


def _nameless(row: FlowRow, **changes: object) -> str:
    """Takes a bank row its numbers; returns the key under which it then goes."""
    row |= {**NAMELESS, **changes}
    return f"no:{row['bank_serial']}"


def later_rungs(m: MoneyPlanting) -> None:
    """Without the detail number a row is found by its voucher, by what it is, or with a typing mistake; hits: in another month."""
    for _, case in m.nears():
        case.bank[0]["detail_no"] = None
        case.treasury[0]["detail_no"] = None
        m.near(BANK, "R13", "LONG", case.unit, case.unit["detail_no"])
        m.near(TREASURY, "R10", "LATE", case.unit, case.unit["detail_no"])
    for _, case in m.nears():
        _nameless(case.bank[0])
        m.near(BANK, "R14", "SHORT", case.unit, case.unit["detail_no"])
    for number, case in m.hits():
        row = case.bank[0]
        row |= {"detail_no": None, "period": "202604"}
        if number % 2:  # by the voucher, or loosely: the notice has a typing mistake
            row |= {"voucher_no": None, "levy_no": row["levy_no"][:-1] + "X"}
        m.say(row["delivered"], BANK, "R08", "PERIOD", case.unit["detail_no"], row, field="period")


def deviating(m: MoneyPlanting) -> None:
    """The bank deducted less, or says that it failed; the treasury took in less."""
    for number, case in m.hits():
        row = case.bank[0]
        row["paid_fen"] -= 1 + number
        m.say(row["delivered"], BANK, "R15", "AMT", row["detail_no"], row, field="paid")
        m.check("R15", "bank", row)
        m.off(BANK, row, 0, -1 - number)
    for _, case in m.hits():
        row = case.bank[0]
        row["paid_status"] = "0"
        m.say(row["delivered"], BANK, "R15", "STATUS", row["detail_no"], row, field="paid_status")
    for number, case in m.hits():
        row = case.bank[0]
        row["paid_status"] = f"E{number}"
        m.say(row["delivered"], BANK, "R15", "CODE", row["detail_no"], row, field="paid_status")
    for _, case in m.nears():
        m.check("R15", "bank", case.bank[0], expect="near")
        for name in ("AMT", "STATUS", "CODE"):
            m.near(BANK, "R15", name, case.bank[0], case.bank[0]["detail_no"])
    for number, case in m.hits():
        row = case.treasury[0]
        row["amount_fen"] += 100 + number
        m.say(row["delivered"], TREASURY, "R16", "AMT", row["detail_no"], row, field="paid")
        m.off(TREASURY, row, 0, -100 - number)
    for _, case in m.nears():
        m.near(TREASURY, "R16", "AMT", case.treasury[0], case.treasury[0]["detail_no"])


def _other(m: MoneyPlanting, case: Case) -> FlowRow:
    """A unit row that nobody has: the money of it is without business."""
    number = f"{m.flows.new_number():09d}"
    return case.unit | {"detail_no": f"WZ{number}", "levy_no": f"WZJ{number}", "voucher_no": f"WSP{number}"}


def one_sided(m: MoneyPlanting) -> None:
    """Money without business (长款) and business without money (短款, 未到账)."""
    for _, case in m.hits():
        row = bank_row(_other(m, case)) | {"tax_unit_no": None}
        case.bank.append(row)
        m.waits(BANK, "bank", row, row["detail_no"])
    for _, case in m.hits():
        case.bank = []
        m.waits(BANK, "tax", case.unit, case.unit["detail_no"])
    for _, case in m.hits():
        row = treasury_row(_other(m, case))
        case.treasury.append(row)
        m.waits(TREASURY, "treasury", row, row["detail_no"])
    for _, case in m.hits():
        case.treasury = []
        m.waits(TREASURY, "tax", case.unit, case.unit["detail_no"])


def cut_off(m: MoneyPlanting) -> None:
    """The bank or the treasury delivers a day later: in transit, then cut-off; near: never late."""
    for _, case in m.nears():
        moved = later(case.bank[0], 1)
        case.bank = [moved] if moved else []
        m.waits(BANK, "tax", case.unit, case.unit["detail_no"], until=moved)
        m.near(BANK, "R14", "SHORT", case.unit, case.unit["detail_no"])
    for _, case in m.nears():
        moved = later(case.treasury[0], 1)
        case.treasury = [moved] if moved else []
        m.waits(TREASURY, "tax", case.unit, case.unit["detail_no"], until=moved)
        m.near(TREASURY, "R10", "LATE", case.unit, case.unit["detail_no"])


def _undo(row: FlowRow, number: str, original: str | None, name: str, amounts: tuple[str, ...]) -> FlowRow:
    return row | {name: number, "reversal_flag": "1", "original_no": original, **{key: -row[key] for key in amounts}}


def undone(m: MoneyPlanting) -> None:
    """Near: a row and its reversal, by the original's number or by equal and opposite amounts, on one date or a day apart."""
    for number, case in m.nears():
        wrong = bank_row(_other(m, case)) | {"tax_unit_no": None}
        original = wrong["bank_serial"] if number % 2 else None
        undoing = _undo(wrong, f"CZ{wrong['bank_serial']}", original, "bank_serial", ("paid_fen", "requested_fen"))
        if not number % 2:
            case.bank += [wrong, undoing]
        elif moved := later(undoing, 1):
            case.bank += [wrong, moved | {"detail_no": f"CZ{wrong['detail_no']}"}]
            m.say(wrong["delivered"], BANK, "R09", "IN_TRANSIT", wrong["detail_no"], wrong)
        m.near(BANK, "R21", "REV_ORPHAN", undoing, undoing["detail_no"])
        m.near(BANK, "K02", "DUP", wrong, wrong["detail_no"])
    for _, case in m.nears():
        wrong = treasury_row(_other(m, case))
        case.treasury += [wrong, _undo(wrong, f"CZ{wrong['receipt_no']}", wrong["receipt_no"], "receipt_no", ("amount_fen",))]
        m.near(TREASURY, "R21", "REV_ORPHAN", wrong, wrong["detail_no"])


def undone_nothing(m: MoneyPlanting) -> None:
    """A reversal whose original never came, or that undoes another amount."""
    for number, case in m.hits():
        base = bank_row(_other(m, case)) | {"tax_unit_no": None}
        row = _undo(base, f"CZ{base['bank_serial']}", "YHNIL", "bank_serial", ("paid_fen", "requested_fen"))
        if number == 3:  # a part of what was matched
            row |= {"original_no": case.bank[0]["bank_serial"], "paid_fen": -1, "requested_fen": -1}
        case.bank.append(row)
        m.waits(BANK, "bank", row, row["detail_no"], known="orphan")
    for _, case in m.hits():
        base = treasury_row(_other(m, case))
        row = _undo(base, f"CZ{base['receipt_no']}", None, "receipt_no", ("amount_fen",))
        case.treasury.append(row)
        m.waits(TREASURY, "treasury", row, row["detail_no"], known="orphan")


def _split(case: Case, *amounts: int) -> list[FlowRow]:
    """The bank's row in several of the given amounts, without numbers and insurance: only the notice holds them together."""
    rows = []
    for number, amount in enumerate(amounts):
        row = case.bank[0] | {**NAMELESS, "insurance": None, "paid_fen": amount, "requested_fen": amount}
        rows.append(row | {"bank_serial": f"{row['bank_serial']}F{number}"})
    return rows


def sums(m: MoneyPlanting) -> None:
    """Near: the bank paid one notice in two or three parts on one date, or the last part a day later."""
    for number, case in m.nears(alone=True):
        total = fen(case.unit)
        case.bank = _split(case, *((total - 500, 500), (total - 700, 300, 400), (total - 1, 1))[number])
        m.near(BANK, "R20", "BUNDLE", case.unit, case.unit["levy_no"])
        m.near(BANK, "R14", "SHORT", case.unit, case.unit["detail_no"])


def undecided_sums(m: MoneyPlanting) -> None:
    """Two ways to make the sum, or more rows than are searched: nothing is guessed."""
    for number, case in m.hits(alone=True):
        total = fen(case.unit)
        parts = (total - 500, 500, 500) if number % 2 else tuple(1 + n for n in range(13))
        case.bank = _split(case, *parts)
        for row in case.bank:
            m.waits(BANK, "bank", row, f"no:{row['bank_serial']}")
        m.waits(BANK, "tax", case.unit, case.unit["detail_no"])
        for date in DATES[DATES.index(case.unit["delivered"]) :]:
            m.say(date, BANK, "R20", "BUNDLE", case.unit["levy_no"], None)


def unmapped(m: MoneyPlanting) -> None:
    """The bank's unit number is in no map and nothing else names the payment; near: the voucher does."""
    for number, case in m.hits():
        row = case.bank[0]
        _nameless(row, tax_unit_no=f"2099{number:010d}", levy_no=None)
        m.say(row["delivered"], BANK, "U12", "KEYMAP", row["tax_unit_no"], None)
        m.off(BANK, row, 1, row["paid_fen"])
        m.waits(BANK, "tax", case.unit, case.unit["detail_no"])
    for _, case in m.nears():
        case.bank[0] |= {"detail_no": None, "tax_unit_no": "20990000000099"}
        m.near(BANK, "U12", "KEYMAP", case.bank[0], "20990000000099")


def twice(m: MoneyPlanting) -> None:
    """The bank sent one row twice: both leave the matching, the tax row waits."""
    for _, case in m.hits():
        row = case.bank[0]
        case.bank.append(row | {"bank_serial": f"{row['bank_serial']}B"})
        m.say(row["delivered"], BANK, "K02", "DUP", row["detail_no"], row)
        m.off(BANK, row, 2, 2 * row["paid_fen"])
        m.waits(BANK, "tax", case.unit, case.unit["detail_no"])


def vouchers_and_dates(m: MoneyPlanting) -> None:
    """One voucher for two units, a receipt before its remittance; near: one voucher twice for one unit, the same day."""
    for _, case in m.hits():
        other = treasury_row(_other(m, case)) | {"voucher_no": case.unit["voucher_no"], "unit_no": "990199999999"}
        case.treasury.append(other)
        m.waits(TREASURY, "treasury", other, other["detail_no"])
        m.check("C23", "treasury", other, key=other["voucher_no"], grouped=True)
    for _, case in m.nears():
        other = treasury_row(_other(m, case)) | {"voucher_no": case.unit["voucher_no"]}
        case.treasury += [other, _undo(other, f"CZ{other['receipt_no']}", other["receipt_no"], "receipt_no", ("amount_fen",))]
        m.check("C23", "treasury", other, key=other["voucher_no"], grouped=True, expect="near")
    for number, case in m.hits():
        row = case.treasury[0]
        day = row["entered"]
        row["entered"] = day.replace(day=day.day - 1) if number % 2 else day.replace(month=7)
        m.check("C24", "treasury", row)
    for _, case in m.nears():
        m.check("C24", "treasury", case.treasury[0], expect="near")
