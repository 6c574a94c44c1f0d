"""The suites as files: plain JSON, complete, rendered from the site and quoted whatever the site says."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from functools import cache
from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.canonical.schemas import datasets
from hedui.checks.catalogue import explain
from hedui.checks.cross import cross_rules
from hedui.checks.entries import registry
from hedui.checks.model import Check, record
from hedui.checks.predicates import ROWS_QUERY, violation
from hedui.checks.registry import shipped_rules
from hedui.checks.suites import EXPECTATIONS_ROOT, GX_SEVERITIES, checks, load_suite, month_after, structure
from hedui.engine import SQL_ROOT, environment, literal, render, to_spark
from hedui.errors import HeduiError
from hedui.rules import rules
from hedui.site import Site, load_site
from hedui.site.models import RuleSetting

DATE = dt.date(2026, 6, 3)
SHIPPED = (  # of the first release; later ones come and go with the registry
    "P01 P03 P04 P05 P07 P08 P10 P12 P13 P16 P18 U01 U02 E01 E04 E06 E07 E08 E09 E21 "
    "C01 C02 C03 C04 C06 C08 C11 C15 C19 C21 E20 U09 C09 B05"
)


@cache
def demo_site() -> Site:
    return load_site(Path(__file__).resolve().parents[3] / "include" / "sites" / "demo")


@pytest.fixture
def site() -> Site:
    return demo_site()


def all_checks(site: Site) -> list[Check]:
    return [
        check
        for source in site.sources
        for dataset in source.datasets
        for check in checks(site, source=source.id, dataset=dataset, date=DATE)
    ]


def test_every_canonical_dataset_has_a_suite_and_no_suite_is_left_over() -> None:
    assert {path.stem for path in EXPECTATIONS_ROOT.glob("*.json")} == set(datasets())


@pytest.mark.parametrize("dataset", datasets())
def test_a_suite_is_plain_json_that_great_expectations_loads(dataset: str) -> None:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    from great_expectations.core import ExpectationSuite

    suite = json.loads((EXPECTATIONS_ROOT / f"{dataset}.json").read_text("utf-8"))
    loaded = ExpectationSuite(**suite)
    assert len(loaded.expectations) == len(suite["expectations"])
    for expectation, spec in zip(loaded.expectations, suite["expectations"], strict=True):
        assert expectation.meta["name"] == spec["meta"]["name"]
        assert expectation.severity.value == spec["severity"]


@pytest.mark.parametrize("dataset", datasets())
def test_the_first_expectation_is_the_dataset_s_structure(dataset: str) -> None:
    assert structure(dataset)["kwargs"] == {"column_set": [*datasets()[dataset].fields, "source_row"], "exact_match": True}


@pytest.mark.parametrize("dataset", datasets())
def test_names_and_severities_are_the_catalogue_s(dataset: str) -> None:
    for spec in load_suite(dataset)["expectations"][1:]:
        entry = rules()[spec["meta"]["rule"]]
        assert (spec["meta"]["name"], spec["meta"]["severity"]) == (entry.name, entry.severity)
        assert spec["severity"] == GX_SEVERITIES[entry.severity]
        assert spec["description"] == f"{entry.id} {entry.name}"
        assert set(spec["meta"]["columns"]) <= set(datasets()[dataset].fields)


def test_the_rules_of_the_first_release_and_all_of_the_registry_ship() -> None:
    shipped = [item.rule for item in shipped_rules()]
    assert shipped == sorted(set(shipped))
    assert set(SHIPPED.split()) | {entry.rule for entry in registry().rules} <= set(shipped)


def test_every_check_of_the_demo_renders(site: Site) -> None:
    assert [check.problem for check in all_checks(site) if check.problem] == []


def test_every_condition_transpiles_to_spark(site: Site) -> None:
    for check in all_checks(site):
        query = check.condition.replace("{batch}", "rows")
        for text in (check.denominator, check.value, check.amount, query if check.grain == "group" else f"SELECT {query}"):
            statement = text if text.startswith("SELECT") else f"SELECT {text}"
            sqlglot.transpile(statement, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


@pytest.mark.parametrize("rule", [spec.rule for spec in cross_rules()])
@pytest.mark.parametrize("result", ["count", "rows"])
def test_every_rule_across_datasets_runs_and_transpiles(rule: str, result: str) -> None:
    (spec,) = [item for item in cross_rules() if item.rule == rule]
    relations = {name: name for name in (*spec.datasets, *spec.elsewhere)}
    limits: dict[str, list[object]] = {name: [] for name in spec.limits}
    text = spec.query(result=result, names={**relations, "date": DATE, "parameters": spec.parameters, "limits": limits})
    assert len(to_spark(text)) == 1
    with duckdb.connect() as connection:
        for name in relations:
            fields = ", ".join(f"{field.name} {field.sql_type}" for field in datasets()[name].fields.values())
            connection.execute(f"CREATE TABLE {name} ({fields}, source_row BIGINT, source VARCHAR)")
        rows = connection.execute(text).fetchall()
    assert rows == ([(0, 0)] if result == "count" else [])


@pytest.mark.parametrize("rule", [spec.rule for spec in cross_rules()])
def test_headers_name_fields_that_exist(rule: str) -> None:
    (spec,) = [item for item in cross_rules() if item.rule == rule]
    assert spec.rule in rules()
    assert spec.about in spec.datasets
    for dataset, fields in spec.needs.items():
        assert set(fields) <= set(datasets()[dataset].fields)


def test_the_engine_s_own_texts_transpile_to_spark() -> None:
    rule = {
        "rule": "P01",
        "grain": "row",
        "denominator": "TRUE",
        "condition": "a IS NULL",
        "source": "s",
        "query": "SELECT * FROM t",
    }
    setting = dict.fromkeys(("rule", "source", "kind", "severity", "agency", "dataset", "field", "subject_type"), "x") | {
        "flow": True
    }
    texts = [
        render("rules/examined.sql", batch="t", rules=[rule]),
        render("rules/counts.sql", flags="t", columns=["a", "b"]),
        render("rules/failing_rows.sql", batch="t", rules=[rule], columns=["a"]),
        render(
            "rules/row_shape.sql", rows="t", flag="v", key=["a", "b"], region=None, insurance="i", period="p", value="1", amount="2"
        ),
        render("rules/failing_subjects.sql", shapes=[rule], raw="r", raw_columns={"P01": "AAC 003"}),
        render("rules/findings.sql", subjects="t", date=DATE, scope="s", settings=[setting], fingerprint="md5('a')"),
    ]
    assert [len(to_spark(text)) for text in texts] == [1] * len(texts)


def test_macro_files_are_empty_by_themselves() -> None:
    assert render("rules/conditions.sql").strip() == ""
    assert environment().get_template("rules/conditions.sql").filename == str(SQL_ROOT / "rules" / "conditions.sql")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20))
def test_any_text_of_the_site_stays_one_value(text: str) -> None:
    """A whitelist entry is compared as it is: in our own pass and in what Great Expectations gives the engine."""
    site = demo_site().model_copy(update={"rules": {"U02": RuleSetting(parameters={"whitelist": (text,)})}})
    check = next(c for c in checks(site, source="shebao", dataset="unit", date=DATE) if c.rule == "U02")
    query = check.expectation["kwargs"]["unexpected_rows_query"]
    if "{batch}" in text:
        return
    assert not re.search(r"(?<!\\):\w", query), "SQLAlchemy would read a colon as a parameter"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT CAST($1 AS VARCHAR) AS uscc, 1 AS source_row UNION ALL SELECT 'other', 2", [text]
        )
        assert connection.execute(query.format(batch="t")).fetchall() == [(2,)]
        assert connection.execute(f"SELECT source_row FROM t WHERE {check.condition}").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("kind", "kwargs", "breaking"),
    [
        pytest.param("expect_column_values_to_not_be_null", {"column": "a"}, {None}, id="not null"),
        pytest.param("expect_column_values_to_be_null", {"column": "a"}, {1, 2, 3}, id="null"),
        pytest.param("expect_column_values_to_be_in_set", {"column": "a", "value_set": [1, 2]}, {3}, id="in set"),
        pytest.param("expect_column_values_to_be_in_set", {"column": "a", "value_set": []}, {1, 2, 3}, id="in no set"),
        pytest.param("expect_column_values_to_not_be_in_set", {"column": "a", "value_set": [1]}, {1}, id="not in set"),
        pytest.param("expect_column_values_to_not_be_in_set", {"column": "a", "value_set": []}, set(), id="not in no set"),
        pytest.param("expect_column_values_to_be_between", {"column": "a", "min_value": 2}, {1}, id="at least"),
        pytest.param(
            "expect_column_values_to_be_between",
            {"column": "a", "min_value": 1, "strict_min": True, "max_value": 2},
            {1, 3},
            id="between",
        ),
        pytest.param("expect_column_values_to_be_between", {"column": "a"}, set(), id="between nothing"),
        pytest.param("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}, {1, 3}, id="equal"),
        pytest.param("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}, {1, 2}, id="greater"),
        pytest.param(
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "a", "column_B": "b", "or_equal": True},
            {1},
            id="or equal",
        ),
        pytest.param("unexpected_rows_expectation", {"unexpected_rows_query": f"{ROWS_QUERY}a = 2"}, {2}, id="rows"),
    ],
)
def test_a_built_in_expectation_has_the_condition_of_its_breaking_rows(
    kind: str, kwargs: dict[str, object], breaking: set[int]
) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1, 2), (2, 2), (3, 2), (NULL, 2)) AS v(a, b)")
        assert {row[0] for row in connection.execute(f"SELECT a FROM t WHERE {violation(kind, kwargs)}").fetchall()} == breaking


def test_an_expectation_without_a_condition_is_refused() -> None:
    with pytest.raises(HeduiError, match='No keys can be fetched for the expectation "expect_column_mean"'):
        violation("expect_column_mean", {})


@pytest.mark.parametrize(
    ("date", "months", "expected"),
    [(dt.date(2026, 6, 3), 0, "202606"), (dt.date(2026, 12, 31), 1, "202701"), (dt.date(2026, 1, 1), -13, "202412")],
)
def test_months(date: dt.date, months: int, expected: str) -> None:
    assert month_after(date, months) == expected


@pytest.mark.parametrize(
    ("examined", "violations", "threshold", "state"),
    [(0, 0, 0.0, "no_data"), (10, 0, 0.0, "passed"), (10, 1, 0.0, "failed"), (10, 1, 0.1, "passed"), (10, 2, 0.1, "failed")],
)
def test_figures_decide_the_state(examined: int, violations: int, threshold: float, state: str) -> None:
    check = Check(rule="P01", name="n", severity="error", agency="a", dataset="person", source="s", threshold=threshold)
    result = record(check, examined=examined, violations=violations)
    assert (result.state, result.ratio) == (state, violations / examined if examined else None)


def test_explain_shows_meaning_source_and_text(site: Site) -> None:
    text = explain("E20", site)
    assert text.startswith("E20 死亡后参保未终止 (错误; person, enrolment)")
    assert "grace_days = 30" in text
    assert "LEFT JOIN" in explain("C09", site)
    assert literal("02") not in explain("P05", site)
    with pytest.raises(HeduiError, match='There is no rule "Z99"'):
        explain("Z99", site)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param("T03", "判定：比对：person_tiers", id="a comparison's field"),
        pytest.param("T14", "判定：比对：months_tiers, accounts_tiers", id="a return flow"),
        pytest.param("R01", "判定：比对：levy_payment, tax_recorded", id="a flow's totals"),
        pytest.param("C16", "判定：比对：refund_tax", id="refunds against their originals"),
        pytest.param("U12", "判定：比对：registration_tax, unit_tax", id="a key map"),
        pytest.param("P14", "判定：关联：person_tiers", id="linkage inside a source"),
        pytest.param("B01", "判定：批次", id="batches"),
        pytest.param("B05", "判定：规则检查：", id="a check as well as a batch"),
        pytest.param("T18", "判定：台账：", id="the ledger of corrections"),
        pytest.param("F13", "判定：台账：", id="the ledger of uploads"),
        pytest.param("A07", "判定：区划迁移：", id="a migration of region codes"),
        pytest.param("C12", "判定：未实现：断缴要看缺缴各月当时的参保状态", id="not judged, with its reason"),
    ],
)
def test_explain_tells_where_a_rule_is_judged(site: Site, rule: str, said: str) -> None:
    assert said in explain(rule, site)


def test_a_rule_that_no_comparison_of_the_site_uses_is_said_to_be_unused(site: Site) -> None:
    alone = site.model_copy(update={"comparisons": ()})
    assert explain("T03", alone).endswith("判定：未实现：本站点没有比对使用该规则。")
