"""The page of all rules is made from the registry and is current."""

from __future__ import annotations

import re
from pathlib import Path

import hedui
from hedui.checks.catalogue import places
from hedui.checks.docs import DEMO_SITE, rules_page
from hedui.checks.entries import registry
from hedui.checks.registry import shipped_rules
from hedui.corrections import watch as corrections
from hedui.exchange.assist import day as assist
from hedui.inspection import findings as inspection
from hedui.rules import rules
from hedui.site import load_site

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


def test_every_rule_of_the_catalogue_is_judged_somewhere_or_has_a_reason() -> None:
    """All groups: a check, a comparison or linkage of the demo site, batches, a ledger, a migration; or why not."""
    found = places(load_site(DEMO_SITE, rules=False))
    assert list(found) == list(rules())
    unjudged = {name for name, where in found.items() if where[0].by == "none"}
    assert unjudged == set(registry().not_judged), "a rule that nothing judges has a reason, and only such a rule"
    assert set(registry().elsewhere) <= set(rules())


def test_the_code_raises_what_the_registry_says_it_raises() -> None:
    """The rules of batches and ledgers are in the code that is said to judge them."""
    assert {corrections.RULE, inspection.RULE, assist.RULE} <= set(registry().elsewhere)
    ledgers = raised("padis", "exchange", "corrections", "inspection")
    assert {name for name, said in registry().elsewhere.items() if said.by == "ledger"} <= ledgers
    assert {name for name in rules() if name.startswith("B")} | {"R22"} <= raised("batches", "sources")


def raised(*packages: str) -> set[str]:
    """The rule ids that the packages' code has as texts."""
    files = [path for package in packages for path in (Path(hedui.__file__).parent / package).rglob("*.py")]
    return {name for path in files for name in re.findall(r'"([A-Z]\d\d)"', path.read_text("utf-8"))}


def test_the_page_lists_the_rules_of_a_comparison_and_of_a_ledger() -> None:
    page = rules_page()
    assert "| 比对 | `person_tiers` | P23 T01 T02 T03 T05 K01 K02 |" in page
    assert re.search(r"^\| 台账 \| .*\| T18 \|$", page, re.MULTILINE)
