"""Comparisons across a change of region codes: no false findings, and real differences are still found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from unit.compare.bench import Bench, tiny_context
from unit.compare.flows import assert_foots
from unit.compare.regions import JULY, JUNE, LATER, NEW, OLD, regions_site

ID = "9901011990010100{:02d}"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tiny_context(regions_site(tmp_path / "site"), tmp_path))


def persons(*codes: str | None) -> list[dict[str, Any]]:
    """One person per code."""
    return [
        {"person_no": f"P{n}", "id_number": ID.format(n), "name": "甲", "region": code} for n, code in enumerate(codes, start=1)
    ]


def compare(bench: Bench, date: dt.date, city: list[dict[str, Any]], province: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    bench.put("person", "city", date, city, raw=[{key.upper(): value for key, value in row.items()} for row in city])
    bench.put("person", "province", date, province)
    bench.run("persons", date)
    return set(bench.brief("persons", date, "rule", "subject_key", "side_values"))


BEFORE = ("990101", "990102", "990103", "990103", "990104", "990104000000", "990103001002")
AFTER = ("990101", "990101", "990103", "990106", "990105", "990105000000", "990103001002")
"""What the districts' people become: staying, merged, split to either side, under a new code, in a longer column, below a county."""


@pytest.mark.parametrize(
    ("date", "city", "province"),
    [
        pytest.param(JUNE, BEFORE, BEFORE, id="both before the change"),
        pytest.param(JULY, BEFORE, AFTER, id="one migrated, the other not"),
        pytest.param(LATER, AFTER, AFTER, id="both migrated"),
    ],
)
def test_a_migration_is_no_difference(bench: Bench, date: dt.date, city: tuple[str, ...], province: tuple[str, ...]) -> None:
    assert compare(bench, date, persons(*city), persons(*province)) == set()
    manifest = bench.context.lake.manifest(bench.context.findings("persons", date))
    assert manifest is not None
    assert manifest.meta["region_version"] == (OLD if date == JUNE else NEW).isoformat()


WRONG = ("990103", "990103", "990101", "990101", "990104", "990106000000", "990106001002")


def test_real_differences_are_found_on_every_day(bench: Bench) -> None:
    mixed = compare(bench, JULY, persons(*BEFORE), persons(*WRONG))
    shown = ("990101", "990101", "990103|990106", "990103|990106", "990105", "990105000000", "990103001002")
    expected = {
        ("E18", ID.format(n), f'{{"city":"{city}","province":"{province}"}}')
        for n, (city, province) in enumerate(zip(shown, WRONG, strict=True), start=1)
    }
    assert mixed == expected
    rows = {row["subject_key"]: row for row in bench.findings("persons", JULY)}
    assert rows[ID.format(3)]["region"] == "990103"  # a single code for readers, the side's own
    assert '"city":"990104"' in rows[ID.format(5)]["raw_values"]  # as received
    same = [old for old, wrong in zip(BEFORE, WRONG, strict=True) if old == wrong]
    assert len(compare(bench, JUNE, persons(*BEFORE), persons(*WRONG))) == len(WRONG) - len(same)


def test_an_old_code_of_a_side_that_has_migrated_is_a_difference(bench: Bench) -> None:
    assert compare(bench, LATER, persons("990104", "990103"), persons("990105", "990106")) == {
        ("E18", ID.format(1), '{"city":"990104","province":"990105"}'),
        ("E18", ID.format(2), '{"city":"990103","province":"990106"}'),
    }


def test_a_key_with_a_code_matches_across_the_change(bench: Bench) -> None:
    bench.put("person", "city", JULY, persons(*BEFORE, "990104"))
    bench.put("person", "province", JULY, persons(*AFTER, "990101"))
    bench.run("keyed", JULY)
    assert {row["subject_key"] for row in bench.findings("keyed", JULY)} == {
        f"{ID.format(len(BEFORE) + 1)}/990105",
        f"{ID.format(len(BEFORE) + 1)}/990101",
    }


def payment(number: int, region: str, agency: str = "99010101", paid: int = 100) -> dict[str, Any]:
    return {
        "detail_no": f"D{number}",
        "pool_region": region,
        "agency_code": agency,
        "insurance": "110",
        "person_no": f"P{number}",
        "period": "202606",
        "unit_paid_fen": paid,
        "person_paid_fen": 0,
    }


