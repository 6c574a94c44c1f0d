"""Rule types and the registry: headers are complete, suites are current, what Great Expectations judges itself is what our SQL says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from hedui.canonical.schemas import datasets
from hedui.checks import entries
from hedui.checks.build import suite_texts
from hedui.checks.entries import Entry, registry
from hedui.checks.example import run_examples
from hedui.checks.predicates import ROWS_QUERY, violation
from hedui.checks.types import rule_type, rule_types
from hedui.errors import HeduiError

TYPES = list(rule_types().values())
ENTRIES = registry().rules


@pytest.mark.parametrize("path", suite_texts(), ids=lambda path: path.stem)
def test_the_suites_are_those_of_the_registry(path: Path) -> None:
    assert path.read_text("utf-8") == suite_texts()[path], "the registry has changed: run `hedui rules build`"


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_a_type_says_what_it_is_and_is_used(kind: Any) -> None:
    assert kind.grain in ("row", "group", "cross")
    assert kind.label.isprintable()
    assert not kind.label.isascii(), "the label is Chinese"
    assert kind.names(), "a type takes arguments"
    assert any(entry.type == kind.name for entry in ENTRIES), "no rule is of this type"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.rule}-{entry.datasets[0]}")
def test_a_row_rule_is_a_condition_on_rows(entry: Entry) -> None:
    if entry.rule_type.grain == "row":
        text = entry.rule_type.text(batch="{batch}", denominator="{{ denominator }}", **entry.arguments)
        assert text.startswith(ROWS_QUERY)


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind.gx], ids=lambda kind: kind.name)
@pytest.mark.parametrize("or_equal", [True, False])
def test_great_expectations_own_expectation_finds_what_the_type_s_sql_finds(kind: Any, or_equal: bool) -> None:
    arguments = {"column": "a", "earlier": "a", "later": "b", "or_equal": or_equal}
    kwargs = {name: mine[1:] if mine.startswith("=") else arguments[mine] for name, mine in kind.gx["kwargs"].items()}
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT * FROM (VALUES (1, 1, 2), (2, 2, 2), (3, 3, 2), (4, NULL, 2), (5, 1, NULL)) v(source_row, a, b)"
        )
        ours = connection.execute(kind.text(batch="t", denominator="TRUE", **arguments)).fetchall()
        theirs = connection.execute(f"SELECT source_row FROM t WHERE {violation(kind.gx['type'], kwargs)}").fetchall()
    assert ours == theirs != []


def test_rules_of_one_dataset_are_there_once() -> None:
    places = [(entry.rule, dataset) for entry in ENTRIES if not entry.crosses for dataset in entry.datasets]
    assert len(places) == len(set(places))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads a registry of one changed rule."""

    def read(**changes: Any) -> Any:
        raw = YAML(typ="safe").load(entries.REGISTRY.read_text("utf-8"))
        rule = next(item for item in raw["rules"] if item["rule"] == "P01") | changes
        path = tmp_path / "registry.yaml"
        path.write_text(json.dumps({"suites": ["person"], "rules": [rule]}), encoding="utf-8")
        monkeypatch.setattr(entries, "REGISTRY", path)
        return entries.registry.__wrapped__()

    return read


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"rule": "P99"}, "P99: the catalogue has no such rule", id="unknown rule"),
        pytest.param({"datasets": ["persons"]}, 'P01.datasets: there is no canonical dataset "persons"', id="unknown dataset"),
        pytest.param({"columns": ["nmae"]}, 'P01.columns: the dataset person has no field "nmae"', id="unknown field"),
        pytest.param({"type": "not_nul"}, 'There is no rule type "not_nul"; choose one of at_least', id="unknown type"),
        pytest.param({"type": "joined"}, "P01.about: a rule across datasets names it", id="type across datasets"),
        pytest.param(
            {"arguments": {"columnn": "name"}}, "P01.arguments: the type not_null takes column, not ['columnn']", id="argument"
        ),
        pytest.param({"severity": "info"}, "P01.severity: Extra inputs are not permitted", id="unknown key"),
        pytest.param({"examples": {"good": {}, "hit": [], "near": [{}]}}, "P01.examples.hit", id="no hit"),
    ],
)
def test_a_mistake_in_the_registry_is_named_with_its_rule(written: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HeduiError) as raised:
        written(**changes)
    assert message in str(raised.value)


def test_every_dataset_of_the_registry_is_canonical() -> None:
    assert set(registry().suites) <= set(datasets())
    assert rule_type("not_null").file == "rules/types/not_null.sql"


@pytest.mark.parametrize("rule", sorted({entry.rule for entry in ENTRIES}))
def test_a_rule_finds_its_hits_and_none_of_its_near_misses(rule: str) -> None:
    outcomes = run_examples(rule)
    assert [outcome for outcome in outcomes if not outcome.right] == []
    assert all(outcome.examined for outcome in outcomes if outcome.kind != "near"), "the good row and the hits are examined"


def test_a_rule_without_examples_says_where_it_is_tested() -> None:
    with pytest.raises(HeduiError, match='The rule "E20" has no examples in the registry'):
        run_examples("E20")
