"""A site of three tiers of pension accounts, with the way back of changes."""

from __future__ import annotations

from typing import Any

from unit.compare.bench import source

ACCOUNT_FIELDS = ("person_no", "id_number", "insurance", "year", "closing_fen", "months_total", "account_state", "changed_on")
SOURCES = [source(key, f"ag_{key}", {"pension_account": ACCOUNT_FIELDS}) for key in ("city", "province", "nation")]

TIERS_SITE: dict[str, Any] = {
    "id": "tiers",
    "name": "三级",
    "region": "990100",
    "agencies": [{"id": f"ag_{key}", "name": f"机构{key}", "tier": "local"} for key in ("city", "province", "nation")],
    "sources": SOURCES,
    "comparisons": [
        {
            "id": "accounts",
            "name": "账户",
            "type": "snapshot",
            "sides": [{"source": key, "dataset": "pension_account"} for key in ("city", "province", "nation")],
            "key": ["id_number", "insurance", "year"],
            "fields": {
                "closing_fen": {"rule": "T09", "tolerance_fen": 10},
                "months_total": {"rule": "T06"},
                "account_state": {"rule": "T04", "kind": "STATUS"},
            },
            "presence": [{"rule": "T01", "missing": "city"}, {"rule": "T02"}],
            "return_flow": {"local": "city", "window": 2},
        }
    ],
    "authority": [
        {"dataset": "pension_account", "insurance": "110", "valid_to": "2026-06-03", "source": "city"},
        {"dataset": "pension_account", "insurance": "110", "valid_from": "2026-06-04", "source": "nation"},
    ],
}