def flow(bench: Bench, date: dt.date, city: list[dict[str, Any]], province: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    bench.put("payment", "city", date, city)
    bench.put("payment", "province", date, province)
    bench.run("flow", date)
    assert_foots(bench, date)
    return set(bench.brief("flow", date, "kind", "rule", "subject_key", "field"))


def test_a_flow_across_the_change(bench: Bench) -> None:
    city = [payment(1, "990102", "99010201"), payment(2, "990103"), payment(3, "990103"), payment(4, "990104")]
    province = [payment(1, "990101"), payment(2, "990103"), payment(3, "990106"), payment(4, "990105")]
    assert flow(bench, JULY, city, province) == set()
    province[1] |= {"unit_paid_fen": 90}
    province[3] |= {"pool_region": "990101"}
    found = flow(bench, JULY, city, province)
    assert {("AMT", "R05", "D2", "paid"), ("ATTR", "R06", "D4", "pool_region")} <= found
    totals = {key for kind, _, key, _ in found if kind == "TOTAL"}
    assert totals == {"990103|990106", "990101", "990105"}  # a split leaves one group of both districts


def test_an_item_in_transit_over_the_change_meets_its_counterpart(bench: Bench) -> None:
    assert {
        kind for kind, *_ in flow(bench, JUNE, [payment(1, "990104"), payment(2, "990103"), payment(3, "990102", "99010201")], [])
    } == {"IN_TRANSIT"}
    found = flow(bench, JULY, [], [payment(1, "990105"), payment(2, "990106"), payment(3, "990103")])
    assert found == {
        ("CUTOFF", "R07", "D1", None),
        ("CUTOFF", "R07", "D2", None),
        ("CUTOFF", "R07", "D3", None),
        ("ATTR", "R06", "D3", "pool_region"),
    }


def test_the_order_of_dates_does_not_matter_over_the_change(bench: Bench, tmp_path: Path) -> None:
    left, right = [payment(1, "990104"), payment(2, "990103")], [payment(1, "990105"), payment(2, "990106")]
    other = Bench(tiny_context(regions_site(tmp_path / "other"), tmp_path / "other"))
    for each, dates in ((bench, (JUNE, JULY)), (other, (JULY, JUNE))):
        for date in dates:
            flow(each, date, left if date == JUNE else [], right if date == JULY else [])
    for date in (JUNE, JULY):
        assert bench.findings("flow", date) == other.findings("flow", date)


def filtered(folder: Path, **where: list[str]) -> Bench:
    """The persons' comparison restricted to some codes on both sides."""
    site = regions_site(folder / "site")
    persons, flow_only = site["comparisons"][0], site["comparisons"][2]
    persons["sides"] = [side | {"where": where} for side in persons["sides"]] if "region" in where else persons["sides"]
    if "agency_code" in where:
        flow_only["left"] |= {"where": where}
        flow_only["right"] |= {"where": where}
    site["comparisons"] = [persons, flow_only]
    return Bench(tiny_context(site, folder))


def notes(bench: Bench, scope: str, date: dt.date) -> list[str]:
    manifest = bench.context.lake.manifest(bench.context.findings(scope, date))
    assert manifest is not None
    return list(manifest.meta.get("region_notes", ()))


WHOLE_CITY = ("990101", "990102", "990103", "990103", "990104")
WHOLE_PROVINCE = ("990101", "990101", "990103", "990106", "990105")


@pytest.mark.parametrize(
    ("named", "inside"),
    [
        pytest.param("990104", {5}, id="under a new code"),
        pytest.param("990105", {5}, id="named by its new code"),
        pytest.param("990102", {1, 2}, id="merged: with the district that took it in"),
        pytest.param("990106", {3, 4}, id="split off: with the district that it was split from"),
        pytest.param("990103", {3, 4}, id="what has remained"),
        pytest.param("990101", {1, 2}, id="taken in"),
    ],
)
def test_a_restriction_takes_in_the_same_people_on_both_sides(tmp_path: Path, named: str, inside: set[int]) -> None:
    bench = filtered(tmp_path, region=[named])
    assert compare(bench, JULY, persons(*WHOLE_CITY), persons(*WHOLE_PROVINCE)) == set()
    manifest = bench.context.lake.manifest(bench.context.findings("persons", JULY))
    assert manifest is not None
    assert {side: figures["rows"] for side, figures in manifest.meta["balance"].items()} == {
        "city": len(inside),
        "province": len(inside),
    }
    other = [row | {"name": "乙"} for row in persons(*WHOLE_PROVINCE)]
    assert {key for _, key, _ in compare(bench, JULY, persons(*WHOLE_CITY), other)} == {ID.format(n) for n in inside}


def test_a_restriction_is_told_where_it_is_no_longer_what_was_written(tmp_path: Path) -> None:
    bench = filtered(tmp_path, region=["990102"])
    compare(bench, JULY, persons(*WHOLE_CITY), persons(*WHOLE_PROVINCE))
    assert notes(bench, "persons", JULY) == [
        "city：条件 行政区划 990102 按 2025-12-31 版为 990101、990102",
        "province：条件 行政区划 990102 按 2026-06-30 版为 990101",
    ]
    compare(bench, JUNE, persons(*WHOLE_CITY), persons(*WHOLE_CITY))
    assert notes(bench, "persons", JUNE) == []
    compare(bench, LATER, persons(*WHOLE_PROVINCE), persons(*WHOLE_PROVINCE))
    assert notes(bench, "persons", LATER) == [
        f"{side}：条件 行政区划 990102 按 2026-06-30 版为 990101" for side in ("city", "province")
    ]


def test_a_restriction_by_institution_follows_the_sites_list(tmp_path: Path) -> None:
    bench = filtered(tmp_path, agency_code=["99010201"])
    city = [payment(1, "990102", "99010201"), payment(2, "990101", "99010101"), payment(3, "990103", "99010301")]
    province = [payment(1, "990101", "99010101"), payment(2, "990101", "99010101"), payment(3, "990103", "99010301")]
    assert flow(bench, JULY, city, province) == set()
    manifest = bench.context.lake.manifest(bench.context.findings("flow", JULY))
    assert manifest is not None
    assert {side: figures["rows"] for side, figures in manifest.meta["balance"].items()} == {"left": 2, "right": 2}
    assert notes(bench, "flow", JULY)[0] == "city：条件 社保经办机构编号 99010201 按 2025-12-31 版为 99010101、99010201"


def test_a_township_without_a_row_of_its_own_is_compared_as_far_as_its_county(bench: Bench) -> None:
    city = ("990104001", "990104002000", "990104003", "990101001", "990102001", "990103001", "990103002")
    same = ("990105007", "990105008000", "990105000", "990101001", "990101009", "990103001", "990106001")
    assert {key for _, key, _ in compare(bench, JULY, persons(*city), persons(*same))} == {ID.format(7)}
    assert notes(bench, "persons", JULY) == [
        "city：4 个乡级及以下代码没有本级对照，比到所属县级",
        "city：2 个乡级及以下代码所属的县已拆分，保持 2025-12-31 版原代码",
        "province：3 个乡级及以下代码没有本级对照，比到所属县级",
    ]
    wrong = ("990106001", "990101008000", "990103", "990101002", "990105001", "990103001", "990103002")
    found = compare(bench, JULY, persons(*city), persons(*wrong))
    assert {key for _, key, _ in found} == {ID.format(n) for n in (1, 2, 3, 4, 5)}
    assert ("E18", ID.format(1), '{"city":"990105000|*","province":"990106001"}') in found


def test_an_institution_that_was_split_equals_any_of_its_successors(tmp_path: Path) -> None:
    bench = filtered(tmp_path)
    listed = "old_institution,new_institution\n99010301,99010301\n99010301,99010601\n"
    (tmp_path / "site" / "institutions.csv").write_text(listed, encoding="utf-8")
    city = [payment(number, "990103", "99010301") for number in (1, 2, 3)]
    province = [payment(1, "990103", "99010301"), payment(2, "990106", "99010601"), payment(3, "990103", "99010101")]
    found = flow(bench, JULY, city, province)
    assert {(rule, key, field) for kind, rule, key, field in found if kind == "ATTR"} == {("R06", "D3", "agency_code")}
    assert notes(bench, "flow", JULY) == [
        "city：2025-12-31 版至 2026-06-30 版有拆分的区划，经办机构只按 institution_changes 换代码，其余经办机构代码保持原样"
    ]
