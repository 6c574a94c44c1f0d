"""A context over the demo site with a ledger of its own and a small lake of synthetic people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui.context import Context
from hedui.lake import Lake, Manifest
from hedui.ledger.schema import upgrade
from hedui.site import load_site
from integration.padis.people import id_number

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "include" / "sites" / "demo"
DATE = dt.date(2026, 6, 3)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Context:
    """The demo site; its inbox is an empty folder."""
    folder = tmp_path_factory.mktemp("exchange")
    (folder / "inbox").mkdir()
    ledger = new_database()
    upgrade(ledger)
    return Context(
        site=load_site(DEMO),
        lake=Lake(str(folder / "lake")),
        reports=folder / "reports",
        inbox=str(folder / "inbox"),
        ledger_url=ledger,
        connection={}.__getitem__,
    )


def floating(number: int, **changes: Any) -> dict[str, Any]:
    """A floating person; id numbers begin with 99."""
    row: dict[str, Any] = {
        "id_number": id_number(number),
        "name": f"测试流{number}",
        "sex": str(1 + number % 2),
        "birth_date": dt.date(1990 + number % 20, 1, 1),
        "registered_region": "110101",
        "living_region": ("990101", "990102")[number % 2],
        "inflow_date": dt.date(2026, 1, 5),
        "inflow_reason": "01",
        "marital_state": "20" if number % 5 else "10",
        "phone": f"139{number:08d}",
    }
    return {**row, **changes}


def put(context: Context, rows: list[dict[str, Any]], *, dataset: str = "floating_person", source: str = "liudong") -> None:
    """Puts canonical rows into the lake."""
    table = pa.Table.from_pylist([{**row, "source_row": at} for at, row in enumerate(rows, 1)])
    with context.lake.writer(context.canonical(dataset, source, DATE)) as writer:
        pq.write_table(table, writer.new_file())
        writer.commit(Manifest(rows=len(rows)))
