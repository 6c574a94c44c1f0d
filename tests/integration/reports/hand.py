"""Findings partitions made by hand around the demo site, recorded in an embedded ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hedui.context import Context
from hedui.findings import FINDING_COLUMNS
from hedui.lake import Manifest

WEDNESDAY, THURSDAY = dt.date(2026, 6, 3), dt.date(2026, 6, 4)
TYPES = {"DATE": pa.date32(), "BIGINT": pa.int64(), "VARCHAR": pa.string()}
AGENCY = {"shebao": "sb_local", "sheng": "sb_province", "guotong": "sb_nation", "shuiwu": "tax", "yibao": "medical"}


def id_number(number: int) -> str:
    """A synthetic id number: address prefix 99, never issued."""
    body = f"990101{1960 + number % 40:04d}{1 + number % 12:02d}{1 + number % 28:02d}{number % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def finding(date: dt.date, **values: Any) -> dict[str, Any]:
    """A finding with its fingerprint; what is not given is None."""
    row = dict.fromkeys(FINDING_COLUMNS) | {"business_date": date, "severity": "error", "subject_type": "person"} | values
    row["agency"] = row["agency"] or AGENCY[row["source"]]
    identity = (row["scope"], row["rule"], row["subject_key"], row["insurance"], row["period"], row["field"], row["source"])
    row["fingerprint"] = hashlib.md5("|".join(str(part or "") for part in identity).encode(), usedforsecurity=False).hexdigest()
    for column in ("side_values", "raw_values", "evidence"):
        if row[column] is not None:
            row[column] = json.dumps(row[column], ensure_ascii=False)
    return row


def write_findings(
    context: Context, scope: str, date: dt.date, rows: list[dict[str, Any]], *, totals: pa.Table | None = None, **meta: Any
) -> Manifest:
    """Writes a findings partition."""
    columns = {name: pa.array([row[name] for row in rows], type=TYPES[kind]) for name, kind in FINDING_COLUMNS.items()}
    with context.lake.writer(context.findings(scope, date)) as writer:
        pq.write_table(pa.table(columns), writer.new_file())
        if totals is not None:
            pq.write_table(totals, writer.new_file("totals"))
        return writer.commit(Manifest(rows=len(rows), meta=meta))


def write_canonical(context: Context, dataset: str, source: str, date: dt.date, *, rows: int, rejected: int = 0) -> None:
    """Writes a canonical partition of which only the rows' numbers and units matter here: the first six rows are of one unit."""
    numbers = range(1, rows + 1)
    columns = {"source_row": pa.array(numbers, pa.int64()), "unit_no": [f"U{max(0, number - 6):03d}" for number in numbers]}
    with context.lake.writer(context.canonical(dataset, source, date)) as writer:
        pq.write_table(pa.table(columns), writer.new_file())
        writer.commit(Manifest(rows=rows, rejected=rejected, meta={"source_rows": rows + rejected}))


def tiers(date: dt.date) -> list[dict[str, Any]]:
    """Three-tier findings: two names, a birth date, a missing person, a duplicate, an unusable key, a formula as a name."""

    def row(number: int, **values: Any) -> dict[str, Any]:
        return finding(date, scope="person_tiers", dataset="person", subject_key=id_number(number), region="990102", **values)

    def name(number: int, ours: str, theirs: str) -> dict[str, Any]:
        values = {"shebao": ours, "sheng": theirs, "guotong": ours}
        rows = {"source_row": {"shebao": number, "sheng": number + 1, "guotong": number + 2}}
        deviation = {"rule": "T03", "kind": "ATTR", "field": "name", "source": "sheng", "right_source": "guotong"}
        return row(number, side_values=values, raw_values=values, evidence=rows, **deviation)

    return [
        name(1, "张三丰", "张三"),
        name(2, "李四", "李肆"),
        name(3, "王五", '=HYPERLINK("http://example.org")'),
        row(
            4,
            rule="T03",
            kind="ATTR",
            field="birth_date",
            source="guotong",
            right_source="shebao",
            side_values={"shebao": "1964-05-05", "sheng": "1964-05-05", "guotong": "1964-05-06"},
            raw_values={"shebao": "19640505", "sheng": "1964-05-05", "guotong": "1964/05/06"},
            evidence={"source_row": {"shebao": 4, "sheng": 5, "guotong": 6}},
        ),
        row(5, rule="T02", kind="MISSING_TIER", source="guotong", side_values={"shebao": "有", "sheng": "有", "guotong": "无"}),
        row(6, rule="K02", kind="DUP", source="sheng", side_values={"sheng": "2"}),
        row(7, rule="K01", kind="KEY", source="shebao", side_values={"shebao": "99010119800101123"})
        | {"subject_key": "no:P0000007"},
    ]


