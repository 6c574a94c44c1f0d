"""Samples of the comparisons: the parameters of small comparisons as they are run, so that every branch is what production renders."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hedui import engine
from hedui.compare.causes import root_causes
from hedui.findings import FINDING_COLUMNS
from unit.compare import ladders
from unit.compare.bench import Bench, people_site, tiny_context
from unit.compare.flows import D1, D2, SITE, pay, put
from unit.compare.maps import MAPPED_SITE
from unit.compare.regions import JULY, JUNE, regions_site
from unit.compare.tiers import TIERS_SITE
from unit.sql_samples import Samples

DAY = dt.date(2026, 6, 3)
PERSON = {"person_no": "P1", "id_number": "990101199001010019", "name": "甲"}
UNIT = {"unit_no": "U1", "tax_unit_no": "T1", "name": "甲公司"}


def record(folder: Path) -> Samples:
    """Runs the comparisons and keeps what they render."""
    found: Samples = {}
    render = engine.render

    def recorded(name: str, **parameters: Any) -> str:
        found.setdefault(name, []).append(parameters)
        return render(name, **parameters)

    with patch.object(engine, "render", recorded):
        people(Bench(tiny_context(people_site(), folder / "people")))
        units(Bench(tiny_context(MAPPED_SITE, folder / "units")))
        accounts(Bench(tiny_context(TIERS_SITE, folder / "accounts")))
        flows(Bench(tiny_context(SITE, folder / "flows")))
        ladder(Bench(tiny_context(ladders.SITE, folder / "ladder")))
        refunds(Bench(tiny_context(ladders.SITE | {"comparisons": [ladders.REFUNDS]}, folder / "refunds")))
        versions(Bench(tiny_context(regions_site(folder / "site"), folder / "versions")))
    return found


def people(bench: Bench) -> None:
    """Three tiers; keys that two of them have many times."""
    twins = [PERSON | {"id_number": "990101199001010027"}] * 40
    for source, rows in {"a": [PERSON, *twins], "b": [PERSON | {"name": "乙"}, *twins], "c": [*twins[:2]]}.items():
        bench.put("person", source, DAY, rows, raw=rows)
    bench.run("three", DAY)


def accounts(bench: Bench) -> None:
    """Changes on their way back to the local system."""
    for source in ("city", "province", "nation"):
        bench.put("pension_account", source, DAY, [])
    bench.run("accounts", DAY)


def units(bench: Bench) -> None:
    """Key maps that fill a key and a compared field."""
    bench.put("unit", "sb", DAY, [UNIT])
    bench.put("unit", "tax", DAY, [UNIT])
    bench.put("unit_map", "map", DAY, [UNIT])
    bench.put("enrolment", "sb", DAY, [])
    bench.put("tax_registration", "tax", DAY, [])
    bench.run("units", DAY)
    bench.run("people", DAY)


def versions(bench: Bench) -> None:
    """Sides that speak different versions of the region codes, and rows that wait over the change."""
    for source in ("city", "province"):
        bench.put("person", source, JULY, [PERSON | {"region": "990103"}])
        for date in (JUNE, JULY):
            bench.put("payment", source, date, [pay("A", pool_region="990103")] if (source, date) != ("city", JULY) else [])
    bench.run("persons", JULY)
    bench.run("flow", JUNE)
    bench.run("flow", JULY)


def flows(bench: Bench) -> None:
    """Two dates of a flow, and keys with the separator in them."""
    put(bench, D1, [pay("A"), pay("B")], [pay("B", 99)])
    put(bench, D2, [], [pay("A")])
    bench.run("flow", D1)
    bench.run("flow", D2)
    with engine.connect() as connection:
        root_causes(connection, bench.context, bench.context.site.comparisons[0], D1)
    engine.render("compare/findings_distinct.sql", columns=list(FINDING_COLUMNS))


def ladder(bench: Bench) -> None:
    """All of the matching of flows that can be declared."""
    ladders.deliver(bench, D1, [ladders.bank("A")], [ladders.tax("B")])
    bench.run("flow", D1)


def refunds(bench: Bench) -> None:
    """Refunds with and without payments."""
    for date, rows in ((D1, []), (D2, [{"refund_no": "1", "tax_voucher_no": "V"}])):
        bench.put("refund", "sb", date, rows)
        bench.put("payment", "tax", date, [ladders.tax("A")])
        bench.run("flow", date)


with tempfile.TemporaryDirectory() as temporary:
    SAMPLES = record(Path(temporary))
SAMPLES["compare/macros.sql"] = [{}]
