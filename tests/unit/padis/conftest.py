"""Small profiles."""

from __future__ import annotations

from typing import Any

from hedui.site.padis_profile import Profile

RECEIPTS: dict[str, Any] = {
    "format": {
        "envelope": {"type": "delimited"},
        "batch": "PCH",
        "status": "JGDM",
        "line": "HH",
        "line_status": "CWSJBZ",
        "code": "CWDM",
        "reason": "CWXX",
    },
    "batch": {"0": "accepted", "1": "partial", "2": "rejected"},
    "lines": {"0": "accepted", "1": "rejected", "3": "duplicate"},
}


def profile_of(fields: list[dict[str, Any]], **more: Any) -> Profile:
    """A profile of births with these fields."""
    content: dict[str, Any] = {
        "id": "small",
        "title": "小",
        "records": {"birth": {"type": "CS", "fields": fields}},
        "codes": {"sex": {"1": "M", "2": "F"}, "action": {"new": "1", "change": "2", "withdraw": "3"}, **more.pop("codes", {})},
        "envelope": {"type": "delimited"},
        "archive": "none",
        "name": "{batch}.txt",
        "transport": {"type": "directory"},
        "receipts": RECEIPTS,
    }
    return Profile.model_validate({**content, **more})
