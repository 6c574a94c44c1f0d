"""A site whose senders the harness plays: XML packets, a fixed width file with marks, text with a count line in a ZIP."""

from __future__ import annotations

import pytest

from hedui.site import Site

XML = {
    "type": "xml",
    "path": "lh/{date:%Y%m%d}/SBF_{type}_{agency}_{sequence:6}.xml",
    "complete": {"marker": "{path}.ok"},
    "totals": {"person_paid_fen": {"from": "HJJE"}},
}
FIXED = {
    "type": "fixed",
    "path": "bank/{date:%Y%m%d}.txt",
    "encoding": "gb18030",
    "header": {"starts": "H", "fields": [{"name": "mark", "bytes": 1}, {"name": "packet", "bytes": 8}]},
    "trailer": {
        "starts": "T",
        "count": "rows",
        "fields": [{"name": "mark", "bytes": 1}, {"name": "rows", "bytes": 6, "pad": "0", "align": "right"}],
    },
    "layout": {
        "payment": [
            {"name": "no", "bytes": 8},
            {"name": "name", "bytes": 10},
            {"name": "amount", "bytes": 9, "pad": "0", "align": "right"},
        ]
    },
}
TEXT = {
    "type": "delimited",
    "path": "gk/{date:%Y%m%d}_{sequence}.zip",
    "packets": True,
    "archive": "zip",
    "encoding": "gbk",
    "separator": "|",
    "count_line": True,
}
COLUMNS = {"detail_no": {"from": "no"}, "person_no": {"from": "name"}, "person_paid_fen": {"from": "amount"}}


@pytest.fixture(scope="session")
def site() -> Site:
    sources = [
        {"id": name, "name": name, "agency": "tax", "reader": reader, "datasets": {"payment": {"table": "p", "columns": COLUMNS}}}
        for name, reader in (("lh", XML), ("bank", FIXED), ("gk", TEXT))
    ]
    return Site.model_validate(
        {"id": "probe", "name": "probe", "region": "990100", "agencies": [{"id": "tax", "name": "税务", "tier": "tax"}],
         "sources": sources, "comparisons": []}
    )  # fmt: skip
