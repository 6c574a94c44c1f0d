"""Codes of one version in another, forward and back."""

from __future__ import annotations

import datetime as dt

import pytest

from hedui.regions.store import Store
from hedui.regions.translate import Translator

EARLY, MIDDLE, LATE = dt.date(2009, 3, 1), dt.date(2016, 7, 1), dt.date(2018, 7, 1)
TRANSLATOR = Translator(Store())


@pytest.mark.parametrize(
    ("code", "of", "to", "expected"),
    [
        pytest.param("130428", MIDDLE, LATE, ("130407", "moved", ()), id="a recode"),
        pytest.param("130428000000", MIDDLE, LATE, ("130407000000", "moved", ()), id="filled up to twelve digits"),
        pytest.param("110103", EARLY, LATE, ("110101", "moved", ()), id="a merge"),
        pytest.param("130421", EARLY, LATE, (None, "several", ("130402", "130403", "130404")), id="a split"),
        pytest.param("632121", EARLY, LATE, ("630203", "moved", ()), id="a chain"),
        pytest.param("110105", EARLY, LATE, ("110105", "same", ()), id="nothing"),
        pytest.param("130407", LATE, MIDDLE, ("130428", "moved", ()), id="back over a recode"),
        pytest.param("110101", LATE, EARLY, (None, "several", ("110101", "110103")), id="back over a merge"),
        pytest.param("110105", LATE, EARLY, ("110105", "same", ()), id="back over nothing"),
        pytest.param("130407", MIDDLE, LATE, (None, "unknown", ()), id="not yet a code"),
    ],
)
def test_a_code_in_another_version(code: str, of: dt.date, to: dt.date, expected: tuple[str | None, str, tuple[str, ...]]) -> None:
    found = TRANSLATOR.translate(code, of=of, to=to)
    assert (found.code, found.outcome, found.candidates) == expected
