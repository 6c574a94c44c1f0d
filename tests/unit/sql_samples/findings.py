"""Samples of what all findings share."""

from __future__ import annotations

import datetime as dt

from hedui.findings import FINDING_COLUMNS
from unit.sql_samples import Samples

SAMPLES: Samples = {
    "findings/standing.sql": [{"columns": list(FINDING_COLUMNS), "date": dt.date(2026, 6, 3), "moving": ("IN_TRANSIT", "LATE")}],
}
