"""The demo's code tables of accounts: one code, another meaning per scheme, and from a cut-over date on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.canonical.plan import code_entries
from hedui.site import load_site

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


@pytest.mark.parametrize(
    ("source", "insurance", "code", "date", "meaning"),
    [
        pytest.param("sheng", "", "30", dt.date(2026, 6, 3), "5", id="the last day of the old meaning"),
        pytest.param("sheng", "", "30", dt.date(2026, 6, 4), "3", id="the first day of the new one"),
        pytest.param("sheng", "110", "90", dt.date(2026, 6, 3), "2", id="employees"),
        pytest.param("sheng", "150", "90", dt.date(2026, 6, 3), "4", id="residents"),
        pytest.param("shebao", "", "3", dt.date(2026, 6, 3), "3", id="another source has its own codes"),
    ],
)
def test_a_code_means_what_it_means_for_the_scheme_and_the_day(
    source: str, insurance: str, code: str, date: dt.date, meaning: str
) -> None:
    entries = code_entries(codes=load_site(DEMO).codes, source=source, date=date)
    assert [
        entry.canonical
        for entry in entries
        if (entry.table_name, entry.insurance, entry.code) == ("account_state", insurance, code)
    ] == [meaning]
