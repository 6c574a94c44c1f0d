"""Which one-sided keys are suggested as one person, which are not, and what a suggestion says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedui.errors import HeduiError
from hedui.linkage.run import run_linkage
from unit.compare.bench import people_site, tiny_context
from unit.linkage.conftest import DAY
from unit.linkage.people import other_digit, person, swapped, valid

BASE = valid("99010119900307471")
OTHER_DAY = valid("99010119851120283")
TWIN = valid("99010119900307473")
SON = valid("99010120150307471")
ABROAD = "E99012345"
BORN = dt.date(1990, 3, 7)

PAIRS = [
    pytest.param(BASE, other_digit(BASE, 15), {}, {}, True, id="one digit wrong"),
    pytest.param(BASE, other_digit(BASE, 1), {}, {}, True, id="a digit of the region wrong"),
    pytest.param(BASE, other_digit(BASE, 8), {}, {}, True, id="a digit of the birth date wrong, in the date as well"),
    pytest.param(BASE, swapped(BASE, 14), {}, {"birth_date": BORN}, True, id="two digits transposed"),
    pytest.param(BASE, BASE[:6] + BASE[8:17], {}, {"birth_date": BORN}, True, id="15 digits not upgraded"),
    pytest.param(BASE, BASE[:9] + BASE[10:], {}, {"birth_date": BORN, "sex": "1"}, True, id="a digit left out"),
    pytest.param(BASE, valid(other_digit(BASE, 15)[:17]), {}, {}, True, id="a digit wrong, the check digit made to fit"),
    pytest.param(BASE, ABROAD, {}, {"birth_date": BORN, "sex": "1"}, True, id="another document, name, birth date and sex alike"),
    pytest.param(BASE, other_digit(BASE, 15), {"name": "王小明"}, {"name": "王晓明"}, True, id="a digit and a character wrong"),
    pytest.param(BASE, OTHER_DAY, {"unit_no": "U1"}, {"unit_no": "U1"}, False, id="namesakes in one unit, other birth dates"),
    pytest.param(
        BASE, TWIN, {"unit_no": "U1", "name": "王小明"}, {"unit_no": "U1", "name": "王小亮"}, False, id="twins in one unit"
    ),
    pytest.param(BASE, TWIN, {"name": "王小明"}, {"name": "王芳", "sex": "2"}, False, id="twins of other names and sex"),
    pytest.param(BASE, SON, {"name": "王明", "unit_no": "U1"}, {"name": "王小明", "unit_no": "U1"}, False, id="father and son"),
    pytest.param(BASE, SON, {}, {}, False, id="namesakes born in other years, numbers alike but for them"),
    pytest.param(BASE, other_digit(BASE, 15), {"name": None}, {"name": None, "sex": None}, True, id="no name, but a near number"),
    pytest.param(BASE, ABROAD, {"birth_date": None}, {"birth_date": None, "sex": "1"}, False, id="a name alone"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "first", "second", "expected"), PAIRS)
def test_pairs(
    make_linked: Callable[..., Any], one: str, other: str, first: dict[str, Any], second: dict[str, Any], expected: bool
) -> None:
    bench = make_linked()
    bench.link("two", [person(one, **first)], [person(other, **second)])
    assert bench.suggested("two") == ([("R24", f"{one}/{other}")] if expected else [])


def test_a_suggestion_explains_itself(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    wrong = other_digit(BASE, 15)
    bench.link("two", [person(BASE, unit_no="U1")], [person(wrong, unit_no="U1")])
    (finding,) = bench.findings("link:two", DAY)
    evidence = json.loads(finding["evidence"])
    assert evidence["levels"] == "姓名相同 +12.2，生日相同 +14.5，性别相同 +1.0，单位相同 +4.9，证件号差一位 +18.4"
    assert evidence["probability"] > 0.999999 - 1e-6
    assert evidence["source_row"] == {"left": 1, "right": 1}
    assert json.loads(finding["side_values"]) == {"a": BASE, "b": wrong}
    assert (finding["kind"], finding["field"], finding["severity"]) == ("LINK", "id_number", "info")
    assert (finding["source"], finding["agency"]) == ("b", "ag_b"), "whose check digit is wrong should act"


def test_the_findings_on_presence_stay_and_point_to_the_suggestion(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    wrong, alone = other_digit(BASE, 15), OTHER_DAY
    bench.link("two", [person(BASE), person(alone, "钱二")], [person(wrong)])
    (suggestion,) = bench.findings("link:two", DAY)
    findings = {row["subject_key"]: row for row in bench.findings("two", DAY)}
    assert {key: row["kind"] for key, row in findings.items()} == {BASE: "ONLY_LEFT", alone: "ONLY_LEFT", wrong: "ONLY_RIGHT"}
    for key in (BASE, wrong):
        link = json.loads(findings[key]["evidence"])["link"]
        assert link["finding"] == suggestion["fingerprint"]
    assert "link" not in json.loads(findings[alone]["evidence"])
    ends = json.loads(suggestion["evidence"])["findings"]
    assert ends == {"left": findings[BASE]["fingerprint"], "right": findings[wrong]["fingerprint"]}


def test_a_repeated_run_changes_no_byte_and_a_vanished_pair_no_longer_is_pointed_to(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    rows = [person(BASE)], [person(other_digit(BASE, 15))]
    bench.link("two", *rows)
    digests = [bench.context.lake.manifest(bench.context.findings(scope, DAY)).digest for scope in ("two", "link:two")]
    run_linkage(bench.context, "two", DAY)
    assert digests == [bench.context.lake.manifest(bench.context.findings(scope, DAY)).digest for scope in ("two", "link:two")]
    bench.link("two", rows[0], [person(OTHER_DAY)])
    assert bench.suggested("two") == []
    assert all("link" not in json.loads(row["evidence"]) for row in bench.findings("two", DAY))


def test_each_key_is_in_one_pair_at_most_and_the_best_pair_wins(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    near, far = other_digit(BASE, 15), valid(other_digit(BASE, 15)[:17])
    bench.link("two", [person(BASE)], [person(far), person(near)])
    assert bench.suggested("two") == [("R24", f"{BASE}/{near}")]


def test_three_tiers_yield_one_suggestion_that_names_every_tier(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    wrong = swapped(BASE, 14)
    bench.link("three", [person(BASE)], [person(wrong, birth_date=BORN, sex="1")], [person(BASE)])
    (finding,) = bench.findings("link:three", DAY)
    assert finding["subject_key"] == f"{BASE}/{wrong}"
    assert json.loads(finding["side_values"]) == {"a": BASE, "b": wrong, "c": BASE}


def test_the_threshold_is_the_sites(make_linked: Callable[..., Any]) -> None:
    bench = make_linked(threshold=0.99)
    bench.link("two", [person(BASE)], [person(ABROAD, birth_date=BORN, sex="1")])
    assert bench.suggested("two") == []


def test_a_field_that_the_site_leaves_out_does_not_count(make_linked: Callable[..., Any]) -> None:
    bench = make_linked(fields=["name", "birth_date"])
    bench.link("two", [person(BASE)], [person(other_digit(BASE, 15), sex="2")])
    (finding,) = bench.findings("link:two", DAY)
    assert json.loads(finding["evidence"])["levels"] == "姓名相同 +12.2，生日相同 +14.5"


def test_a_second_number_inside_one_source_is_a_suggestion_of_its_own(make_linked: Callable[..., Any]) -> None:
    bench = make_linked(within=["a"])
    wrong = other_digit(BASE, 15)
    bench.link("two", [person(BASE), person(wrong)], [person(BASE)])
    (finding,) = bench.findings("link:two", DAY)
    assert (finding["rule"], finding["source"], finding["subject_key"]) == ("P14", "a", f"{wrong}/{BASE}")
    bench.link("two", [person(BASE), person(wrong)], [])
    assert bench.suggested("two") == [("P14", "/".join(sorted((BASE, wrong))))], "both are one-sided: still one pair"


def test_a_comparison_that_did_not_run_leaves_no_stale_suggestion(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    bench.link("two", [person(BASE)], [person(other_digit(BASE, 15))])
    bench.context.lake.remove(bench.context.canonical("person", "b", DAY))
    bench.run("two", DAY)
    summary = run_linkage(bench.context, "two", DAY)
    assert (summary.state, summary.reason) == ("skipped", "缺少数据：来源b")
    assert bench.context.lake.manifest(bench.context.findings("link:two", DAY)) is None


def test_nothing_one_sided_is_a_night_without_suggestions(make_linked: Callable[..., Any]) -> None:
    bench = make_linked()
    summary = bench.link("two", [person(BASE)], [person(BASE)])
    assert (summary.state, summary.counts["findings"]) == ("done", 0)


def test_a_comparison_that_is_not_linked_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HeduiError, match='"two" has no section `linkage`'):
        run_linkage(tiny_context(people_site(), tmp_path), "two", DAY)
