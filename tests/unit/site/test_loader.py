from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.errors import HeduiError, SiteError
from hedui.site import load_site

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def demo():
    return load_site(ROOT / "include/sites/demo")


def test_the_demo_site_has_no_mistakes(demo):
    assert demo.id == "demo"
    ids = [source.id for source in demo.sources]
    assert ids == sorted(ids)
    assert {"duizhao", "guotong", "minzheng", "shebao", "sheng", "shuiwu", "yibao", "yibao_unit"} <= set(ids)
    assert demo.source("shebao").datasets["unit"].as_of == demo.source("shebao").datasets["person"].as_of, "an alias is its anchor"
    assert demo.source("shebao").datasets["person"].as_of.valid_from == "ksrq"


def test_an_empty_cell_means_the_default(demo):
    row = next(row for row in demo.authority if row.dataset == "person" and row.field == "name")
    assert (row.insurance, row.valid_from, row.valid_to) == ("", dt.date.min, dt.date.max)


def test_look_ups(demo):
    assert demo.agency("tax").name == "和对市税务局"
    assert demo.comparison("person_tiers").key == ("id_number",)
    assert [source.id for source in demo.sources_of("unit")] == ["shebao", "shuiwu", "yibao_unit"]
    assert demo.rule_setting("E20").parameters == {"grace_days": 30}
    assert demo.rule_setting("P01").enabled
    assert demo.rule_severity("P05") == "warning", "the site overrides the catalogue"
    assert demo.rule_agency("P05", "yibao") == "sb_local"
    assert demo.rule_agency("P01", "yibao") == "medical"


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        pytest.param(lambda site: site.source("shebo"), 'Did you mean "shebao"', id="source"),
        pytest.param(lambda site: site.agency("taxes"), 'Did you mean "tax"', id="agency"),
        pytest.param(lambda site: site.comparison("unit_taxes"), 'Did you mean "unit_tax"', id="comparison"),
    ],
)
def test_an_unknown_id_says_what_there_is(demo, ask, near):
    with pytest.raises(HeduiError, match=near):
        ask(demo)


@pytest.mark.parametrize(
    ("dataset", "field", "insurance", "date", "sources", "right"),
    [
        pytest.param("person", "name", None, "2026-06-03", ["shebao", "guotong"], "guotong", id="named field"),
        pytest.param("person", "name", None, "2026-06-03", ["shebao", "yibao"], None, id="the right one does not take part"),
        pytest.param("enrolment", "pay_state", "110", "2025-12-31", ["shebao", "guotong"], "shebao", id="last day of a row"),
        pytest.param("enrolment", "pay_state", "110", "2026-01-01", ["shebao", "guotong"], "guotong", id="first day of the next"),
        pytest.param("enrolment", "pay_state", "210", "2026-01-01", ["shebao", "guotong"], "shebao", id="another insurance"),
        pytest.param("payment", "period", "110", "2026-01-01", ["shebao"], None, id="nobody"),
    ],
)
def test_the_first_fitting_row_says_who_is_right(demo, dataset, field, insurance, date, sources, right):
    found = demo.right_source(dataset=dataset, field=field, insurance=insurance, date=dt.date.fromisoformat(date), sources=sources)
    assert found == right


def test_limits_hold_from_day_to_day(demo):
    assert {limit.maximum for limit in demo.limits_at("pay_base", dt.date(2026, 6, 30)) if limit.insurance == "110"} == {2200000}
    assert {limit.maximum for limit in demo.limits_at("pay_base", dt.date(2026, 7, 1))} == {2300000}
    assert demo.limits_at("pay_base", dt.date(2020, 1, 1)) == ()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SiteError, match="there is no such folder"):
        load_site(tmp_path / "nowhere")


def test_an_empty_folder_names_what_is_missing(tmp_path):
    with pytest.raises(SiteError) as caught:
        load_site(tmp_path)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "agencies.yaml",
        "comparisons.yaml",
        "site.yaml",
        "sources",
    ]
