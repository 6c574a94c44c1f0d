"""Samples of the report's queries."""

from __future__ import annotations

from hedui.findings import FINDING_COLUMNS
from hedui.security.masking_sql import SqlMasks, pseudonym_sql
from unit.sql_samples import Samples

PLAIN = ("ages", "cases", "classified", "fields", "kinds", "presence", "regions", "scopes")
SAMPLES: Samples = {
    **{f"reports/{name}.sql": [{}] for name in PLAIN},
    "reports/restated.sql": [{"findings": "(SELECT * FROM findings)", "columns": list(FINDING_COLUMNS)}],
    "reports/detail.sql": [{"masks": SqlMasks(), "pseudonym": pseudonym_sql, "money_rules": ("C06",)}],
    "reports/regrouped.sql": [
        {
            "figures": "totals",
            "group": ["pool_region", "date"],
            "coded": {"pool_region": "(SELECT * FROM (VALUES ('990104', '990102')) AS v(code, restated))"},
            "sums": ["left_count", "right_count"],
            "amounts": amounts,
        }
        for amounts in (["unit"], [])
    ],
    "reports/xlsx_rows.sql": [
        {
            "relation": "listed", "start": 0, "count": 10, "first": 5, "special": "^[=]|[&<>]", "injection": "^[=]", "number": "^[0-9]+$",
            "illegal": "[\\x01]", "height": "18", "longest": 100, "columns": [
                {"name": name, "letter": letter, "kind": kind, "body": 1, "zebra": 2}
                for name, letter, kind in (("a", "A", "text"), ("b", "B", "money"), ("c", "C", "int"), ("d", "D", "date"))
            ],
        }
    ],
    "reports/totals.sql": [
        {"totals": "totals", "group": ["pool_region", "date"], "amounts": ["unit"], "states": ("unbalanced", "balanced")}
    ],
}  # fmt: skip
