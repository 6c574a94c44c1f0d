"""Rules that judge region codes: by the version in force on the record's date, or the one that the source still speaks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hedui.checks.suites import checks
from hedui.site import Site
from unit.compare.bench import source
from unit.compare.regions import JULY, JUNE, LATER, declared

FIELDS = {
    "person": ("person_no", "id_type", "id_number", "birth_date", "region"),
    "enrolment": ("person_no", "pool_region"),
    "levy": ("person_no", "pool_region", "levy_date"),
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A city that migrates two weeks after the change and a province that does so at once."""
    data: dict[str, Any] = {
        "id": "rules",
        "name": "规则",
        "region": "990100",
        "agencies": [{"id": "ag", "name": "机构", "tier": "local"}],
        "sources": [source("city", "ag", FIELDS), source("province", "ag", FIELDS)],
        "comparisons": [],
        "regions": [{"code": "990100", "name": "和对市"}, {"code": "990109", "name": "站点自列"}],
    }
    return Site.model_validate(data | declared(tmp_path / "site"))


def breaking(
    site: Site, rule: str, dataset: str, *, by: str, on: dt.date, column: str, rows: list[tuple[str | None, ...]]
) -> list[Any]:
    """The values of ``column`` that break the rule; a row has the dataset's fields in order."""
    check = next(item for item in checks(site, source=by, dataset=dataset, date=on) if item.rule == rule)
    assert not check.problem
    names = FIELDS[dataset]
    kinds = {name: "DATE" if name.endswith("_date") else "VARCHAR" for name in names}
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' for _ in names)})", rows)
        query = f"SELECT {column} FROM t WHERE ({check.denominator}) AND ({check.condition}) ORDER BY 1"
        return [row[0] for row in connection.execute(query).fetchall()]


CODES = ("990101", "990102", "990103", "990104", "990105", "990106", "990109", "990177")


@pytest.mark.parametrize(
    ("by", "on", "dead"),
    [
        pytest.param("province", JUNE, ["990105", "990106"], id="before the change the new codes are wrong"),
        pytest.param("province", JULY, ["990102", "990104"], id="from the change on the old ones are"),
        pytest.param("city", JULY, [], id="who has not migrated may use either"),
        pytest.param("city", LATER, ["990102", "990104"], id="once migrated it may not"),
    ],
)
def test_a_pool_region_is_judged_by_date_and_by_what_the_source_speaks(site: Site, by: str, on: dt.date, dead: list[str]) -> None:
    rows: list[tuple[str | None, ...]] = [("1", code) for code in CODES]
    assert breaking(site, "A02", "enrolment", by=by, on=on, column="pool_region", rows=rows) == dead
    assert breaking(site, "A01", "enrolment", by=by, on=on, column="pool_region", rows=rows) == ["990177"]
    persons = [("1", "01", None, None, code) for code in CODES]
    assert breaking(site, "P21", "person", by=by, on=on, column="region", rows=persons) == sorted([*dead, "990177"])


def test_an_old_levy_keeps_the_code_that_was_in_force(site: Site) -> None:
    rows = [("1", "990102", str(JUNE)), ("2", "990104", str(JULY)), ("3", "990105", str(JUNE)), ("4", "990105", str(JULY))]
    found = breaking(site, "A02", "levy", by="province", on=LATER, column="person_no", rows=rows)  # type: ignore[arg-type]
    assert found == ["2", "3"]


def test_an_id_prefix_is_judged_by_the_birth_date_and_never_migrated(site: Site) -> None:
    born = [
        ("990102", "1960-05-05"),
        ("990102", "2026-07-01"),
        ("990105", "1999-01-01"),
        ("990105", "2026-07-02"),
        ("990177", "1990-01-01"),
    ]
    rows = [(str(n), "01", f"{prefix}{birth.replace('-', '')}0010", birth, None) for n, (prefix, birth) in enumerate(born)]
    found = breaking(site, "P06", "person", by="province", on=LATER, column="person_no", rows=rows)  # type: ignore[arg-type]
    assert found == ["1", "2", "4"]
