"""The Oracle text of inspections is read by two parsers that know nothing of us."""

from __future__ import annotations

import pytest

from hedui.inspection.databases import DATABASE_CHECKS, _statement, sql_file
from unit.corrections.test_bundle_parsers import verdicts


def test_every_text_parses() -> None:
    texts = {check: _statement(sql_file("oracle", check) or "") for check in DATABASE_CHECKS}
    assert all(texts.values())
    found = dict(zip(texts, verdicts(list(texts.values())), strict=True))
    assert {check: verdict for check, verdict in found.items() if any(verdict.values())} == {}


@pytest.mark.parametrize("check", DATABASE_CHECKS)
@pytest.mark.parametrize("dialect", ["oracle", "postgresql"])
def test_every_text_yields_a_target_and_a_measure(dialect: str, check: str) -> None:
    file = sql_file(dialect, check)
    if (dialect, check) == ("postgresql", "failed_jobs"):
        assert file is None  # PostgreSQL has no jobs of its own
        return
    text = _statement(file or "").lower()
    assert "as target" in text
    assert "as measured" in text
    assert not text.endswith(";")
