"""A made-up night and its workbook."""

from __future__ import annotations

import pytest

from hedui.reports.assemble import nightly_report
from hedui.reports.content import Report
from hedui.reports.night import Night
from unit.reports.sample import sample_details, sample_night


@pytest.fixture(scope="session")
def night() -> Night:
    """The made-up night."""
    return sample_night()


@pytest.fixture(scope="session")
def report(night: Night) -> Report:
    """Its workbook, the details over three sheets."""
    return nightly_report(night, sample_details(25, per_sheet=10))
