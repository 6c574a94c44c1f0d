"""Samples of the queries of outbound pushes."""

from __future__ import annotations

from unit.sql_samples import Samples

ONLY = {"sex": ["1", "2"]}

SAMPLES: Samples = {
    "exchange/floating_health.sql": [{"floating": "floating_person", "health": "health_record"}],
    "exchange/push_rows.sql": [
        {"rows": "person", "columns": ["id_number", "name"], "region": "region", "county": "990101", "only": only}
        for only in ({}, ONLY)
    ],
    "exchange/push_counts.sql": [
        {"rows": "person", "region": "region", "fields": [], "only": {}},
        {"rows": "person", "region": "region", "fields": ["sex", "unit_no"], "only": ONLY},
    ],
}
