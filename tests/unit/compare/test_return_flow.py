"""Changes on their way back (回流): what is explained by a change made upstream, within and after the window."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedui.compare.returning import window_start
from hedui.site.models import Calendar
from hedui.workdays import Workdays
from unit.compare.bench import Bench
from unit.compare.tiers import TIERS_SITE

FRIDAY = dt.date(2026, 6, 5)
ID = "990101199001010019"
SIDES = ("city", "province", "nation")
OLD, TUESDAY, WEDNESDAY, THURSDAY = dt.date(2026, 1, 10), dt.date(2026, 6, 2), dt.date(2026, 6, 3), dt.date(2026, 6, 4)


def account(*, closing: int | None = 1000, months: int | None = 100, changed: dt.date | None = OLD, **more: Any) -> dict[str, Any]:
    return {
        "person_no": "P",
        "id_number": ID,
        "insurance": "110",
        "year": "2025",
        "closing_fen": closing,
        "months_total": months,
        "account_state": "1",
        "changed_on": changed,
    } | more


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench(TIERS_SITE)


def found(bench: Bench, *sides: dict[str, Any] | None, date: dt.date = FRIDAY) -> Counter[tuple[Any, ...]]:
    """Rule, kind, severity, acting side and field of what the three tiers' rows of one person give."""
    for key, row in zip(SIDES, sides, strict=True):
        bench.put("pension_account", key, date, [row] if row else [])
    bench.run("accounts", date)
    return bench.brief("accounts", date, "rule", "kind", "severity", "source", "field")


NOTICE = {("T14", "IN_TRANSIT", "info", "city", None): 1}
OVERDUE = {("T14", "LATE", "warning", "city", None): 1}
T06 = {("T06", "ATTR", "error", "city", "months_total"): 1}


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        pytest.param([account(), account(), account()], {}, id="all alike"),
        pytest.param([account(), *[account(changed=THURSDAY)] * 2], {}, id="changed upstream, but alike"),
        pytest.param([account(), *[account(months=101, changed=THURSDAY)] * 2], NOTICE, id="changed yesterday"),
        pytest.param([account(), *[account(months=101, changed=WEDNESDAY)] * 2], NOTICE, id="the window's last day"),
        pytest.param([account(), *[account(months=101, changed=TUESDAY)] * 2], OVERDUE, id="a day after the window"),
        pytest.param(
            [account(), account(months=101, changed=TUESDAY), account(months=101, changed=THURSDAY)],
            OVERDUE,
            id="the oldest change counts",
        ),
        pytest.param(
            [account(), *[account(months=101, closing=5000, changed=TUESDAY)] * 2], OVERDUE, id="one finding for several fields"
        ),
        pytest.param([account(), *[account(months=101, changed=dt.date(2026, 7, 1))] * 2], NOTICE, id="changed in the future"),
        pytest.param([account(changed=None), *[account(months=101, changed=TUESDAY)] * 2], OVERDUE, id="local change unknown"),
        pytest.param([account(), *[account(months=101, changed=None)] * 2], T06, id="change upstream unknown"),
        pytest.param([account(changed=THURSDAY), *[account(months=101, changed=TUESDAY)] * 2], T06, id="changed locally later"),
        pytest.param([account(changed=TUESDAY), *[account(months=101, changed=TUESDAY)] * 2], T06, id="changed on the same day"),
        pytest.param(
            [account(), account(), account(months=101, changed=TUESDAY)],
            {("T06", "ATTR", "error", "city", "months_total"): 1},
            id="the upper tiers differ from each other: not only the way back",
        ),
        pytest.param(
            [account(), *[account(months=101, changed=THURSDAY, account_state="2")] * 1, account(months=101, changed=THURSDAY)],
            NOTICE | {("T04", "STATUS", "error", "province", "account_state"): 1},
            id="one field is explained, the other is not",
        ),
        pytest.param([account(), *[account(closing=1010, changed=TUESDAY)] * 2], {}, id="within the tolerance"),
        pytest.param([account(), *[account(closing=1011, changed=TUESDAY)] * 2], OVERDUE, id="beyond the tolerance"),
        pytest.param([account(closing=None), *[account(closing=None, changed=TUESDAY)] * 2], {}, id="no amount anywhere"),
        pytest.param([account(closing=None), *[account(changed=TUESDAY)] * 2], OVERDUE, id="an amount that is new upstream"),
        pytest.param([None, *[account(changed=WEDNESDAY)] * 2], NOTICE, id="new upstream"),
        pytest.param(
            [None, *[account(changed=TUESDAY)] * 2],
            {("T01", "MISSING_TIER", "error", "city", None): 1},
            id="new upstream, the window is over",
        ),
        pytest.param(
            [None, account(changed=None), account(changed=WEDNESDAY)],
            {("T01", "MISSING_TIER", "error", "city", None): 1},
            id="new in one upper tier, old in the other",
        ),
        pytest.param(
            [None, None, account(changed=WEDNESDAY)],
            NOTICE | {("T02", "MISSING_TIER", "error", "province", None): 1},
            id="new in the nation alone",
        ),
    ],
)
def test_return_flow(bench: Bench, sides: list[dict[str, Any] | None], expected: dict[tuple[Any, ...], int]) -> None:
    assert found(bench, *sides) == expected


