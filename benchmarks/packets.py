"""A GBK packet of payments as a province sends it, and the source that describes it to Hedui.

``python packets.py FOLDER RECORDS`` makes the packet below ``FOLDER`` once and prints its path.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Work = Callable[[], dict[str, int]]
DATE = dt.date(2026, 6, 3)
FIELDS = {
    "AAZ083": "detail_no",
    "AAZ288": "levy_no",
    "AAD009": "tax_voucher_no",
    "AAA027": "pool_region",
    "AAB034": "agency_code",
    "AAE140": "insurance",
    "AAC001": "person_no",
    "AAC147": "id_number",
    "AAB001": "unit_no",
    "AAE003": "period",
    "AAA115": "payment_type",
    "AAB165": "payment_flag",
    "EAE180": "pay_base_fen",
    "AAE080": "unit_paid_fen",
    "AAE082": "person_paid_fen",
    "AAE056": "late_fee_fen",
    "BAC121": "unit_interest_fen",
    "AAE239": "person_interest_fen",
}
"""The packet's fields that Hedui uses; two more (a name and a time stamp) it only keeps."""
PLACE = "sw/20260603/SBF_JFXX102_990100001B2026020260603000001.xml"
READER = {
    "type": "xml",
    "path": "sw/{date:%Y%m%d}/SBF_{table}_{agency:9}{batch:6}{date:%Y%m%d}{sequence:6}.xml",
    "encoding": "declared",
}


def source() -> Any:
    """The source as a site has it."""
    from hedui.site.models import Source

    columns = {field: {"from": name} for name, field in FIELDS.items()}
    spec = {"table": "JFXX102", "columns": columns}
    return Source.model_validate({"id": "shuiwu", "name": "税务", "agency": "sw", "reader": READER, "datasets": {"payment": spec}})


def record(number: int) -> str:
    """A record; people and numbers are made up."""
    person = f"9901{number % 97:02d}19{60 + number % 40:02d}0101{number % 10_000:04d}"
    values = {
        "AAZ083": f"D{number:012d}",
        "AAZ288": f"L{number // 7:012d}",
        "AAD009": f"3{number // 3:017d}",
        "AAA027": "990100",
        "AAB034": "990100001",
        "AAE140": ("110", "310", "410")[number % 3],
        "AAC001": f"P{number % 1_000_000:09d}",
        "AAC003": "欧阳测试员"[number % 4 :],
        "AAC147": person,
        "AAB001": f"U{number % 9_000:07d}",
        "AAE003": "202605",
        "AAA115": "10",
        "AAB165": "1",
        "EAE180": f"{4000 + number % 9000}.00",
        "AAE080": f"{number % 2000}.{number % 100:02d}",
        "AAE082": f"{number % 900}.50",
        "AAE056": "0.00",
        "BAC121": "0.00",
        "AAE239": "0.00",
        "AAE418": "2026-06-03 10:11:12",
    }
    return f'<Record index="{number}">' + "".join(f"<{name}>{value}</{name}>" for name, value in values.items()) + "</Record>\n"


def make(folder: Path, records: int) -> Path:
    """The packet; made once."""
    target = folder / str(records) / PLACE
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    head = f"<SJBBH>B20260603000001</SJBBH><SJBLX>JFXX102</SJBLX><SFCF>0</SFCF><JGBS>990100001</JGBS><JLS>{records}</JLS>"
    with part.open("w", encoding="gbk") as file:
        file.write(f'<?xml version="1.0" encoding="GBK"?>\n<Package><PackageHead>{head}</PackageHead><Data>\n')
        for first in range(0, records, 10_000):
            file.write("".join(record(number) for number in range(first, min(records, first + 10_000))))
        file.write("</Data></Package>\n")
    part.replace(target)
    return target


def hedui_packets(folder: str, records: str) -> Work:
    """The packet as the extract step reads it: checked, with its head and digest, as received into a partition of a new lake."""
    import shutil

    from hedui.context import Context
    from hedui.lake import Lake, Partition
    from hedui.site import load_site
    from hedui.sources.raw import write_raw
    from hedui.sources.registry import open_reader

    inbox = Path(folder) / records
    lake = Lake(str(inbox / "lake"))
    shutil.rmtree(inbox / "lake", ignore_errors=True)
    site = load_site(Path(__file__).resolve().parents[1] / "include" / "sites" / "demo")
    context = Context(site=site, lake=lake, reports=inbox, inbox=str(inbox), ledger_url="")

    def work() -> dict[str, int]:
        partition = Partition(layer="raw", parts=("shuiwu", "payment"), date=DATE)
        with open_reader(context, source()).open(DATE) as snapshot, lake.writer(partition) as writer:
            found = write_raw(lake=lake, writer=writer, batches=snapshot.read("payment"), progress=lambda _: None)
            [packet] = snapshot.packets("payment")
            if packet.problems or packet.declared_rows != found.records:
                raise SystemExit("the packet was not read as it is")
        return {"records": found.records}

    return work


def lxml_loop(folder: str, records: str) -> Work:
    """What one writes by hand: ``iterparse``, a dictionary per record, Parquet by the same library in batches of the same size."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from lxml import etree

    schema = pa.schema([(name, pa.string()) for name in [*FIELDS, "AAC003", "AAE418"]])
    target = Path(folder) / records / "loop.parquet"

    def work() -> dict[str, int]:
        rows: list[dict[str, str | None]] = []
        count = 0
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for _, element in etree.iterparse(Path(folder) / records / PLACE, tag="Record"):
                rows.append({child.tag: child.text for child in element})
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
                if len(rows) == 15_000:
                    writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
                    count += len(rows)
                    rows = []
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
        return {"records": count + len(rows)}

    return work


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), int(sys.argv[2])))
