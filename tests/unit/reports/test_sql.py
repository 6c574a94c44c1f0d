"""Every query of the report renders, and Spark can read it."""

from __future__ import annotations

import pytest

from hedui import engine
from hedui.security.masking_sql import SqlMasks, pseudonym_sql

PARAMETERS = {
    "totals.sql": {"totals": "totals", "group": ["pool_region", "date"], "amounts": ["unit"], "states": ("unbalanced", "balanced")},
    "detail.sql": {"masks": SqlMasks(), "pseudonym": pseudonym_sql, "money_rules": ("C06",)},
}


@pytest.mark.parametrize("name", sorted(path.name for path in (engine.SQL_ROOT / "reports").glob("*.sql")))
def test_queries_render_and_transpile(name: str) -> None:
    text = engine.render(f"reports/{name}", **PARAMETERS.get(name, {}))
    assert text.startswith("-- ")
    assert len(engine.to_spark(text)) == 1
