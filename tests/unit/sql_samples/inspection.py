"""Samples of the inspections' queries on the lake; what is asked of other databases is ``*.sql.jinja``."""

from __future__ import annotations

import datetime as dt

from hedui.findings import FINDING_COLUMNS
from unit.sql_samples import Samples

DATE = dt.date(2026, 6, 3)
SAMPLES: Samples = {
    "inspection/findings.sql": [
        {
            "date": DATE,
            "scope": "inspection:shebao",
            "rule": "K04",
            "severity": "warning",
            "agency": "sb_local",
            "fingerprint": "md5(concat_ws('|', 'inspection:shebao', 'K04', subject_key))",
        }
    ],
    "inspection/carried.sql": [
        {"date": DATE, "columns": list(FINDING_COLUMNS), "before": "findings", "parts": ["latency/shebao_db/"]},
        {"date": DATE, "columns": list(FINDING_COLUMNS), "before": "findings", "parts": ["locks/shebao_db/", "disk/数据'湖/"]},
    ],
}