def test_a_finding_says_what_changed_when_and_where(bench: Bench) -> None:
    found(bench, account(), account(months=101, changed=THURSDAY), account(months=101, closing=5000, changed=TUESDAY))
    (finding,) = [row for row in bench.findings("accounts", FRIDAY) if row["rule"] == "T14"]
    evidence = json.loads(finding["evidence"])
    assert (evidence["changed_on"], evidence["fields"]) == ("2026-06-02", "months_total")
    assert finding["right_source"] == "nation"
    assert json.loads(finding["side_values"]) == {"city": "2026-01-10", "province": "2026-06-04", "nation": "2026-06-02"}


def test_a_case_keeps_its_fingerprint_when_the_window_is_over(bench: Bench) -> None:
    changed = [account(), *[account(months=101, changed=WEDNESDAY)] * 2]
    prints = set()
    for date, kind in ((FRIDAY, "IN_TRANSIT"), (dt.date(2026, 6, 8), "LATE")):
        found(bench, *changed, date=date)
        (finding,) = bench.findings("accounts", date)
        assert finding["kind"] == kind
        prints.add(finding["fingerprint"])
    assert len(prints) == 1


@pytest.mark.parametrize(
    ("date", "right"), [pytest.param(WEDNESDAY, "city", id="before"), pytest.param(THURSDAY, "nation", id="after")]
)
def test_authority_changes_at_the_cut_over(bench: Bench, date: dt.date, right: str) -> None:
    found(bench, account(months=1), account(months=1), account(months=2), date=date)
    (finding,) = bench.findings("accounts", date)
    assert finding["right_source"] == right
    assert finding["source"] == ("nation" if right == "city" else "city")


def test_the_window_counts_working_days() -> None:
    days = Workdays(calendar=Calendar(extra_holidays=(THURSDAY,)))
    assert window_start(FRIDAY, 0, Workdays()) == FRIDAY
    assert window_start(FRIDAY, 1, Workdays()) == THURSDAY
    assert window_start(FRIDAY, 1, days) == WEDNESDAY
    assert window_start(dt.date(2026, 6, 8), 1, Workdays()) == FRIDAY


FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROW = st.none() | st.builds(
    account,
    closing=st.sampled_from([None, 1000, 1010, 2000]),
    months=st.sampled_from([None, 100, 101]),
    changed=st.sampled_from([None, OLD, TUESDAY, WEDNESDAY, THURSDAY]),
)


def differ(field: str, one: Any, other: Any) -> bool:
    if field == "closing_fen" and None not in (one, other):
        return bool(abs(one - other) > 10)
    return bool(one != other)


def reference(city: dict[str, Any] | None, uppers: list[dict[str, Any] | None]) -> Counter[tuple[str, str | None]]:
    """Kind and field of every finding, worked out side by side."""
    result: Counter[tuple[str, str | None]] = Counter()
    present = [row for row in uppers if row]
    if not city and not present:
        return result
    recent = [row["changed_on"] is not None and row["changed_on"] >= WEDNESDAY for row in present]
    if not city:
        result["IN_TRANSIT" if all(recent) else "MISSING_TIER", None] += 1
    result["MISSING_TIER", None] += sum(not row for row in uppers)
    awaited = []
    for field in ("closing_fen", "months_total"):
        among = len(present) == 2 and differ(field, present[0][field], present[1][field])
        lagging = [row for row in present if city and differ(field, city[field], row[field])]
        ahead = [
            row["changed_on"] is not None and (not city["changed_on"] or row["changed_on"] > city["changed_on"]) for row in lagging
        ]
        if lagging and not among and all(ahead):
            awaited += [row["changed_on"] for row in lagging]
        elif lagging or among:
            result["ATTR", field] += 1
    if awaited:
        result["IN_TRANSIT" if min(awaited) >= WEDNESDAY else "LATE", None] += 1
    return +result


@FEW
@given(ROW, ROW, ROW)
def test_against_a_second_computation(
    make_bench: Callable[..., Bench], city: dict[str, Any] | None, province: dict[str, Any] | None, nation: dict[str, Any] | None
) -> None:
    bench = make_bench(TIERS_SITE)
    found(bench, city, province, nation)
    assert bench.brief("accounts", FRIDAY, "kind", "field") == reference(city, [province, nation])
