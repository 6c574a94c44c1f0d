"""A month's statistics as a careful analyst makes them with pandas: what ``monthly_statistics.py`` sets Hedui beside.

Careful with memory: one dataset at a time, codes as categories, no column that is not counted; what is late is found once for all reports.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

Found = dict[str, dict[str, int]]
KEY = ["levy_no", "person_no", "insurance"]
CODES = ["pool_region", "insurance", "enrol_state", "pay_state", "person_category", "payment_flag"]
ENROLMENT = ["person_no", "pool_region", "insurance", "unit_no", "enrol_state", "pay_state", "person_category"]
LEVY = [*KEY, "pool_region", "unit_no", "unit_due_fen", "person_due_fen"]
PAYMENT = [
    *KEY, "pool_region", "unit_no", "payment_flag", "treasury_date", "unit_paid_fen", "person_paid_fen", "late_fee_fen",
    "unit_interest_fen", "person_interest_fen", "subsidy_fen", "pay_base_fen",
]  # fmt: skip
PEOPLE, UNITS = ("person_no", "nunique"), ("unit_no", "nunique")
COLLECTIONS = {
    "employer_collection": ["unit"], "flexible_collection": ["flexible"], "resident_collection": ["resident"],
    "tax_office_collection": ["unit", "flexible", "resident"],
}  # fmt: skip


def read(root: Path, name: str, source: str, columns: list[str]) -> pd.DataFrame:
    """All partitions of a dataset."""
    files = sorted((root / name / source).rglob("*.parquet"))
    frame = pd.concat([pd.read_parquet(file, columns=columns) for file in files], ignore_index=True)
    return frame.astype({name: "category" for name in CODES if name in columns})


def levels(frame: pd.DataFrame, plan: dict[str, tuple[str, str]]) -> Found:
    """Named aggregations over row and sheet, each alone, and all."""
    found: Found = {}
    for keys in (["row", "sheet"], ["row"], ["sheet"], []):
        grouped = frame.groupby(keys or (lambda _: 0), sort=False, observed=True).agg(**plan)
        for key, values in zip(grouped.index, grouped.to_dict("records"), strict=True):
            named = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=False))
            place = f"{named.get('row', '*')}|{named.get('sheet', '*')}"
            found[place] = {str(name): int(value) for name, value in values.items()}
    return found


class Month:
    """The month's figures by report, filled in dataset by dataset."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.units = read(root, "unit", "shebao", ["unit_no", "tax_office", "unit_type"]).set_index("unit_no")
        self.units = self.units.astype("category")
        self.found: dict[str, Found] = {}

    def add(self, report: str, part: Found) -> None:
        """Adds figures to those of a report."""
        for place, values in part.items():
            self.found.setdefault(report, {}).setdefault(place, {}).update(values)

    def collections(self, frame: pd.DataFrame, count: Callable[[pd.DataFrame], list[Found]]) -> None:
        """Counts for each kind of payer by region, and for all by tax office."""
        for report, payers in COLLECTIONS.items():
            office = report == "tax_office_collection"
            mine = frame if office else frame[frame.payer.isin(payers)]
            row = self.of_unit(mine, "tax_office") if office else mine.pool_region
            for part in count(mine.assign(row=row, sheet=mine.insurance)):
                self.add(report, part)

    def of_unit(self, frame: pd.DataFrame, what: str) -> Any:
        """A unit's attribute for each row; '' where there is no unit."""
        found = self.units[what].reindex(frame.unit_no).reset_index(drop=True).set_axis(frame.index)
        return found.cat.add_categories([""]).fillna("")

    def typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows by region, sheets by type of unit."""
        return frame.assign(row=frame.pool_region, sheet=self.of_unit(frame, "unit_type"))

    def enrolments(self) -> None:
        """Registration, and enrolment by type of unit."""
        people = read(self.root, "person", "shebao", ["person_no", "sex"])
        women = people.person_no[people.sex == "2"]
        frame = with_payer(read(self.root, "enrolment", "shebao", ENROLMENT), flexible="person_category")

        def count(mine: pd.DataFrame) -> list[Found]:
            all_ = levels(mine, {"registered_units": UNITS, "registered_persons": PEOPLE})
            due = levels(mine[mine.pay_state == "1"], {"due_units": UNITS, "due_persons": PEOPLE})
            return [all_, due]

        self.collections(frame, count)
        frame = self.typed(frame)
        report = "enrolment_by_unit_type"
        self.add(report, levels(frame, {"units": UNITS, "persons": PEOPLE, "enrolments": ("row", "size")}))
        self.add(report, levels(frame[frame.pay_state == "1"], {"paying": PEOPLE}))
        self.add(report, levels(frame[frame.pay_state == "2"], {"suspended": PEOPLE}))
        self.add(report, levels(frame[frame.person_no.isin(women)], {"women": PEOPLE}))

    def levies(self) -> pd.DataFrame:
        """Declaration and levy; gives the notices back."""
        frame = with_payer(read(self.root, "levy", "shebao", LEVY))
        frame["due"] = frame.pop("unit_due_fen") + frame.pop("person_due_fen")
        plan = {"declared_units": UNITS, "declared_persons": PEOPLE, "levied_fen": ("due", "sum")}
        self.collections(frame, lambda mine: [levels(mine, plan)])
        return frame

    def payments(self) -> pd.DataFrame:
        """Payment and refunds; gives back what was paid per notice."""
        frame = with_payer(read(self.root, "payment", "shuiwu", PAYMENT))
        frame["paid"] = frame.unit_paid_fen + frame.person_paid_fen
        frame["extra"] = frame.pop("late_fee_fen") + frame.pop("unit_interest_fen") + frame.pop("person_interest_fen")
        entered = pd.to_datetime(frame.pop("treasury_date")) <= pd.Timestamp(2026, 6, 30)
        frame["treasury"] = frame.paid.where(entered, 0)
        back = frame[frame.payment_flag == "refund"].assign(refunded=lambda rows: -rows.paid)
        frame = frame[frame.payment_flag == "pay"]
        sums = {f"{name}_fen": (name, "sum") for name in ("paid", "extra", "treasury")}
        self.collections(frame, lambda mine: [levels(mine, {"paid_persons": PEOPLE, **sums})])
        plan = {"refund_persons": PEOPLE, "refunds": ("row", "size"), "refund_fen": ("refunded", "sum")}
        self.collections(back, lambda mine: [levels(mine, plan)])
        frame = self.typed(frame)
        sums = {name: (name, "sum") for name in ("unit_paid_fen", "person_paid_fen", "subsidy_fen")}
        sums |= {"base_fen": ("pay_base_fen", "sum"), "paid_fen": ("paid", "sum"), "extra_fen": ("extra", "sum")}
        self.add("payment_by_unit_type", levels(frame, {"units": UNITS, "persons": PEOPLE, "details": ("row", "size"), **sums}))
        return frame[[*KEY, "paid"]]

    def arrears(self, levy: pd.DataFrame, paid: pd.DataFrame) -> None:
        """Notices that are not paid in full."""
        plan = {
            "due": ("due", "sum"),
            "pool_region": ("pool_region", "first"),
            "unit_no": ("unit_no", "max"),
            "payer": ("payer", "first"),
        }
        due = levy.groupby(KEY, sort=False, observed=True).agg(**plan)
        settled = paid.groupby(KEY, sort=False, observed=True).paid.sum()
        due["open"] = due.due - settled.reindex(due.index).fillna(0).astype("int64")
        plan = {"arrears_units": UNITS, "arrears_persons": PEOPLE, "arrears_fen": ("open", "sum")}
        self.collections(due[due.open > 0].reset_index(), lambda mine: [levels(mine, plan)])


def with_payer(frame: pd.DataFrame, flexible: str = "") -> pd.DataFrame:
    """Adds who pays: unit, flexible or resident."""
    alone = frame[flexible] == "13" if flexible else frame.unit_no.isna()
    resident = frame.insurance == "150"
    codes = alone.astype("int8").where(~resident, 2)
    frame["payer"] = pd.Categorical.from_codes(codes, categories=["unit", "flexible", "resident"])
    return frame


def month(root: Path) -> dict[str, Found]:
    """Every report's figures."""
    made = Month(root)
    made.enrolments()
    levy = made.levies()
    made.arrears(levy[[*KEY, "pool_region", "unit_no", "payer", "due"]], made.payments())
    return made.found
