"""Samples of the rules on births and fertility registrations."""

from __future__ import annotations

import datetime as dt

from unit.sql_samples import Samples

DATE = dt.date(2026, 6, 3)
READS: dict[str, tuple[str, ...]] = {
    "F10": ("birth",),
    "F11": ("birth",),
    "F15": ("fertility_registration",),
    "F16": ("fertility_registration", "birth"),
    "F21": ("fertility_registration", "birth"),
    "F23": ("birth", "household", "death"),
}
PARAMETERS = {"F10": {"days": 180}, "F16": {"days": 300, "before": 365}, "F23": {"days": 28, "dead": ("9",)}}

SAMPLES: Samples = {
    f"rules/{rule}.sql": [
        {name: name for name in reads} | {"date": DATE, "parameters": PARAMETERS.get(rule, {}), "limits": {}, "result": result}
        for result in ("count", "rows")
    ]
    for rule, reads in READS.items()
}
