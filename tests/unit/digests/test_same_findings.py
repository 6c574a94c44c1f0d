"""The blind comparison finds what the plain one finds, by digest: one-sided, attribute, status, duplicate, unusable, unmapped."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit.compare.bench import Bench, people_site, tiny_context
from unit.compare.maps import MAPPED_SITE
from unit.digests.kit import DAY, both_ways

IDS = [f"99010119900101{number:04d}" for number in range(1, 6)]


def person(id_number: str | None, name: str | None = "甲", **more: Any) -> dict[str, Any]:
    born = dt.date(1990, 1, 1)
    return {
        "person_no": f"P{id_number}",
        "id_number": id_number,
        "name": name,
        "sex": "1",
        "birth_date": born,
        "region": "990101",
    } | more


def test_every_kind_over_three_tiers(make_bench: Callable[[dict[str, Any]], Bench]) -> None:
    bench = make_bench(people_site())
    bench.put("person", "a", DAY, [person(IDS[0]), person(IDS[1]), person(IDS[1]), person(None), person(IDS[2]), person(IDS[4])])
    bench.put("person", "b", DAY, [person(IDS[0], "乙"), person(IDS[1]), person("0" * 18), person(IDS[2], sex="2"), person(IDS[3])])
    bench.put("person", "c", DAY, [person(IDS[0]), person(""), person(IDS[2], None, birth_date=dt.date(1991, 1, 1))])
    plain, blind = both_ways(bench, "three")
    assert {finding[1] for finding in plain} == {"ATTR", "STATUS", "MISSING_TIER", "DUP", "KEY"}
    assert {finding[5] for finding in plain if finding[1] == "ATTR"} == {"a", "c"}, "the authority matrix takes part"
    assert blind == plain


def test_two_sides_name_which_of_them_lacks_a_key(make_bench: Callable[[dict[str, Any]], Bench]) -> None:
    bench = make_bench(people_site())
    bench.put("person", "a", DAY, [person(IDS[0])])
    bench.put("person", "b", DAY, [person(IDS[1])])
    plain, blind = both_ways(bench, "two")
    assert {finding[1] for finding in plain} == {"ONLY_LEFT", "ONLY_RIGHT"}
    assert blind == plain


def test_numbers_that_go_through_a_map(make_bench: Callable[[dict[str, Any]], Bench]) -> None:
    bench = make_bench(MAPPED_SITE)
    unit = {"name": "甲公司"}
    bench.put("unit", "sb", DAY, [unit | {"unit_no": number} for number in ("U1", "U2", "U3")])
    rows = [("T1", "甲公司"), ("T2", "乙公司"), ("T9", "无对照"), ("T8", "两个"), (None, "无编号")]
    bench.put("unit", "tax", DAY, [{"tax_unit_no": number, "name": name, "unit_no": f"S{number}"} for number, name in rows])
    pairs = [("T1", "U1"), ("T2", "U2"), ("T8", "U3"), ("T8", "U1")]
    bench.put("unit_map", "map", DAY, [{"tax_unit_no": tax, "unit_no": own} for tax, own in pairs])
    plain, blind = both_ways(bench, "units")
    assert {finding[1] for finding in plain} == {"ATTR", "KEYMAP", "KEY", "ONLY_LEFT"}
    assert blind == plain


def test_a_map_of_a_compared_field_and_a_key_with_the_insurance(make_bench: Callable[[dict[str, Any]], Bench]) -> None:
    bench = make_bench(MAPPED_SITE)
    start = dt.date(2020, 1, 1)

    def enrolled(number: int, insurance: str, unit: str) -> dict[str, Any]:
        return {"person_no": f"P{number}", "id_number": IDS[number], "insurance": insurance, "start_date": start, "unit_no": unit}

    def registered(number: int, insurance: str, unit: str | None) -> dict[str, Any]:
        return {"person_no": f"R{number}", "id_number": IDS[number], "insurance": insurance, "tax_unit_no": unit}

    left = [enrolled(0, "110", "U1"), enrolled(1, "110", "U1"), enrolled(2, "210", "U1"), enrolled(3, "110", "U1")]
    bench.put("enrolment", "sb", DAY, [*left, enrolled(4, "110", "U1") | {"id_number": None}])
    right = [registered(0, "110", "T1"), registered(1, "110", "T2"), registered(2, "210", "T9"), registered(3, "210", "T1")]
    bench.put("tax_registration", "tax", DAY, [*right, registered(4, "110", None) | {"id_number": ""}])
    bench.put("unit_map", "map", DAY, [{"tax_unit_no": "T1", "unit_no": "U1"}, {"tax_unit_no": "T2", "unit_no": "U2"}])
    plain, blind = both_ways(bench, "people")
    assert {finding[1] for finding in plain} == {"ATTR", "KEYMAP", "KEY", "ONLY_LEFT", "ONLY_RIGHT"}
    assert blind == plain


ROWS = st.lists(
    st.builds(
        person,
        st.sampled_from([*IDS, None, "", "0" * 18, "1" * 18]),
        st.sampled_from(["甲", "乙", None]),
        sex=st.sampled_from(["1", "2", None]),
        birth_date=st.sampled_from([dt.date(1990, 1, 1), None]),
        person_no=st.sampled_from(["P1", "P2"]),
    ),
    max_size=6,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=ROWS, second=ROWS, third=ROWS)
def test_any_sides(first: list[dict[str, Any]], second: list[dict[str, Any]], third: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(tiny_context(people_site(), Path(folder)))
        for source, rows in zip("abc", (first, second, third), strict=True):
            bench.put("person", source, DAY, rows)
        plain, blind = both_ways(bench, "three")
    assert blind == plain
