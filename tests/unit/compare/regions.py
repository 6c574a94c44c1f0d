"""A tiny site whose districts change on 2026-07-01, with sides that migrate on different days; shared by the tests of versions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from unit.compare.bench import source

OLD, NEW = dt.date(2025, 12, 31), dt.date(2026, 6, 30)
JUNE, JULY, LATER = dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2026, 7, 15)
"""Before the change; the day of the change, on which only the province has migrated; the day from which the city has, too."""

HISTORY = """code,name,level,parent,first,last
990000,东和省,province,,1983-12-31,2026-06-30
990100,和对市,prefecture,990000,1983-12-31,2026-06-30
990101,甲区,county,990100,1983-12-31,2026-06-30
990102,乙区,county,990100,1983-12-31,2025-12-31
990103,丙区,county,990100,1983-12-31,2026-06-30
990104,丁县,county,990100,1983-12-31,2025-12-31
990105,丁区,county,990100,2026-06-30,2026-06-30
990106,戊区,county,990100,2026-06-30,2026-06-30
"""
CHANGES = """from_date,to_date,old_code,old_name,new_code,new_name,kind,scope,level,effective_date,doc_no
2025-12-31,2026-06-30,990102,乙区,990101,甲区,merge,whole,county,2026-07-01,东政函〔2026〕1号
2025-12-31,2026-06-30,990103,丙区,990103,丙区,split,remain,county,2026-07-01,东政函〔2026〕2号
2025-12-31,2026-06-30,990103,丙区,990106,戊区,split,part,county,2026-07-01,东政函〔2026〕2号
2025-12-31,2026-06-30,990104,丁县,990105,丁区,recode,whole,county,2026-07-01,东政函〔2026〕3号
"""


def write_regions(folder: Path) -> Path:
    """The region files below a site's folder."""
    regions = folder / "regions"
    regions.mkdir(parents=True, exist_ok=True)
    (regions / "history.csv").write_text(HISTORY, encoding="utf-8")
    (regions / "tables.csv").write_text(f"date\n{OLD}\n{NEW}\n", encoding="utf-8")
    (regions / "changes.csv").write_text(CHANGES, encoding="utf-8")
    (folder / "institutions.csv").write_text("old_institution,new_institution\n99010201,99010101\n", encoding="utf-8")
    return folder


def declared(folder: Path) -> dict[str, Any]:
    """What a site says of its codes: the city migrates two weeks after the province."""
    write_regions(folder)
    versions = [{"source": "city", "since": JULY, "table": OLD}, {"source": "city", "since": LATER, "table": NEW}]
    return {"folder": folder, "region_codes": {"versions": versions, "institution_changes": "institutions.csv"}}


PERSON = ("person_no", "id_number", "name", "region")
PAYMENT = ("detail_no", "pool_region", "agency_code", "insurance", "person_no", "period", "unit_paid_fen", "person_paid_fen")


def regions_site(folder: Path) -> dict[str, Any]:
    """A city and a province with persons and payments; regions are compared."""
    datasets = {"person": PERSON, "payment": PAYMENT}
    flow = {
        "type": "flow",
        "id": "flow",
        "name": "流水",
        "left": {"source": "city", "dataset": "payment"},
        "right": {"source": "province", "dataset": "payment"},
        "key": ["detail_no"],
        "amounts": {"paid": [["unit_paid_fen", "person_paid_fen"], ["unit_paid_fen", "person_paid_fen"]]},
        "fields": {"pool_region": {"rule": "R06"}, "agency_code": {"rule": "R06"}},
        "group": {"pool_region": ["pool_region", "pool_region"], "insurance": ["insurance", "insurance"]},
        "window": 1,
        "audit_sample": 0,
    }
    persons = {
        "type": "snapshot",
        "id": "persons",
        "name": "人员",
        "sides": [{"source": "city", "dataset": "person"}, {"source": "province", "dataset": "person"}],
        "key": ["id_number"],
        "fields": {"name": {"rule": "T03"}, "region": {"rule": "E18"}},
        "presence": [{"rule": "T02"}],
    }
    keyed = persons | {"id": "keyed", "name": "按区划", "key": ["id_number", "region"], "fields": {"name": {"rule": "T03"}}}
    return {
        "id": "regions",
        "name": "区划",
        "region": "990100",
        "agencies": [{"id": "ag", "name": "机构", "tier": "local"}],
        "sources": [source("city", "ag", datasets), source("province", "ag", datasets)],
        "comparisons": [persons, keyed, flow],
    } | declared(folder)
