"""Closed statistics in later codes: what is counted per county, and what no weight distributes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.regions.migrate.plan import make_plan
from hedui.regions.migrate.records import Measure
from hedui.regions.migrate.restated import closed_totals, restated_checks, restated_totals
from hedui.site.regions import RegionSettings

TARGET = {"id": "monthly", "connection": "db", "table": "monthly", "key": ("id",), "column": "region", "amounts": ("fen",)}


def measure(code: str, rows: int, fen: int, *, closed: bool = True) -> Measure:
    return Measure(
        closed=closed, group="", code=code, rows=rows, persons=None, units=None, fen=(fen,), earliest="", latest="", digest="0"
    )


MEASURES = [
    measure("130428", 3, 100),
    measure("130428000000", 2, 50),  # the same county, filled up
    measure("130428100201", 1, 7),  # a village of it
    measure("130421", 10, 1001),
    measure("110101", 4, 1),
    measure("130428", 99, 99, closed=False),
]


@pytest.mark.parametrize(
    ("weights", "fen", "left"),
    [
        pytest.param(None, {"130407": 157, "110101": 1}, {"130421": 1001}, id="no weights"),
        pytest.param(
            "130421,130402,1/2,2010\n130421,130403,1/2,2010\n",
            {"130407": 157, "110101": 1, "130402": 501, "130403": 500},
            {},
            id="weights that add up to one",
        ),
        pytest.param(
            "130421,130402,0.3,2010\n", {"130407": 157, "110101": 1, "130402": 300}, {"130421": 701}, id="weights that leave over"
        ),
    ],
)
def test_totals_go_to_the_county_that_follows(
    tmp_path: Path, weights: str | None, fen: dict[str, int], left: dict[str, int]
) -> None:
    if weights:
        (tmp_path / "weights.csv").write_text(f"old_code,new_code,share,scheme\n{weights}", "utf-8")
    settings = RegionSettings.model_validate({"targets": (TARGET,), "weights": "weights.csv" if weights else None})
    plan = make_plan(settings, folder=tmp_path, start=dt.date(2016, 6, 30), end=dt.date(2016, 12, 31))
    (target,) = settings.targets
    assert closed_totals(target, MEASURES)["行数"] == {"130428": 6, "130421": 10, "110101": 4}
    found = {name: now for name, _, now in restated_totals(plan, target, MEASURES)}
    assert (found["fen"].totals, found["fen"].residual) == (fen, left)
    checks = restated_checks(plan, {"monthly": MEASURES})
    assert [(item.number, item.verdict) for item in checks] == [(11, "pass"), (11, "pass")]
    assert [item.difference for item in checks] == ["0", "0"]
