"""Samples of the rules on accounts, benefits, deaths and monthly contributions; limits by region and scheme, and none at all."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from unit.sql_samples import Samples

DATE = dt.date(2026, 6, 3)
LIMITS = [
    SimpleNamespace(region="990101", insurance="110", minimum=180, maximum=9999),
    SimpleNamespace(region="", insurance="150", minimum=60, maximum=200),
]
READS: dict[str, tuple[str, ...]] = {
    "C25": ("contribution_month", "person", "death"),
    "D01": ("benefit", "person", "death"),
    "D07": ("benefit", "person"),
    "D11": ("benefit", "pension_account"),
    "E14": ("enrolment", "benefit"),
    "E15": ("person", "enrolment", "benefit"),
    "E20": ("person", "enrolment", "death"),
    "P23": ("person", "death"),
    "T16": ("pension_account", "enrolment"),
}
LOOKS_UP = {"D07": "benefit_age", "D11": "minimum_months", "E15": "minimum_months"}
PARAMETERS = {
    "E15": {"ages": ("110/1/720/4/36", "150/2/720/0/0"), "oldest": 110},
    "E20": {"grace_days": 30},
    "T16": {"contradictions": ("1/2", "4/1")},
}

SAMPLES: Samples = {
    f"rules/{rule}.sql": [
        {name: name for name in reads}
        | {
            "date": DATE,
            "parameters": PARAMETERS.get(rule, {}),
            "limits": {LOOKS_UP[rule]: limits} if rule in LOOKS_UP else {},
            "result": result,
        }
        for result in ("count", "rows")
        for limits in (LIMITS, [])
    ]
    for rule, reads in READS.items()
}
