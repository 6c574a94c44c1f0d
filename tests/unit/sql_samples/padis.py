"""Samples of the queries about the upload."""

from __future__ import annotations

import datetime as dt

from unit.sql_samples import Samples

SAMPLES: Samples = {
    "padis/findings.sql": [
        {
            "date": dt.date(2026, 6, 3),
            "scope": "padis:birth",
            "source": "padis",
            "agency": "weijian",
            "subject_type": "person",
            "fingerprint": "md5(concat_ws('|', 'padis:birth', rule, subject_key))",
        }
    ],
    "padis/left_out.sql": [
        {
            "rows": "births",
            "known": "known",
            "key": "certificate_no",
            "event": "birth_time",
            "region": "region",
            "withdrawn": "void_reason",
        }
    ],
    "padis/monthly_details.sql": [
        {"births": "births", "first": dt.date(2026, 5, 1), "last": dt.date(2026, 5, 31), "region": "9901"},
    ],
}
