"""Samples of the queries about batches."""

from __future__ import annotations

import datetime as dt

from unit.sql_samples import Samples

PACKETS = [{"number": 1, "first_row": 1, "last_row": 10}, {"number": 2, "first_row": 11, "last_row": 10}]
SAMPLES: Samples = {
    "batches/records.sql": [
        {"packets": PACKETS, "amounts": ["unit_paid_fen", "person_paid_fen"], "regions": ("990101", "9902")},
        {"packets": PACKETS[:1], "amounts": [], "regions": ()},
    ],
    "batches/failed_rows.sql": [
        {
            "findings": "findings",
            "before": before,
            "source": "linghuo",
            "rules": ("R05",),
            "datasets": [{"scope": "paid", "dataset": "payment"}],
        }
        for before in (None, "earlier")
    ],
    "batches/changes.sql": [
        {
            "packet": "990101P0001",
            "before": "before_rows",
            "after": "after_rows",
            "keys": ["AAZ083"],
            "columns": ["AAZ083", "AAE082"],
        }
    ],
    "batches/staged.sql": [
        {
            "items": ['"aaz083"', '"rksj"'],
            "table": '"shebao"."ac44_lh"',
            "status": '"clzt"',
            "done": "'1'",
            "passed": passed,
            "arrived": '"rksj"',
            "before": "DATE '2026-06-04'",
            "since": since,
        }
        for passed, since in ((True, "DATE '2026-05-04'"), (False, None))
    ],
    "batches/findings.sql": [
        {"date": dt.date(2026, 6, 3), "scope": "batch:linghuo", "source": "linghuo", "fingerprint": "md5(subject_key)"}
    ],
}
