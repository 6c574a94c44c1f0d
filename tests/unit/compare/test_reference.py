"""The whole matching of flows against a slow matcher in plain Python, on made-up deliveries in any order of dates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from unit.compare.flows import CLASSES, assert_foots
from unit.compare.ladders import DATES, SITE, bank, deliver, tax
from unit.compare.reference import expected

FEW = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes: each example is a lake of its own
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NUMBERS = st.sampled_from(["A", "B", "C", None])
COMMON = {
    "tax_voucher_no": st.sampled_from(["V1", "V2", None]),
    "levy_no": st.sampled_from(["L10", "L11", "L20", None]),
    "period": st.sampled_from(["202604", "202605"]),
}
AMOUNTS = st.sampled_from([10, 20, 30, 31, 50])
BANK = st.builds(
    lambda number, fen, undoing, original, more: bank(
        number, -fen if undoing else fen, reversal_flag="1" if undoing else "0", original_no=original if undoing else None, **more
    ),
    NUMBERS,
    AMOUNTS,
    st.sampled_from([False, False, True]),
    st.sampled_from(["BA", "BB", "NIL", None]),
    st.fixed_dictionaries({**COMMON, "tax_unit_no": st.sampled_from(["T1", "T2", "T9", None])}),
)
TAX = st.builds(
    lambda number, fen, more: tax(number, fen, **more),
    NUMBERS,
    AMOUNTS,
    st.fixed_dictionaries({**COMMON, "unit_no": st.sampled_from(["U1", "U2", None])}),
)
DELIVERIES = st.fixed_dictionaries({date: st.tuples(st.lists(BANK, max_size=4), st.lists(TAX, max_size=4)) for date in DATES[:3]})


@FEW
@given(DELIVERIES, st.permutations(DATES[:3]))
def test_every_row_ends_where_the_reference_has_it(
    make_bench: Callable[..., Any], deliveries: dict[Any, tuple[list[Any], list[Any]]], order: list[Any]
) -> None:
    bench = make_bench(SITE)
    for date in deliveries:
        bench.context.lake.remove(bench.context.findings("flow", date))
        bench.context.lake.remove(bench.context.canonical("bank_return", "bank", date))
        deliver(bench, date, *deliveries[date])
    for date in order:
        bench.run("flow", date)
    for date, outcomes in expected(deliveries).items():
        if date not in deliveries:
            continue
        balance = bench.balance("flow", date)
        found = {name: [(balance[side][name], balance[side][f"{name}_fen"]) for side in ("left", "right")] for name in CLASSES}
        zero = [(0, 0), (0, 0)]
        assert found == {name: outcomes.get(name, zero) for name in CLASSES}, date
        assert_foots(bench, date)
