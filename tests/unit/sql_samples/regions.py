"""Samples of the statements over the lake's region codes."""

from __future__ import annotations

from types import SimpleNamespace

from unit.sql_samples import Samples

CLOSED = SimpleNamespace(column="period", before="201601")
PLACES = {"village": "village_code", "address": "home_address"}

SAMPLES: Samples = {
    "regions/values.sql": [
        {"data": "lake_partition", "column": "pool_region", "closed": CLOSED, "every": False},
        {"data": "lake_partition", "column": "pool_region", "closed": None, "every": True},
    ],
    "regions/places.sql": [
        {"data": "lake_partition", "column": "region", "codes": ["130421"], "places": PLACES, "closed": CLOSED},
    ],
    "regions/placed.sql": [
        {
            "data": "lake_partition",
            "column": "region",
            "person": "person_no",
            "places": ["village", "address"],
            "known": "region_places",
        },
    ],
    "regions/measure.sql": [
        {
            "data": "lake_partition",
            "column": "region",
            "person": "person_no",
            "unit": "unit_no",
            "amounts": ["due_fen"],
            "date": "start_date",
            "rest": ["person_no", "name"],
            "closed": CLOSED,
            "groups": "groups",
        },
        {
            "data": "lake_partition",
            "column": "region",
            "person": None,
            "unit": None,
            "amounts": [],
            "date": None,
            "rest": ["name"],
            "closed": None,
            "groups": "groups",
        },
    ],
    "regions/log.sql": [
        {
            "data": "lake_partition",
            "column": "region",
            "places": PLACES,
            "closed": CLOSED,
            "map": "map_rows",
            "manual": "decisions",
            "separator": "\x1f",
        },
        {
            "data": "lake_partition",
            "column": "region",
            "places": {},
            "closed": None,
            "map": "map_rows",
            "manual": "decisions",
            "separator": "\x1f",
        },
    ],
    "regions/moved.sql": [
        {
            "data": "lake_partition",
            "columns": ["person_no", "region", "source_row"],
            "column": "region",
            "log": "key_log",
            "from_code": "old_code",
            "to_code": "new_code",
        }
    ],
}
