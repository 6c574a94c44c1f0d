"""Figures of a small lake: counted by hand, compared with other periods, restated, footing whatever the data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.context import Context
from hedui.errors import SiteError
from hedui.lake import Manifest, Partition
from hedui.reports.content import Formula, Table
from hedui.site.statistics import load_statistics
from hedui.statistics.compute import figures
from hedui.statistics.definitions import awaits, definitions
from hedui.statistics.errors import FootingError, NothingThereError, StatisticsError
from hedui.statistics.figures import Figures
from hedui.statistics.foot import check_footing
from hedui.statistics.model import ALL
from hedui.statistics.names import Labels
from hedui.statistics.periods import Period, period_of
from hedui.statistics.suppress import FEW, SMALL, WITHHELD, hide
from hedui.statistics.tables import tables, total_places
from integration.statistics.hand import JUNE, LAST_JUNE, MAY, enrolment, fill, levy, payment, small_context, write

MONTH = period_of("month", JUNE)
REPORTS = [name for name, item in definitions().items() if not awaits(item)]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    made = small_context(tmp_path_factory.mktemp("statistics"))
    fill(made.lake)
    return made


def total(found: Figures, key: str, *, row: str = ALL, sheet: str = ALL) -> int | float | None:
    return found.value(found.definition.by_key[key], (row, sheet))


@pytest.mark.parametrize(
    ("report", "row", "sheet", "expected"),
    [
        (
            "employer_collection", ALL, ALL,
            {
                "registered_units": 4, "registered_persons": 30, "due_units": 4, "declared_units": 4, "declaration_rate": 1.0,
                "levied_fen": 51 * 150000, "paid_fen": 51 * 150000 - 150001, "treasury_fen": 51 * 150000 - 300001, "extra_fen": 250,
                "arrears_units": 1, "arrears_persons": 2, "arrears_fen": 150001, "refund_persons": 1, "refunds": 1, "refund_fen": 4500,
                "paid_before": 51 * 120000, "paid_last_year": 51 * 187500,
            },
        ),
        # U1P00 is insured in two regions: in each of them, and once in the total.
        ("employer_collection", "990101", "110", {"registered_persons": 12}),
        ("employer_collection", "990102", "110", {"registered_persons": 16, "arrears_persons": 2}),
        ("employer_collection", "990102", "410", {"registered_persons": 1, "due_units": 0, "declaration_rate": None}),
        (
            "flexible_collection", ALL, ALL,
            {"registered_persons": 3, "due_persons": 3, "declared_persons": 0, "levied_fen": 0, "paid_fen": 120000, "collection_rate": None,
             "paid_before": 40000, "paid_change": 2.0},
        ),
        ("resident_collection", "990105", "150", {"registered_persons": 1, "paid_fen": 0, "paid_growth": None}),
        ("tax_office_collection", "1990102000", "210", {"registered_units": 2, "paid_persons": 12}),
        ("tax_office_collection", "", ALL, {"registered_units": 0, "registered_persons": 4, "paid_fen": 120000}),
        ("enrolment_by_unit_type", ALL, "", {"persons": 4, "units": 0}),
        ("enrolment_by_unit_type", "990102", "10", {"persons": 10, "units": 1, "suspended": 1}),
        ("payment_by_unit_type", ALL, "30", {"units": 1, "persons": 6, "paid_fen": 12 * 150000, "person_paid_fen": 12 * 50000}),
        ("bank_channels", "yinhang", "110", {"requests": 9, "deductions": 8, "refused": 1, "refused_fen": 100000, "reversals": 1}),
        ("refunds", "990101", "110", {"persons": 6, "refunds": 6, "refund_fen": 18000, "paid_out": 3, "returned": 1}),
    ],
)  # fmt: skip
def test_figures_counted_by_hand(context: Context, report: str, row: str, sheet: str, expected: dict[str, Any]) -> None:
    found = figures(context, report, MONTH)
    assert {key: total(found, key, row=row, sheet=sheet) for key in expected} == expected


def test_a_quarter_has_the_persons_of_all_its_months_once(context: Context) -> None:
    month = figures(context, "employer_collection", MONTH)
    quarter = figures(context, "employer_collection", period_of("quarter", JUNE))
    assert total(quarter, "paid_fen") == total(month, "paid_fen") + total(month, "paid_before")  # type: ignore[operator]
    assert total(quarter, "paid_persons") == 30
    assert total(quarter, "registered_persons") == total(month, "registered_persons")


def test_what_is_missing_is_told(context: Context) -> None:
    found = figures(context, "employer_collection", MONTH)
    assert len(found.inputs.missing["levy", "shebao"]) == 29
    with pytest.raises(NothingThereError, match="extract those dates first"):
        figures(context, "employer_collection", period_of("month", dt.date(2024, 1, 1)))
    with pytest.raises(StatisticsError, match='Did you mean "refunds"'):
        figures(context, "refund", MONTH)


def test_a_figure_is_counted_anew_when_its_input_changes(tmp_path: Path) -> None:
    context = small_context(tmp_path)
    write(context.lake, "payment", "linghuo", JUNE, [payment("L1", "F1", "110", "990101", None, 0, 100)])
    assert total(figures(context, "flexible_collection", MONTH), "paid_fen") == 100
    partition = context.lake.dates("statistics", "flexible_collection", "month", "as_was")
    assert partition == [MONTH.end]
    write(context.lake, "payment", "linghuo", JUNE, [payment("L1", "F1", "110", "990101", None, 0, 300)])
    assert total(figures(context, "flexible_collection", MONTH), "paid_fen") == 300


def kept(context: Context, name: str) -> Manifest | None:
    return context.lake.manifest(Partition(layer="statistics", parts=(name, "month", "as_was"), date=MONTH.end))


def test_reports_share_what_they_count_from_and_it_is_made_anew_when_its_input_changes(tmp_path: Path) -> None:
    context = small_context(tmp_path)
    fill(context.lake)
    figures(context, "employer_collection", MONTH)
    names = definitions()["employer_collection"].shares
    first = {name: kept(context, name) for name in names}
    assert first["arrears"] is not None
    assert first["arrears"].rows == 2
    figures(context, "tax_office_collection", MONTH)
    assert {name: kept(context, name) for name in names} == first
    write(context.lake, "levy", "shebao", JUNE, [levy("N9", "U1P00", "110", "990101", "U1", 7, 0)])
    found = figures(context, "tax_office_collection", MONTH)
    assert total(found, "arrears_fen") == 7
    assert {name for name in names if kept(context, name) != first[name]} == {"levied", "levied_amounts", "arrears"}


def test_a_payment_that_lacks_the_unit_settles_its_notice_all_the_same(tmp_path: Path) -> None:
    context = small_context(tmp_path)
    write(context.lake, "levy", "shebao", JUNE, [levy("N1", "P1", "110", "990101", "U1", 1000, 500)])
    write(context.lake, "payment", "shuiwu", JUNE, [payment("N1", "P1", "110", "990101", None, 1000, 400)])
    found = figures(context, "employer_collection", MONTH)
    assert (total(found, "arrears_fen"), total(found, "arrears_persons"), total(found, "paid_fen")) == (100, 1, 0)


def test_rows_without_a_person_or_a_unit_are_nobody_but_their_money_counts(tmp_path: Path) -> None:
    context = small_context(tmp_path)
    nobody = [{**enrolment("x", "110", "990101", "U1"), "person_no": None, "unit_no": None}]
    write(context.lake, "enrolment", "shebao", JUNE, nobody)
    paid = [{**payment("N1", "x", "110", "990101", "U1", 1000, 400), "person_no": None}]
    write(context.lake, "payment", "shuiwu", JUNE, paid)
    found = figures(context, "employer_collection", MONTH)
    expected = {"registered_persons": 0, "registered_units": 0, "paid_persons": 0, "paid_fen": 1400}
    assert {key: total(found, key, row="990101", sheet="110") for key in expected} == expected


@pytest.mark.parametrize(("sheets", "fails"), [(62, False), (63, True)])
def test_so_many_insurances_that_their_bits_do_not_fit_are_an_error(tmp_path: Path, sheets: int, fails: bool) -> None:
    context = small_context(tmp_path)
    write(context.lake, "enrolment", "shebao", JUNE, [enrolment("P1", f"?{n}", "990101", "U1") for n in range(sheets)])
    if fails:
        with pytest.raises(StatisticsError, match="at most 62 insurances or types of unit"):
            figures(context, "employer_collection", MONTH)
    else:
        assert total(figures(context, "employer_collection", MONTH), "registered_persons") == 1


def test_restated_figures_follow_mergers_and_splits_and_lose_nothing(tmp_path: Path) -> None:
    """990104 goes to 990102 whole, 990106 becomes 990107, 990105 is split 62 : 35 with 3 % that no weight distributes."""
    context = small_context(tmp_path)
    regions = ["990101"] * 3 + ["990102"] * 4 + ["990104"] * 5 + ["990106"] * 2 + ["990105"] * 100
    paid = [payment("N", f"F{n}", "110", region, None, 0, 100) for n, region in enumerate(regions)]
    paid.append(payment("N", "F3", "110", "990104", None, 0, 100))  # was counted in 990102 and in 990104
    write(context.lake, "payment", "linghuo", JUNE, paid, version="2025-12-31")
    was = figures(context, "payment_by_unit_type", MONTH)
    now = figures(context, "payment_by_unit_type", MONTH, restated=dt.date(2026, 6, 30))
    persons = {row: total(now, "persons", row=row) for row in now.rows}
    assert persons == {"990101": 3, "990102": 9, "990105": 62, "990107": 2, "990108": 35, "~990105": 3}
    assert total(was, "persons", row="990102") + total(was, "persons", row="990104") == 10  # type: ignore[operator]
    for key in ("persons", "details", "paid_fen"):
        assert total(now, key) == total(was, key)
    assert now.estimated == {"990105", "990108"}


def test_a_year_ago_is_compared_in_the_regions_of_today(tmp_path: Path) -> None:
    """Since then 990104 has gone to 990102 whole; what stood under both codes is what 990102 is compared with."""
    context = small_context(tmp_path)
    now = [payment("N", f"F{n}", "110", "990102", None, 0, 150) for n in range(10)]
    then = [payment("O", f"F{n}", "110", "990102" if n < 4 else "990104", None, 0, 100) for n in range(10)]
    write(context.lake, "payment", "linghuo", JUNE, now, version="2026-06-30")
    write(context.lake, "payment", "linghuo", LAST_JUNE, then, version="2025-12-31")
    write(context.lake, "payment", "linghuo", MAY, then, version="2026-06-30")
    found = figures(context, "payment_by_unit_type", MONTH)
    assert (total(found, "paid_last_year", row="990102"), total(found, "paid_growth", row="990102")) == (1000, 0.5)
    assert sum(total(found, "paid_last_year", row=row) or 0 for row in found.rows) == total(found, "paid_last_year")
    assert found.compared == {"year": dt.date(2026, 6, 30)}
    assert total(found, "paid_before", row="990102") == 400  # codes of the same table are taken as they are


def test_totals_that_do_not_foot_are_not_published() -> None:
    definition = definitions()["refunds"]
    cells = {
        ("a", "x"): {"refunds": 2, "persons": 2},
        ("a", ALL): {"refunds": 2, "persons": 2},
        (ALL, "x"): {"refunds": 2, "persons": 1},
    }
    with pytest.raises(FootingError, match="persons is 1 in total"):
        check_footing("refunds", definition, cells | {(ALL, ALL): {"refunds": 2, "persons": 2}})
    fits = {place: {**values, "persons": 2} for place, values in cells.items()}
    assert check_footing("refunds", definition, fits | {(ALL, ALL): {"refunds": 2, "persons": 2}}) > 0
    with pytest.raises(FootingError, match="refunds is 3 in total"):
        check_footing("refunds", definition, fits | {(ALL, ALL): {"refunds": 3, "persons": 2}})


REGIONS, UNITS, INSURANCES = ("990101", "990102", None), ("U1", "U2", "U3", None), ("110", "210", "150", "?9", None)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(REGIONS), st.sampled_from(UNITS), st.sampled_from(INSURANCES), st.integers(0, 8), st.integers(0, 10**12),
        st.integers(0, 10**12), st.booleans(),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@pytest.mark.parametrize("report", ["employer_collection", "payment_by_unit_type", "tax_office_collection"])
def test_every_total_foots_whatever_the_rows(report: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=6, deadline=None, derandomize=True)
    @given(rows=ROWS)
    def foots(rows: list[tuple[Any, ...]]) -> None:
        context = small_context(tmp_path_factory.mktemp("any"))
        write(context.lake, "enrolment", "shebao", JUNE, [enrolment(f"P{p}", i, r, u) for r, u, i, p, _, _, _ in rows])  # type: ignore[arg-type]
        notices = [levy(f"N{n % 3}", f"P{p}", i, r, u, a, b) for n, (r, u, i, p, a, b, _) in enumerate(rows)]
        write(context.lake, "levy", "shebao", JUNE, notices)
        write(
            context.lake, "payment", "shuiwu", JUNE,
            [payment(f"N{n % 3}", f"P{p}", i, r, u, b, a, flag="pay" if ok else "refund") for n, (r, u, i, p, a, b, ok) in enumerate(rows)],
        )  # fmt: skip
        found = figures(context, report, MONTH)
        for places, axis, label in zip(total_places(found), (1, 0), (found.definition.sheets, found.definition.rows), strict=True):
            for table in tables(found, places, (ALL, ALL), labels=Labels(dimension=label), axis=axis):
                assert_foots(table)

    foots()


def number(cell: object) -> Any:
    return cell.value if isinstance(cell, Formula) else cell


def assert_foots(table: Table) -> None:
    """What a reader with a pencil would do: add up the lines, take off the repetitions, divide the parts of a share."""
    for index, column in enumerate(table.columns):
        lines = [number(row[index]) for row in table.rows]
        if column.kind not in ("int", "money") or any(not isinstance(line, int) for line in lines):
            continue
        shown = [number(row[index]) for row in table.footer]
        if not lines:  # a table without a line has nothing to add up
            assert set(shown) <= {"—", 0}
            continue
        assert shown[0] == sum(lines)
        assert len(shown) in (1, 3)
        assert shown[-1] == shown[0] - (shown[1] if len(shown) == 3 else 0)
    for row in table.footer[-1:]:
        for index, column in enumerate(table.columns):
            cell = row[index]
            if column.kind == "percent" and isinstance(cell, Formula) and cell.value is not None:
                assert cell.value >= 0


def test_a_small_cell_stays_inside_and_cannot_be_computed(context: Context) -> None:
    found = figures(context, "employer_collection", MONTH)
    hidden = hide(found)
    persons = found.definition.by_key["registered_persons"]
    assert hidden.shown(persons, ("990105", "110")) == FEW
    assert hidden.shown(found.definition.by_key["paid_fen"], ("990105", "110")) == WITHHELD
    for measure in (item for item in found.definition.counted if item.distinct):
        for row in (*found.rows, ALL):
            assert_guarded(found, measure.key, [(row, sheet) for sheet in (*found.sheets, ALL)])
        for sheet in (*found.sheets, ALL):
            assert_guarded(found, measure.key, [(row, sheet) for row in (*found.rows, ALL)])


def assert_guarded(found: Figures, key: str, line: list[tuple[str, str]]) -> None:
    hidden, measure = hide(found), found.definition.by_key[key]
    for place in line:
        value = found.cells.get(place, {}).get(key, 0)
        assert not (0 < value < SMALL and hidden.shown(measure, place) is None), (key, place)
    withheld = [place for place in line if place in hidden.small[key] | hidden.covered[key]]
    assert len(withheld) != 1, (key, withheld)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("sources: {payments: [shuiwu]}", '2: sources.payments: "payments" is no canonical dataset'),
        ("sources: {payment: [sheng]}", '"sheng" does not deliver payment; choose one of'),
        ("sources: {}\nkeep_days: {day: 0}", "keep_days.day: 0 is not allowed"),
        ("sources: {}\nreceivers: [{id: a, name: 甲, way: email}]", "needs addresses in to"),
        ("sources: {}\nreceivers: [{id: a, name: 甲, way: fax}]", '"fax" is not allowed; choose one of'),
        ("sources: {}\nsend: 1", "send: unknown key"),
    ],
)
def test_mistakes_of_a_site_are_told(context: Context, tmp_path: Path, wrong: str, message: str) -> None:
    (tmp_path / "statistics.yaml").write_text(f"# 统计\n{wrong}\n", "utf-8")
    with pytest.raises(SiteError) as caught:
        load_statistics(context.site.model_copy(update={"folder": tmp_path}))
    assert message in str(caught.value)


def test_periods_do_not_share_figures(context: Context) -> None:
    day: Period = period_of("day", JUNE)
    assert total(figures(context, "refunds", day), "refunds") == total(figures(context, "refunds", MONTH), "refunds") == 6
