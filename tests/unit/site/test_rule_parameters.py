"""Parameters in rules.yaml that no rule knows are refused, with place, value and what the rule knows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hedui.errors import SiteError
from hedui.site import load_site

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the demo site."""
    return Path(shutil.copytree(DEMO, tmp_path / "site"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "C08: {parameters: {tolerance_fenn: 1}}",
            "rules.yaml:2: rules.C08.parameters.tolerance_fenn: the rule knows no such parameter; it knows threshold, tolerance_fen "
            'Did you mean "tolerance_fen"?',
            id="misspelt",
        ),
        pytest.param(
            "P01: {parameters: {limit: 1}}",
            "rules.P01.parameters.limit: the rule knows no such parameter; it knows threshold",
            id="none of its own",
        ),
        pytest.param(
            'C08: {parameters: {tolerance_fen: "one"}}',
            'rules.C08.parameters.tolerance_fen: must be a number, found "one"',
            id="text",
        ),
        pytest.param(
            "E09: {parameters: {pairs: 5}}", 'rules.E09.parameters.pairs: must be a list of texts, found "5"', id="number"
        ),
        pytest.param(
            "E01: {parameters: {allow_110: ['1/1']}}",
            "rules.E01.parameters.allow_110: the rule knows no such parameter; it knows allowed_default, threshold, allowed_<code>",
            id="not of the family",
        ),
        pytest.param("T03: {parameters: {x: 1}}", "rules.T03.parameters.x: the rule takes no parameters", id="judged by no check"),
    ],
)
def test_a_parameter_that_no_rule_knows_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "rules.yaml").write_text(f"rules:\n  {text}\n", encoding="utf-8")
    with pytest.raises(SiteError) as raised:
        load_site(folder)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("C08: {parameters: {tolerance_fen: 5, threshold: 0.01}}", id="known"),
        pytest.param("E01: {parameters: {allowed_340: '1/1'}}", id="a family's, one text for a list"),
        pytest.param("E20: {parameters: {grace_days: 60, sources: [shebao]}}", id="across datasets"),
    ],
)
def test_what_rules_know_is_accepted(folder: Path, text: str) -> None:
    (folder / "rules.yaml").write_text(f"rules:\n  {text}\n", encoding="utf-8")
    assert load_site(folder).rules
