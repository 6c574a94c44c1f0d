"""Samples of the queries about corrections."""

from __future__ import annotations

import datetime as dt

from unit.sql_samples import Samples

SAMPLES: Samples = {
    "corrections/unproven.sql": [
        {
            "findings": "findings",
            "date": dt.date(2026, 6, 5),
            "scope": "bundle:shebao",
            "source": "shebao",
            "agency": "sb_local",
            "severity": "block",
            "fingerprint": "md5(mark)",
        }
    ],
}
