"""The page of all rules is made from the registry and is current."""

from __future__ import annotations

from pathlib import Path

from hedui.checks.docs import rules_page
from hedui.checks.entries import registry
from hedui.checks.registry import shipped_rules
from hedui.rules import rules

PAGE = Path(__file__).resolve().parents[3] / "docs" / "rules.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == rules_page(), "the rules have changed: run `hedui rules docs`"


def test_every_shipped_rule_has_a_heading_and_the_others_a_reason() -> None:
    page = rules_page()
    for item in shipped_rules():
        assert f"\n### {item.rule} {item.name}\n" in page
    shipped = {item.rule for item in shipped_rules()}
    assert set(registry().not_judged) & shipped == set(), "a rule ships or cannot be judged, not both"
    assert set(registry().not_judged) <= set(rules())


def test_every_rule_on_persons_units_enrolments_and_contributions_ships_or_is_told_elsewhere() -> None:
    """Groups P, U, E and C whole: a check, a comparison of the demo site, or a reason why not."""
    elsewhere = {"E17", "E18", "U11", "U12", "C16", "C17"}
    told = {item.rule for item in shipped_rules()} | set(registry().not_judged) | elsewhere
    assert {name for name in rules() if name[0] in "PUEC"} - told == set()
