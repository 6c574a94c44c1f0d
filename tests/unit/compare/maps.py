"""A site of 社保 and 税务 with a map between their unit numbers."""

from __future__ import annotations

from typing import Any

from unit.compare.bench import source

KEY_MAP = {"side": "tax", "source": "map", "from_field": "tax_unit_no", "to_field": "unit_no"}
COMMON = {"type": "snapshot", "presence": [{"rule": "E17"}], "key_maps": [KEY_MAP]}
MAPPED_SITE: dict[str, Any] = {
    "id": "tiny",
    "name": "小站",
    "region": "990100",
    "agencies": [{"id": "sb", "name": "社保", "tier": "local"}, {"id": "sw", "name": "税务", "tier": "tax"}],
    "sources": [
        source(
            "sb",
            "sb",
            {"unit": ["unit_no", "name"], "enrolment": ["person_no", "id_number", "insurance", "start_date", "unit_no"]},
        ),
        source(
            "tax",
            "sw",
            {
                "unit": ["unit_no", "tax_unit_no", "name"],
                "tax_registration": ["person_no", "id_number", "insurance", "tax_unit_no"],
            },
        ),
        source("map", "sb", {"unit_map": ["unit_no", "tax_unit_no"]}),
    ],
    "comparisons": [
        COMMON
        | {"id": "units", "name": "单位", "key": ["unit_no"], "fields": {"name": {"rule": "E18"}}}
        | {"sides": [{"source": "sb", "dataset": "unit"}, {"source": "tax", "dataset": "unit"}]},
        COMMON
        | {"id": "people", "name": "登记", "key": ["id_number", "insurance"], "fields": {"unit_no": {"rule": "E18"}}}
        | {"sides": [{"source": "sb", "dataset": "enrolment"}, {"source": "tax", "dataset": "tax_registration"}]},
    ],
}
