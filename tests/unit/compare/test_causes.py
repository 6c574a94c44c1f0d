"""Root causes of findings that were planted with one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from hedui import engine
from hedui.compare.causes import RootCause, root_causes
from unit.compare.bench import Bench
from unit.compare.flows import D1, D2, D3, SITE, pay, put

DAY = dt.date(2026, 6, 3)


def causes(bench: Bench, number: int, date: dt.date, **more: Any) -> list[RootCause]:
    with engine.connect() as connection:
        return root_causes(connection, bench.context, bench.context.site.comparisons[number], date, **more)


def test_a_unit_that_codes_sex_wrongly_comes_first(make_bench: Callable[..., Any], people_site: dict[str, Any]) -> None:
    bench = make_bench(people_site)
    people = [
        {"person_no": f"P{n}", "id_number": f"9901011990010{n:05d}", "name": "甲", "sex": "1", "birth_date": DAY}
        | {"unit_no": "U1" if n < 7 else f"V{n}", "region": "990101" if n < 3 else "990102"}
        for n in range(20)
    ]
    theirs = [row | {"sex": "2" if n < 10 else "1"} for n, row in enumerate(people)]
    theirs[15] |= {"name": "乙"}
    theirs[16] |= {"birth_date": None}
    bench.put("person", "a", DAY, people)
    bench.put("person", "b", DAY, theirs[:-1])
    bench.run("two", DAY)
    found = causes(bench, 1, DAY, hidden=("name",))
    values = {
        "kind": "STATUS",
        "rule": "T03",
        "field": "sex",
        "source": "b",
        "before": "1",
        "after": "2",
        "region": "990102",
        "unit": "U1",
    }
    assert found[0] == RootCause(**values, findings=10, share=10 / 13, amount_fen=0)
    rest = {(cause.kind, cause.field): (cause.before, cause.after, cause.unit, cause.findings) for cause in found[1:]}
    assert rest == {
        ("ATTR", "name"): (None, None, "V15", 1),
        ("ATTR", "birth_date"): ("2026-06-03", "", "V16", 1),
        ("ONLY_LEFT", None): (None, None, "V19", 1),
    }


def test_late_items_are_explained_by_the_unit_of_the_day_they_came(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(SITE)
    put(bench, D1, [pay("A", unit_no="U1"), pay("B", unit_no="U1"), pay("C", unit_no="U2")], [])
    for date in (D2, D3):
        put(bench, date, [pay(f"{date}", unit_no="U9")], [])
    for date in (D1, D2, D3):
        bench.run("flow", date)
    (late,) = causes(bench, 0, D3, most=5)
    assert (late.kind, late.unit, late.region, late.findings, late.share, late.amount_fen) == ("LATE", "U1", "990101", 3, 1.0, 450)
    assert causes(bench, 0, D1) == []
