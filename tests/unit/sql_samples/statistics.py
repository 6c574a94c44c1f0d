"""Samples of the statistics' queries."""

from __future__ import annotations

import datetime as dt

from hedui.security.masking_sql import SqlMasks
from unit.sql_samples import Samples

PARAMETERS = {"start": dt.date(2026, 6, 1), "end": dt.date(2026, 6, 30), "residents": ("150", "390"), "flexible": ("13",)}
REPORTS = (
    "employer_collection",
    "flexible_collection",
    "resident_collection",
    "tax_office_collection",
    "enrolment_by_unit_type",
    "payment_by_unit_type",
    "bank_channels",
    "refunds",
    "births",
    "floating_population",
)
SHARED = ("registered", "levied", "levied_amounts", "paid", "paid_amounts", "arrears")
FIELDS = {"pool_region": "VARCHAR", "paid_date": "DATE", "unit_paid_fen": "BIGINT"}
SAMPLES: Samples = {
    **{f"statistics/{name}.sql": [PARAMETERS] for name in REPORTS},
    **{f"statistics/{name}.sql": [PARAMETERS] for name in SHARED},
    "statistics/arrears_details.sql": [{"masks": SqlMasks(), "residents": ("150", "390")}],
    "statistics/listed.sql": [{"query": "SELECT * FROM owed", "columns": [("region", "region"), ("open_fen", "")]}],
    "statistics/relation.sql": [
        {
            "fields": FIELDS,
            "present": ("pool_region", "paid_date"),
            "source": "shuiwu",
            "files": "payments",
            "version": "2025-12-31",
        },
        {"fields": FIELDS, "present": tuple(FIELDS), "source": "shuiwu", "files": "payments", "version": None},
        {"fields": FIELDS, "present": (), "source": "", "files": None, "version": None},
    ],
}