def recorded(date: dt.date) -> tuple[list[dict[str, Any]], pa.Table, dict[str, Any]]:
    """The flow 税务缴费↔社保到账: an amount that differs, one payment in transit, the group's totals, the balance."""

    def row(key: str, **values: Any) -> dict[str, Any]:
        return finding(
            date,
            scope="tax_recorded",
            dataset="payment",
            subject_key=key,
            region="990101",
            insurance="110",
            source="shebao",
            **values,
        )

    rows = [
        row(
            "JF0001",
            rule="R05",
            kind="AMT",
            field="unit",
            period="202605",
            amount_diff_fen=1_005,
            origin_date=date,
            side_values={"shuiwu": "80000", "shebao": "78995"},
            raw_values={"shuiwu": "800.00", "shebao": "789.95"},
            right_source="shuiwu",
        ),
        row(
            "JF0002",
            rule="R09",
            kind="IN_TRANSIT",
            severity="info",
            period="202605",
            amount_diff_fen=50_000,
            origin_date=date,
            side_values={"shuiwu": "50000"},
        ),
        row(
            f"990101/J01/pay/{date}",
            rule="R01",
            kind="TOTAL",
            severity="block",
            subject_type="group",
            amount_diff_fen=1_005,
            origin_date=date,
        ),
    ]
    amounts = ("unit", "person", "late_fee", "unit_interest", "person_interest", "subsidy")
    columns: dict[str, list[Any]] = {
        "pool_region": ["990101", "990102"],
        "agency_code": ["J01", "J02"],
        "insurance": ["110", "110"],
        "payment_flag": ["pay", "pay"],
        "date": [date, date],
        "left_count": [3, 2],
        "right_count": [2, 2],
    }
    for amount in amounts:
        columns[f"left_{amount}"] = [200_000, 90_000] if amount == "unit" else [70_000, 30_000] if amount == "person" else [0, 0]
        columns[f"right_{amount}"] = [148_995, 90_000] if amount == "unit" else [70_000, 30_000] if amount == "person" else [0, 0]
    for side in ("left", "right"):
        columns[f"explained_{side}_count"] = [int(side == "left"), 0]
        for amount in amounts:
            columns[f"explained_{side}_{amount}"] = [50_000 if (side, amount) == ("left", "unit") else 0, 0]
    columns["state"] = ["unbalanced", "balanced"]
    left = {"rows": 5, "rejected": 1, "carried_in": 0, "rows_fen": 390_000, "carried_in_fen": 0}
    left |= {"matched": 3, "different": 1, "one_sided": 0, "in_transit": 1, "duplicate": 0, "unusable": 0}
    left |= {
        "matched_fen": 230_000,
        "different_fen": 110_000,
        "one_sided_fen": 0,
        "in_transit_fen": 50_000,
        "duplicate_fen": 0,
        "unusable_fen": 0,
    }
    right = {"rows": 4, "rejected": 0, "carried_in": 0, "rows_fen": 338_995, "carried_in_fen": 0}
    right |= {"matched": 3, "different": 1, "one_sided": 0, "in_transit": 0, "duplicate": 0, "unusable": 0}
    right |= {
        "matched_fen": 230_000,
        "different_fen": 108_995,
        "one_sided_fen": 0,
        "in_transit_fen": 0,
        "duplicate_fen": 0,
        "unusable_fen": 0,
    }
    return rows, pa.table(columns), {"balance": {"left": left, "right": right}}


def checks(date: dt.date, *, people: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Findings of P05 on ``people`` persons, with the records of three rules."""
    rows = [
        finding(
            date,
            scope="check:person:shebao",
            dataset="person",
            source="shebao",
            rule="P05",
            kind="RULE",
            severity="warning",
            subject_key=f"P{number:07d}",
            region="990103",
            evidence={"source_row": {"shebao": number + 1}, "rows": 1, "field": "id_number"},
            side_values={"shebao": id_number(number)},
            raw_values={"shebao": f" {id_number(number)}"},
        )
        for number in range(people)
    ]
    base = {"dataset": "person", "source": "shebao", "threshold": 0.0, "reason": ""}
    records = [
        base
        | {"rule": "P05", "name": "校验位错误", "severity": "warning", "examined": 200, "violations": people, "state": "failed"},
        base | {"rule": "P01", "name": "姓名为空", "severity": "error", "examined": 210, "violations": 0, "state": "passed"},
        base
        | {"rule": "P18", "name": "退休早于参加工作", "severity": "error", "examined": 0, "violations": 0, "state": "no_data"}
        | {"reason": "没有符合检查范围的记录"},
    ]
    return rows, {"rules": records}


def wednesday(context: Context, *, people: int = 30) -> None:
    """A night on which every source arrived."""
    for dataset, source, rows in (("person", "shebao", 210), ("person", "sheng", 208), ("person", "guotong", 207)):
        write_canonical(context, dataset, source, WEDNESDAY, rows=rows)
    write_canonical(context, "payment", "shuiwu", WEDNESDAY, rows=5, rejected=1)
    write_canonical(context, "payment", "shebao", WEDNESDAY, rows=4)
    for source in AGENCY:
        write_findings(context, f"arrival:{source}", WEDNESDAY, [])
    balance = {
        source: {
            "rows": rows,
            "rejected": 0,
            "matched": rows - 9,
            "different": 4,
            "one_sided": 2,
            "duplicate": 2,
            "unusable": 1,
            "keymap": 0,
        }
        for source, rows in (("shebao", 210), ("sheng", 208), ("guotong", 207))
    }
    write_findings(context, "person_tiers", WEDNESDAY, tiers(WEDNESDAY), balance=balance)
    rows, totals, meta = recorded(WEDNESDAY)
    write_findings(context, "tax_recorded", WEDNESDAY, rows, totals=totals, **meta)
    rows, meta = checks(WEDNESDAY, people=people)
    write_findings(context, "check:person:shebao", WEDNESDAY, rows, **meta)


def thursday(context: Context) -> None:
    """The next night: 国统 did not deliver, so the three tiers did not run; half of the P05 findings are gone."""
    write_canonical(context, "person", "shebao", THURSDAY, rows=210)
    missing = finding(
        THURSDAY, scope="arrival:guotong", dataset="person", source="guotong", rule="B12", kind="ARRIVAL", subject_type="batch",
        subject_key="guotong",
    )  # fmt: skip
    for source in AGENCY:
        write_findings(context, f"arrival:{source}", THURSDAY, [missing] if source == "guotong" else [])
    rows, meta = checks(THURSDAY, people=15)
    write_findings(context, "check:person:shebao", THURSDAY, rows, **meta)
