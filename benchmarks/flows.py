"""The data of the flow benchmark: levies and the payments of one night, as many a side, in another order, few of which deviate.

Per 10,000 rows: 5 paid otherwise, 4 not paid, 3 paid without a levy, 2 delivered twice, 2 paid under a notice with a typing mistake that
only the second rung finds. The groups (region × agency × insurance × period) all hold some of these, so that all rows are compared in
detail: totals alone settle nothing.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

from hedui.canonical.schemas import dataset
from hedui.context import Context
from hedui.engine import connect
from hedui.lake import Lake, Manifest
from hedui.site import Site

DATE = dt.date(2026, 6, 3)
COMPARISON = "levy_payment"
FIELDS = {
    "levy": (
        "levy_no",
        "pool_region",
        "agency_code",
        "insurance",
        "person_no",
        "unit_no",
        "period",
        "unit_due_fen",
        "person_due_fen",
    ),
    "payment": (
        *("detail_no", "levy_no", "pool_region", "agency_code", "insurance", "person_no", "unit_no", "period", "payment_flag"),
        *("unit_paid_fen", "person_paid_fen"),
    ),
}
SHARE = 10_000


def site() -> Site:
    """Two sources and the comparison of what was levied with what was paid."""

    def source(name: str, table: str) -> dict[str, Any]:
        columns = {field: {"from": field} for field in FIELDS[table]}
        reader = {"type": "sql", "connection": name}
        return {
            "id": name,
            "name": name,
            "agency": name,
            "reader": reader,
            "datasets": {table: {"table": table, "columns": columns}},
        }

    flow = {
        "type": "flow",
        "id": COMPARISON,
        "name": COMPARISON,
        "left": {"source": "shebao", "dataset": "levy"},
        "right": {"source": "shuiwu", "dataset": "payment", "where": {"payment_flag": ["pay"]}},
        "keys": [["levy_no", "person_no", "insurance", "period"], ["person_no", "unit_no", "insurance", "period"]],
        "amounts": {"unit": [["unit_due_fen"], ["unit_paid_fen"]], "person": [["person_due_fen"], ["person_paid_fen"]]},
        "group": {name: [name, name] for name in ("pool_region", "agency_code", "insurance", "period")},
    }
    agencies = [{"id": name, "name": name, "tier": "local"} for name in ("shebao", "shuiwu")]
    return Site.model_validate(
        {
            "id": "bench",
            "name": "bench",
            "region": "990100",
            "agencies": agencies,
            "sources": [source("shebao", "levy"), source("shuiwu", "payment")],
            "comparisons": [flow],
        }
    )


def context(root: Path) -> Context:
    """The surroundings of a run over the lake in ``root``, with Hedui's own defaults for memory and threads."""
    return Context(
        site=site(), lake=Lake(str(root / "lake")), reports=root / "reports", inbox=str(root), ledger_url="postgresql://unused"
    )


def make(root: Path, *, rows: int) -> None:
    """Fills the lake in ``root`` with ``rows`` levies and about as many payments."""
    here = context(root)
    if here.lake.manifest(here.canonical("payment", "shuiwu", DATE)) is not None:
        return
    for name, own, stride in (("levy", "shebao", 1), ("payment", "shuiwu", 7_919_993)):
        _fill(here, name, own, rows, stride)


def _fill(here: Context, name: str, own: str, rows: int, stride: int) -> None:
    """One side, its rows in the order of a stride."""
    kept = f"i % {SHARE} NOT BETWEEN 5 AND 8" if name == "payment" else f"i % {SHARE} NOT BETWEEN 9 AND 11"
    wrong = f"CASE WHEN i % {SHARE} IN (14, 15) THEN 'X' ELSE '' END" if name == "payment" else "''"
    less = f"CASE WHEN i % {SHARE} < 5 THEN 1 ELSE 0 END" if name == "payment" else "0"
    paid = "paid" if name == "payment" else "due"
    values = {
        "detail_no": "'MX' || lpad(CAST(i AS VARCHAR), 12, '0')",
        "levy_no": f"'ZJ20260603' || lpad(CAST(i // 90 AS VARCHAR), 7, '0') || {wrong}",
        "pool_region": "CAST(990101 + i % 6 AS VARCHAR)",
        "agency_code": "CAST(99010101 + (i % 6) * 100 AS VARCHAR)",
        "insurance": "['110', '210', '410'][i % 3 + 1]",
        "person_no": "CAST(1000000000 + i // 3 AS VARCHAR)",
        "unit_no": "CAST(990100000000 + i // 90 AS VARCHAR)",
        "period": "'202605'",
        "payment_flag": "'pay'",
        f"unit_{paid}_fen": f"80000 + hash(i) % 100000 - {less}",
        f"person_{paid}_fen": "40000 + hash(i) % 50000",
    }
    schema = dataset(name)
    columns = ", ".join(f"CAST({values.get(field, 'NULL')} AS {spec.sql_type}) AS {field}" for field, spec in schema.fields.items())
    order = f"SELECT (k * {stride}) % {rows} AS i, k FROM range({rows}) AS r(k)"
    twice = f"UNION ALL SELECT i, {rows} + i FROM range({rows}) AS r(i) WHERE i % {SHARE} IN (12, 13)" if name == "payment" else ""
    with here.lake.writer(here.canonical(name, own, DATE)) as writer, connect() as connection:
        path = writer.new_file()
        query = f"SELECT {columns}, k + 1 AS source_row FROM ({order} {twice}) AS t WHERE {kept}"
        copied = connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
        fields = ", ".join(f"sum({field})" for field in schema.amounts)
        sums = connection.execute(f"SELECT {fields} FROM '{path}'").fetchone() or ()
        totals = {field: int(total or 0) for field, total in zip(schema.amounts, sums, strict=True)}
        writer.commit(Manifest(rows=copied[0] if copied else 0, control_totals=totals))


if __name__ == "__main__":
    make(Path(sys.argv[1]), rows=int(sys.argv[2]))
