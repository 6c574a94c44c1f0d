"""The demo's month as pandas makes it from what the agencies have; the statistics are set beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import create_engine

from hedui.batches.settle import verdicts_of
from hedui.context import Context
from hedui.lake import Partition
from hedui.statistics.compute import figures
from hedui.statistics.definitions import awaits, definitions
from hedui.statistics.figures import Place
from hedui.statistics.model import ALL
from hedui.statistics.periods import period_of

DATES = (dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5))
LAST = DATES[-1]
MONTH = period_of("month", LAST)
SOURCES = ("shebao", "shuiwu", "linghuo", "yinhang", "chusheng", "liudong")
TAX_CODES = {"1101": "110", "1102": "150", "1103": "210", "1104": "410"}
KNOWN = {"110", "150", "210", "310", "390", "410"}
RESIDENTS = {"150", "390"}
SNAPSHOTS = ("unit", "person", "enrolment")
TABLES = {
    ("shebao", "unit"): "ab01", ("shebao", "person"): "ac01", ("shebao", "enrolment"): "ac02", ("shebao", "levy"): "ac43",
    ("shebao", "refund"): "ac45", ("shuiwu", "payment"): "jfxx102",
}  # fmt: skip


def fen(text: object) -> int | None:
    """Yuan as the agencies write them."""
    if text is None or text == "" or pd.isna(text):
        return 0
    try:
        return int(Decimal(str(text)) * 100)
    except ArithmeticError:
        return None


def readable(text: object, pattern: str) -> bool:
    """Whether a date is one, or empty."""
    if text is None or text == "" or pd.isna(text):
        return True
    try:
        dt.datetime.strptime(str(text), pattern)
    except ValueError:
        return False
    return True


def insurance(codes: dict[str, str]) -> Callable[[Any], str]:
    def meant(code: Any) -> str:
        if code is None or code == "" or pd.isna(code):
            return ""
        return codes.get(code) or (code if code in KNOWN else f"?{code}")

    return meant


def levels(frame: pd.DataFrame, count: Callable[[pd.DataFrame], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """``count`` over every row and sheet, and over all of each and of both."""
    found: dict[tuple[str, str], dict[str, Any]] = {(ALL, ALL): count(frame)} if len(frame) else {}
    for row, part in frame.groupby("row"):
        found[str(row), ALL] = count(part)
    for sheet, part in frame.groupby("sheet"):
        found[ALL, str(sheet)] = count(part)
    for (row, sheet), part in frame.groupby(["row", "sheet"]):
        found[str(row), str(sheet)] = count(part)
    return found


def merged(parts: Iterable[dict[tuple[str, str], dict[str, Any]]]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in parts:
        for place, values in part.items():
            found.setdefault(place, {}).update(values)
    return found


@dataclass
class Recomputed:
    """The month's figures, from the agencies' own tables and files; nothing of the product's conversion or SQL is used.

    Attributes:
        context: Gives the agencies' databases, and the files as they were received.
    """

    context: Context

    def __post_init__(self) -> None:
        self.units = self._table("shebao", "unit").sort_values("aab001")
        persons = self._table("shebao", "person")
        dates = ("aac006", "aac007", "aic162", "aae138")
        whole = persons[persons[list(dates)].map(lambda text: readable(text, "%Y%m%d")).all(axis=1)]
        self.women = set(whole.loc[whole.aac004 == "2", "aac001"])
        self.enrolled = self._enrolled(self._table("shebao", "enrolment"))
        levy = self._table("shebao", "levy")
        levy = levy[levy.aae036.map(lambda text: readable(text, "%Y%m%d"))]
        self.levy = pd.DataFrame(
            {
                "region": levy.aaa027.fillna(""), "sheet": levy.aae140.map(insurance({})), "unit": levy.aab001, "person": levy.aac001,
                "notice": levy.aaz288, "due": levy.aae021.map(fen) + levy.aae022.map(fen),
            }
        )  # fmt: skip
        self.paid = pd.concat([self._paid_by_units(), self._paid_alone()], ignore_index=True)

    def _table(self, source: str, dataset: str) -> pd.DataFrame:
        """The agency's own table: a snapshot as of the last date, a flow with all dates."""
        when = f"ksrq <= '{LAST}' AND jsrq > '{LAST}'" if dataset in SNAPSHOTS else f"aae418 BETWEEN '{DATES[0]}' AND '{LAST}'"
        sql = f"SELECT * FROM {source}.{TABLES[source, dataset]} WHERE {when}"
        return pd.read_sql(sql, create_engine(self.context.connection(f"{source}_db")))

    def _raw(self, source: str, dataset: str, dates: Iterable[dt.date] = DATES) -> pd.DataFrame:
        """What was received in files, as text."""
        frames = []
        for date in dates:
            partition = Partition(layer="raw", parts=(source, dataset), date=date)
            if self.context.lake.manifest(partition) is not None:
                frames += [pd.read_parquet(file).assign(date=date) for file in self.context.lake.files(partition)]
        return pd.concat(frames, ignore_index=True)

    def _enrolled(self, rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows[rows.aac008.isin(["1", "2"])]
        kinds = insurance({})
        return pd.DataFrame(
            {
                "region": rows.aaa027.fillna(""), "sheet": rows.aae140.map(kinds), "unit": rows.aab001, "person": rows.aac001,
                "paying": rows.aac031, "payer": [
                    "resident" if kinds(i) in RESIDENTS else "flexible" if category == "13" else "unit"
                    for i, category in zip(rows.aae140, rows.aac012, strict=True)
                ],
            }
        )  # fmt: skip

    def _paid_by_units(self) -> pd.DataFrame:
        rows = self._table("shuiwu", "payment")
        money = ("aae021", "aae022", "aae080", "aae082", "aae056", "bac121", "aae239", "aic152", "aae180")
        good = pd.concat([rows[name].map(lambda text: fen(text) is not None) for name in money], axis=1).all(axis=1)
        dates = [rows[name].map(lambda text: readable(text, "%Y-%m-%d")) for name in ("aae035", "aae531")]
        rows = rows[good & pd.concat(dates, axis=1).all(axis=1)]
        return self._payments(rows, sheet=rows.aae140.map(insurance(TAX_CODES)), flag=rows.aab165.map({"1": "pay", "2": "refund"}),
                              entered=pd.to_datetime(rows.aae531))  # fmt: skip

    def _paid_alone(self) -> pd.DataFrame:
        rows = self._raw("linghuo", "payment").rename(columns=str.lower)
        rows = rows[self._in_packets_that_count(rows)]
        good = rows.aae082.map(lambda text: fen(text) is not None)
        rows = rows[good].assign(aab001=None, aae080="0", bac121="0", aae239="0", aic152="0")
        return self._payments(rows, sheet=rows.aae140.map(insurance({})), flag=pd.Series("pay", index=rows.index),
                              entered=pd.to_datetime(rows.aae531, format="%Y%m%d"))  # fmt: skip

    def _in_packets_that_count(self, rows: pd.DataFrame) -> pd.Series:
        """Which packets count is what the tests of batches are about; here it is taken from them."""
        counted = [one.fact for one in verdicts_of(self.context, self.context.site.source("linghuo")) if one.state == "accepted"]
        places = {(fact.date, row) for fact in counted for row in range(fact.first_row, fact.first_row + fact.rows)}
        return pd.Series([place in places for place in zip(rows.date, rows.source_row, strict=True)], index=rows.index)

    def _payments(self, rows: pd.DataFrame, *, sheet: pd.Series, flag: pd.Series, entered: pd.Series) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "region": rows.aaa027.fillna(""), "sheet": sheet, "unit": rows.aab001, "person": rows.aac001, "notice": rows.aaz288,
                "flag": flag, "unit_paid": rows.aae080.map(fen), "person_paid": rows.aae082.map(fen), "base": rows.aae180.map(fen),
                "extra": rows.aae056.map(fen) + rows.bac121.map(fen) + rows.aae239.map(fen), "subsidy": rows.aic152.map(fen),
                "entered": entered <= pd.Timestamp(MONTH.end),
            }
        ).assign(paid=lambda frame: frame.unit_paid + frame.person_paid)  # fmt: skip

    def _named(self, frame: pd.DataFrame, column: str) -> pd.Series:
        """A property of the rows' units; empty where there is no unit."""
        names = self.units.groupby("aab001")[column].min()
        return frame.unit.map(names).fillna("")

    def _unit_type(self, frame: pd.DataFrame) -> pd.Series:
        known = {"": "", "10": "10", "20": "20", "30": "30", "90": "90"}
        return self._named(frame, "aab019").map(lambda code: known.get(code, f"?{code}"))

    def _collection(self, payers: set[str], *, office: bool = False) -> dict[tuple[str, str], dict[str, Any]]:
        def placed(frame: pd.DataFrame) -> pd.DataFrame:
            return frame.assign(row=self._named(frame, "aaf020") if office else frame.region)

        def payer(frame: pd.DataFrame) -> pd.Series:
            alone = frame.unit.isna().map({True: "flexible", False: "unit"})
            return alone.where(~frame.sheet.isin(RESIDENTS), "resident").isin(payers)

        enrolled = placed(self.enrolled[self.enrolled.payer.isin(payers)])
        levy, paid = placed(self.levy[payer(self.levy)]), placed(self.paid[payer(self.paid)])
        settled = paid[paid.flag == "pay"].groupby(["notice", "person", "sheet"]).paid.sum()
        due = levy.groupby(["notice", "person", "sheet"], as_index=False).agg(
            due=("due", "sum"), row=("row", "max"), unit=("unit", "max")
        )
        due["open"] = due.due - settled.reindex(pd.MultiIndex.from_frame(due[["notice", "person", "sheet"]])).fillna(0).to_numpy()
        return merged(
            [
                levels(enrolled, lambda f: {
                    "registered_units": f.unit.nunique(), "registered_persons": f.person.nunique(),
                    "due_units": f.unit[f.paying == "1"].nunique(), "due_persons": f.person[f.paying == "1"].nunique(),
                }),
                levels(levy, lambda f: {
                    "declared_units": f.unit.nunique(), "declared_persons": f.person.nunique(), "levied_fen": f.due.sum(),
                }),
                levels(paid, lambda f: {
                    "paid_persons": f.person[f.flag == "pay"].nunique(), "paid_fen": f.paid[f.flag == "pay"].sum(),
                    "extra_fen": f.extra[f.flag == "pay"].sum(), "treasury_fen": f.paid[(f.flag == "pay") & f.entered].sum(),
                    "refund_persons": f.person[f.flag == "refund"].nunique(), "refunds": (f.flag == "refund").sum(),
                    "refund_fen": -f.paid[f.flag == "refund"].sum(),
                }),
                levels(due[due.open > 0], lambda f: {
                    "arrears_units": f.unit.nunique(), "arrears_persons": f.person.nunique(), "arrears_fen": f.open.sum(),
                }),
            ]
        )  # fmt: skip

    def _only(self, report: str, found: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
        keys = {measure.key for measure in definitions()[report].counted}
        return {place: {key: value for key, value in values.items() if key in keys} for place, values in found.items()}

    def employer_collection(self) -> dict[tuple[str, str], dict[str, Any]]:
        return self._only("employer_collection", self._collection({"unit"}))

    def flexible_collection(self) -> dict[tuple[str, str], dict[str, Any]]:
        return self._only("flexible_collection", self._collection({"flexible"}))

    def resident_collection(self) -> dict[tuple[str, str], dict[str, Any]]:
        return self._only("resident_collection", self._collection({"resident"}))

    def tax_office_collection(self) -> dict[tuple[str, str], dict[str, Any]]:
        return self._only("tax_office_collection", self._collection({"unit", "flexible", "resident"}, office=True))

    def enrolment_by_unit_type(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self.enrolled.assign(row=self.enrolled.region, sheet=self._unit_type(self.enrolled))
        return levels(rows, lambda f: {
            "units": f.unit.nunique(), "persons": f.person.nunique(), "women": f.person[f.person.isin(self.women)].nunique(),
            "paying": f.person[f.paying == "1"].nunique(), "suspended": f.person[f.paying == "2"].nunique(), "enrolments": len(f),
        })  # fmt: skip

    def payment_by_unit_type(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self.paid[self.paid.flag == "pay"]
        rows = rows.assign(row=rows.region, sheet=self._unit_type(rows))
        return levels(rows, lambda f: {
            "units": f.unit.nunique(), "persons": f.person.nunique(), "details": len(f), "base_fen": f.base.sum(),
            "unit_paid_fen": f.unit_paid.sum(), "person_paid_fen": f.person_paid.sum(), "paid_fen": f.paid.sum(),
            "extra_fen": f.extra.sum(), "subsidy_fen": f.subsidy.sum(),
        })  # fmt: skip

    def bank_channels(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self._raw("yinhang", "bank_return")
        number = {name: pd.to_numeric(rows[name], errors="coerce").fillna(0).astype("int64") for name in ("sqje", "skje")}
        rows = pd.DataFrame(
            {
                "row": "yinhang", "sheet": rows.aae140.map(insurance(TAX_CODES)), "unit": rows.swdwbh.replace("", None),
                "back": rows.czbz == "1",
                "good": rows.jgdm == "0000", "asked": number["sqje"], "taken": number["skje"],
            }
        )  # fmt: skip
        return levels(rows, lambda f: {
            "units": f.unit.nunique(), "requests": (~f.back).sum(), "requested_fen": f.asked[~f.back].sum(),
            "deductions": (~f.back & f.good).sum(), "deducted_fen": f.taken[~f.back & f.good].sum(),
            "refused": (~f.back & ~f.good).sum(), "refused_fen": f.asked[~f.back & ~f.good].sum(),
            "reversals": f.back.sum(), "reversed_fen": f.taken[f.back].abs().sum(),
        })  # fmt: skip

    def births(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self._raw("chusheng", "birth", DATES[-1:]).fillna("")
        dates = {"CSSJ": "%Y%m%d%H%M%S", "QFRQ": "%Y%m%d", "BGRQ": "%Y%m%d"}
        good = pd.concat([rows[name].map(lambda text, form=form: readable(text, form)) for name, form in dates.items()], axis=1)
        numbers = pd.concat(
            [pd.to_numeric(rows[name].replace("", "0"), errors="coerce").notna() for name in ("CSYZ", "SC", "TZ")], axis=1
        )
        rows = rows[good.all(axis=1) & numbers.all(axis=1)]
        born = pd.to_datetime(rows.CSSJ, format="%Y%m%d%H%M%S")
        rows = rows[
            (born >= pd.Timestamp(MONTH.start)) & (born < pd.Timestamp(MONTH.end) + pd.Timedelta(days=1)) & (rows.ZFYY == "")
        ]
        rows = rows.assign(row=rows.XZQHDM.str[:6], sheet=rows.XB, number=rows.CSYXZMBH.str.upper())
        return levels(rows, lambda f: {
            "births": f.number.nunique(), "first_births": f.number[f.HC == "1"].nunique(), "second_births": f.number[f.HC == "2"].nunique(),
            "later_births": f.number[f.HC > "2"].nunique(),
        })  # fmt: skip

    def floating_population(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self._raw("liudong", "floating_person", DATES[-1:]).fillna("")
        rows = rows[
            rows.流入日期.map(lambda text: readable(text, "%Y-%m-%d")) & rows.出生日期.map(lambda text: readable(text, "%Y-%m-%d"))
        ]
        came = pd.to_datetime(rows.流入日期).between(pd.Timestamp(MONTH.start), pd.Timestamp(MONTH.end))
        home, here = rows.户籍地区划, rows.现居地区划
        rows = rows.assign(
            row=here.str[:6], sheet=rows.性别, number=rows.证件号码.str.strip().str.upper(), came=came,
            city=(home.str[:4] != here.str[:4]) & (home != ""), province=(home.str[:2] != here.str[:2]) & (home != ""),
        )  # fmt: skip
        return levels(rows, lambda f: {
            "persons": f.number.nunique(), "newcomers": f.number[f.came].nunique(), "other_city": f.number[f.city].nunique(),
            "other_province": f.number[f.province].nunique(),
        })  # fmt: skip

    def refunds(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self._table("shebao", "refund")
        rows = rows.assign(
            row=rows.aaa027.fillna(""), sheet=rows.aae140.map(insurance({})),
            amount=sum(rows[name].map(fen) for name in ("aae497", "aae498", "aae499", "aae500")),
        )  # fmt: skip
        return levels(rows, lambda f: {
            "persons": f.aac001.nunique(), "refunds": len(f), "refund_fen": f.amount.sum(), "paid_out": (f.pay_status == "1").sum(),
            "paid_out_fen": f.amount[f.pay_status == "1"].sum(), "returned": (f.is_return == "1").sum(),
            "returned_fen": f.amount[f.is_return == "1"].sum(),
        })  # fmt: skip


@dataclass
class RecomputedAsReceived(Recomputed):
    """The same from the rows as they were received: where others have changed the agencies' tables since."""

    def _table(self, source: str, dataset: str) -> pd.DataFrame:
        return self._raw(source, dataset, DATES[-1:] if dataset in SNAPSHOTS else DATES).rename(columns=str.lower)


def differences(
    context: Context, truth: Recomputed
) -> tuple[int, dict[tuple[str, Place], dict[str, tuple[int | None, int | None]]]]:
    """Sets every figure of every report of the month beside its recomputation.

    Returns:
        How many figures there are that are not zero; by report and place those that differ, ours before theirs.
    """
    checked, wrong = 0, {}
    for report in (name for name, item in definitions().items() if not awaits(item)):
        found = figures(context, report, MONTH)
        expected = getattr(truth, report)()
        places = {place for place, values in found.cells.items() if any(values.values())} | expected.keys()
        for place in places:
            mine = {key: value for key, value in found.cells.get(place, {}).items() if value}
            theirs = {key: int(value) for key, value in expected.get(place, {}).items() if value}
            checked += len(mine)
            if mine != theirs:
                keys = [key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)]
                wrong[report, place] = {key: (mine.get(key), theirs.get(key)) for key in keys}
    return checked, wrong
