"""A month's statistics as an analyst makes them with pandas: what ``monthly_statistics.py`` sets Hedui beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

Found = dict[str, dict[str, int]]
KEY = ["levy_no", "person_no", "insurance"]
ENROLMENT = ["person_no", "pool_region", "insurance", "unit_no", "enrol_state", "pay_state", "person_category"]
LEVY = [*KEY, "pool_region", "unit_no", "unit_due_fen", "person_due_fen"]
PAYMENT = [
    *KEY, "pool_region", "unit_no", "payment_flag", "treasury_date", "unit_paid_fen", "person_paid_fen", "late_fee_fen",
    "unit_interest_fen", "person_interest_fen", "subsidy_fen", "pay_base_fen",
]  # fmt: skip


def read(root: Path, name: str, source: str, columns: list[str]) -> pd.DataFrame:
    """All partitions of a dataset."""
    files = sorted((root / name / source).rglob("*.parquet"))
    return pd.concat([pd.read_parquet(file, columns=columns) for file in files], ignore_index=True)


def levels(frame: pd.DataFrame, plan: dict[str, tuple[str, str]]) -> Found:
    """Named aggregations over row and sheet, each alone, and all."""
    found: Found = {}
    for keys in (["row", "sheet"], ["row"], ["sheet"], []):
        grouped = frame.groupby(keys or (lambda _: 0), sort=False).agg(**plan)
        for key, values in zip(grouped.index, grouped.to_dict("records"), strict=True):
            named = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=False))
            place = f"{named.get('row', '*')}|{named.get('sheet', '*')}"
            found[place] = {str(name): int(value) for name, value in values.items()}
    return found


def merged(*parts: Found) -> Found:
    """Parts side by side."""
    found: Found = {}
    for part in parts:
        for place, values in part.items():
            found.setdefault(place, {}).update(values)
    return found


class Month:
    """The month's frames."""

    def __init__(self, root: Path) -> None:
        self.units = read(root, "unit", "shebao", ["unit_no", "tax_office", "unit_type"]).set_index("unit_no")
        people = read(root, "person", "shebao", ["person_no", "sex"])
        self.enrolled = self._enrolled(read(root, "enrolment", "shebao", ENROLMENT), set(people.person_no[people.sex == "2"]))
        self.levy = self._payer(read(root, "levy", "shebao", LEVY))
        self.levy["due"] = self.levy.unit_due_fen + self.levy.person_due_fen
        self.paid = self._paid(self._payer(read(root, "payment", "shuiwu", PAYMENT)))

    def _enrolled(self, frame: pd.DataFrame, women: set[str]) -> pd.DataFrame:
        paying = frame.pay_state == "1"
        frame["payer"] = "unit"
        frame.loc[frame.person_category == "13", "payer"] = "flexible"
        frame.loc[frame.insurance == "150", "payer"] = "resident"
        return frame.assign(
            due_unit=frame.unit_no.where(paying),
            due_person=frame.person_no.where(paying),
            still=frame.person_no.where(frame.pay_state == "2"),
            woman=frame.person_no.where(frame.person_no.isin(women)),
        )

    def _payer(self, frame: pd.DataFrame) -> pd.DataFrame:
        frame["payer"] = "unit"
        frame.loc[frame.unit_no.isna(), "payer"] = "flexible"
        frame.loc[frame.insurance == "150", "payer"] = "resident"
        return frame

    def _paid(self, frame: pd.DataFrame) -> pd.DataFrame:
        frame["money"] = frame.unit_paid_fen + frame.person_paid_fen
        pays, back = frame.payment_flag == "pay", frame.payment_flag == "refund"
        entered = pd.to_datetime(frame.treasury_date) <= pd.Timestamp(2026, 6, 30)
        return frame.assign(
            payer_person=frame.person_no.where(pays),
            refund_person=frame.person_no.where(back),
            paid=frame.money.where(pays, 0),
            extra=(frame.late_fee_fen + frame.unit_interest_fen + frame.person_interest_fen).where(pays, 0),
            treasury=frame.money.where(pays & entered, 0),
            refund=back,
            refunded=(-frame.money).where(back, 0),
        )

    def collection(self, payers: list[str], *, office: bool = False) -> Found:
        """Registration, declaration, levy, payment, arrears and refunds."""
        enrolled, levy, paid = (self._placed(frame, payers, office) for frame in (self.enrolled, self.levy, self.paid))
        settled = paid[paid.payment_flag == "pay"].groupby(KEY).money.sum().rename("settled")
        due = levy.groupby(KEY).agg(due=("due", "sum"), row=("row", "max"), unit_no=("unit_no", "max")).join(settled).reset_index()
        due["open"] = due.due - due.settled.fillna(0)
        due = due[due.open > 0].assign(sheet=lambda frame: frame.insurance)
        people = ("person_no", "nunique")
        units = ("unit_no", "nunique")
        return merged(
            levels(
                enrolled,
                {
                    "registered_units": units,
                    "registered_persons": people,
                    "due_units": ("due_unit", "nunique"),
                    "due_persons": ("due_person", "nunique"),
                },
            ),
            levels(levy, {"declared_units": units, "declared_persons": people, "levied_fen": ("due", "sum")}),
            levels(
                paid,
                {
                    "paid_persons": ("payer_person", "nunique"),
                    "paid_fen": ("paid", "sum"),
                    "extra_fen": ("extra", "sum"),
                    "treasury_fen": ("treasury", "sum"),
                    "refund_persons": ("refund_person", "nunique"),
                    "refunds": ("refund", "sum"),
                    "refund_fen": ("refunded", "sum"),
                },
            ),
            levels(due, {"arrears_units": units, "arrears_persons": people, "arrears_fen": ("open", "sum")}),
        )

    def _placed(self, frame: pd.DataFrame, payers: list[str], office: bool) -> pd.DataFrame:
        mine = frame[frame.payer.isin(payers)]
        row = mine.unit_no.map(self.units.tax_office).fillna("") if office else mine.pool_region
        return mine.assign(row=row, sheet=mine.insurance)

    def typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows by region, sheets by type of unit."""
        return frame.assign(row=frame.pool_region, sheet=frame.unit_no.map(self.units.unit_type).fillna(""))


def month(root: Path) -> dict[str, Any]:
    """Every report's figures."""
    made = Month(root)
    people, units, size = ("person_no", "nunique"), ("unit_no", "nunique"), ("person_no", "size")
    return {
        "employer_collection": made.collection(["unit"]),
        "flexible_collection": made.collection(["flexible"]),
        "resident_collection": made.collection(["resident"]),
        "tax_office_collection": made.collection(["unit", "flexible", "resident"], office=True),
        "enrolment_by_unit_type": levels(
            made.typed(made.enrolled),
            {
                "units": units,
                "persons": people,
                "women": ("woman", "nunique"),
                "paying": ("due_person", "nunique"),
                "suspended": ("still", "nunique"),
                "enrolments": size,
            },
        ),
        "payment_by_unit_type": levels(
            made.typed(made.paid[made.paid.payment_flag == "pay"]),
            {
                "units": units,
                "persons": people,
                "details": size,
                "base_fen": ("pay_base_fen", "sum"),
                "unit_paid_fen": ("unit_paid_fen", "sum"),
                "person_paid_fen": ("person_paid_fen", "sum"),
                "paid_fen": ("money", "sum"),
                "extra_fen": ("extra", "sum"),
                "subsidy_fen": ("subsidy_fen", "sum"),
            },
        ),
    }
