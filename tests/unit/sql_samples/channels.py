"""Samples of the channel monitor's queries."""

from __future__ import annotations

import datetime as dt

from unit.sql_samples import Samples

SAMPLES: Samples = {
    "channels/volume.sql": [{"returns": True}, {"returns": False}],
    "channels/paid.sql": [{"relation": "payment_unit"}, {"relation": "payment"}],
    "channels/delays.sql": [{"today": dt.date(2026, 6, 5)}],
}
