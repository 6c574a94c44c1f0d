"""The rule catalogue is the handbook's, plus our four."""

from __future__ import annotations

import pytest

from hedui.errors import HeduiError
from hedui.rules import rule, rules


def test_the_catalogue_has_the_handbooks_202_rules_and_our_four() -> None:
    assert len(rules()) == 206
    assert {rule_id for rule_id in rules() if rule_id.startswith("K")} == {"K01", "K02", "K03", "K04"}


def test_the_severities_are_the_handbooks_split() -> None:
    counts = {code: sum(item.severity == code for item in rules().values()) for code in ("block", "warning", "error", "info")}
    assert counts == {"block": 22, "warning": 45 + 1, "error": 114 + 2, "info": 21 + 1}


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(HeduiError, match='no rule "Z99"'):
        rule("Z99")
