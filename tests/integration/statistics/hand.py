"""A small lake made by hand: a few units and persons of three districts, two insurances, three months, whose figures can be counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hedui.canonical.schemas import dataset
from hedui.context import Context
from hedui.lake import Lake, Manifest, Partition
from hedui.site import Site, load_site

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
TYPES = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32()}
Row = Mapping[str, Any]
JUNE, MAY, LAST_JUNE = dt.date(2026, 6, 30), dt.date(2026, 5, 29), dt.date(2025, 6, 30)


def write(lake: Lake, name: str, source: str, date: dt.date, rows: Iterable[Row], *, version: str | None = None) -> None:
    """Writes a canonical partition; fields that a row does not name are empty."""
    given, fields = list(rows), dataset(name).fields
    schema = pa.schema([*((key, TYPES[field.sql_type]) for key, field in fields.items()), ("source_row", pa.int64())])
    full = [{key: row.get(key) for key in fields} | {"source_row": number} for number, row in enumerate(given, start=1)]
    with lake.writer(Partition(layer="canonical", parts=(name, source), date=date)) as writer:
        pq.write_table(pa.Table.from_pylist(full, schema=schema), writer.new_file())
        writer.commit(Manifest(rows=len(full), meta={"region_version": version} if version else {}))


def enrolment(person: str, insurance: str, region: str, unit: str | None, *, state: str = "1", category: str = "10") -> Row:
    return {
        "person_no": person, "insurance": insurance, "pool_region": region, "unit_no": unit, "enrol_state": "1" if state == "1" else "2",
        "pay_state": state, "person_category": category,
    }  # fmt: skip


def levy(notice: str, person: str, insurance: str, region: str, unit: str | None, unit_fen: int, person_fen: int) -> Row:
    return {
        "levy_no": notice, "person_no": person, "insurance": insurance, "pool_region": region, "unit_no": unit,
        "unit_due_fen": unit_fen, "person_due_fen": person_fen,
    }  # fmt: skip


def payment(
    notice: str, person: str, insurance: str, region: str, unit: str | None, unit_fen: int, person_fen: int, *,
    flag: str = "pay", entered: dt.date | None = JUNE, late: int = 0,
) -> Row:  # fmt: skip
    return {
        "detail_no": f"D{notice}{person}{insurance}{flag}", "levy_no": notice, "person_no": person, "insurance": insurance,
        "pool_region": region, "unit_no": unit, "payment_flag": flag, "unit_paid_fen": unit_fen, "person_paid_fen": person_fen,
        "late_fee_fen": late, "treasury_date": entered,
    }  # fmt: skip


UNITS = {"U1": ("990101", "10"), "U2": ("990102", "10"), "U3": ("990102", "30"), "U4": ("990105", "90")}
"""Region and type of each unit."""
STAFF = {"U1": 12, "U2": 9, "U3": 6, "U4": 3}
"""How many persons each has; each is insured under 110, the first six of a unit under 210 too."""


def people() -> list[tuple[str, str, str]]:
    """Person, unit and insurance of every enrolment of employees."""
    found = []
    for unit, count in STAFF.items():
        for number in range(count):
            person = f"{unit}P{number:02d}"
            found += [(person, unit, "110")] + ([(person, unit, "210")] if number < 6 else [])
    return found


def fill(lake: Lake) -> None:
    """June 2026 with May and last June beside it.

    U1P00 is insured in a second region; U2P00 pays a fen too little, U2P01 nothing; U3P00's money has not entered the treasury by the
    end of June; U1P01 has something back; three persons pay for themselves, one resident pays nothing.
    """
    enrolled = [enrolment(person, insurance, UNITS[unit][0], unit) for person, unit, insurance in people()]
    enrolled += [enrolment("U1P00", "110", "990102", "U2"), enrolment("U2P08", "410", "990102", "U2", state="2")]
    enrolled += [enrolment(f"F{n}", "110", "990101", None, category="13") for n in range(3)]
    enrolled += [enrolment("R0", "150", "990105", None, category="30")]
    write(lake, "enrolment", "shebao", JUNE, enrolled)
    write(lake, "enrolment", "shebao", MAY, enrolled[:-4])
    write(
        lake,
        "unit",
        "shebao",
        JUNE,
        ({"unit_no": u, "unit_type": t, "tax_office": f"199010{r[-1]}000"} for u, (r, t) in UNITS.items()),
    )
    persons = {row["person_no"] for row in enrolled}
    write(lake, "person", "shebao", JUNE, ({"person_no": p, "sex": "2" if p[-1] in "02468" else "1"} for p in sorted(persons)))
    for date, share in ((JUNE, 100), (MAY, 80), (LAST_JUNE, 125)):
        notices = [
            levy(f"N{unit}", person, insurance, UNITS[unit][0], unit, 1000 * share, 500 * share)
            for person, unit, insurance in people()
        ]
        paid = [payment(*tuple(row[key] for key in KEYS), row["unit_due_fen"], row["person_due_fen"]) for row in notices]
        if date == JUNE:
            paid = _with_faults(paid)
        write(lake, "levy", "shebao", date, notices)
        write(lake, "payment", "shuiwu", date, paid)
        flexible = [payment(f"L{n}", f"F{n}", "110", "990101", None, 0, 40000) for n in range(3)]
        write(lake, "payment", "linghuo", date, flexible if date == JUNE else flexible[:1])
    write(lake, "refund", "shebao", JUNE, REFUNDS)
    write(lake, "bank_return", "yinhang", JUNE, RETURNS)


KEYS = ("levy_no", "person_no", "insurance", "pool_region", "unit_no")
REFUNDS = [
    {"refund_no": f"R{n}", "person_no": f"U1P0{n}", "pool_region": "990101", "insurance": "110", "refund_status": str(n % 2),
     "returned_flag": "1" if n == 4 else "0", "unit_refund_fen": 2000, "person_refund_fen": 1000}
    for n in range(6)
]  # fmt: skip
RETURNS = [
    {"bank_serial": f"B{n}", "reversal_flag": "1" if n == 9 else "0", "insurance": "110", "tax_unit_no": f"T{n % 7}",
     "requested_fen": 100000, "paid_fen": 100000 if n != 3 else 0, "paid_status": "1" if n != 3 else "0"}
    for n in range(10)
]  # fmt: skip


def _with_faults(paid: list[Row]) -> list[Row]:
    changed = []
    for row in paid:
        if (row["person_no"], row["insurance"]) == ("U2P00", "110"):
            row = {**row, "person_paid_fen": row["person_paid_fen"] - 1, "late_fee_fen": 250}
        if (row["person_no"], row["insurance"]) == ("U3P00", "110"):
            row = {**row, "treasury_date": JUNE + dt.timedelta(days=1)}
        if (row["person_no"], row["insurance"]) != ("U2P01", "110"):
            changed.append(row)
    return [*changed, payment("NU1", "U1P01", "110", "990101", "U1", -3000, -1500, flag="refund")]


@cache
def site() -> Site:
    """The demo site, read once."""
    return load_site(DEMO)


def small_context(folder: Path, *, ledger_url: str = "") -> Context:
    """A context over an empty lake."""
    return Context(
        site=site(), lake=Lake(str(folder / "lake")), reports=folder / "reports", inbox=str(folder / "inbox"),
        ledger_url=ledger_url, memory_limit="500MB", threads=1,
    )  # fmt: skip
