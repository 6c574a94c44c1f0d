"""States of rules: no data, switched off, broken; what a site may change; what a missing batch leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedui.checks import suites
from hedui.checks.model import CheckError
from hedui.checks.run import run_checks, run_source_checks
from hedui.checks.suites import load_suite
from hedui.findings import FINDING_COLUMNS
from hedui.site.models import RuleSetting
from integration.checks.kit import Night
from integration.checks.test_row_rules import GOOD

MakeNight = Callable[..., Night]


def test_a_rule_that_saw_no_rows_has_no_data(make_night: MakeNight) -> None:
    night = make_night()
    night.put("person", "shebao", [{"person_no": "1"}])
    run_source_checks(night.context, "shebao", night.date)
    records = night.records("check:person:shebao")
    assert records["P16"] | {"name": ""} == {
        "rule": "P16",
        "name": "",
        "severity": "error",
        "dataset": "person",
        "source": "shebao",
        "examined": 0,
        "violations": 0,
        "threshold": 0.0,
        "state": "no_data",
        "reason": "没有符合检查范围的记录",
    }
    assert records["P01"]["state"] == "failed"


def test_an_empty_partition_has_no_data_and_no_findings(make_night: MakeNight) -> None:
    night = make_night()
    night.put("person", "shebao", [])
    summary = run_source_checks(night.context, "shebao", night.date)
    assert night.findings("check:person:shebao") == []
    assert {record["state"] for record in night.records("check:person:shebao").values()} == {"no_data"}
    count = len(load_suite("person")["expectations"]) - 1  # without the dataset's structure
    assert summary.counts == {"findings": 0, "rules": count, "no_data": count}


def test_a_field_the_source_does_not_deliver_is_no_data_and_no_finding(make_night: MakeNight) -> None:
    """医保 maps neither a death date nor a retirement date, the tax bureau's units have no state."""
    night = make_night()
    night.put("person", "yibao", [GOOD["person"] | {"person_no": "1"}])
    run_source_checks(night.context, "yibao", night.date)
    record = night.records("check:person:yibao")["P18"]
    assert (record["state"], record["reason"]) == ("no_data", "该来源不提供：离退休日期、参加工作日期")


def test_a_rule_that_is_switched_off_finds_nothing(make_night: MakeNight) -> None:
    night = make_night(rules={"P01": RuleSetting(enabled=False)})
    night.put("person", "shebao", [{"person_no": "1", "id_number": "x"}])
    run_source_checks(night.context, "shebao", night.date)
    assert night.records("check:person:shebao")["P01"]["state"] == "disabled"
    assert "P01" not in {rule for rule, _ in night.subjects("check:person:shebao")}


def test_a_site_sets_severity_agency_and_parameters(make_night: MakeNight) -> None:
    settings = {
        "P01": RuleSetting(severity="info", agency="tax"),
        "C08": RuleSetting(parameters={"tolerance_fen": 100}),
        "C01": RuleSetting(parameters={"horizon_months": 1}),
    }
    night = make_night(rules=settings)
    night.put("person", "shebao", [{"person_no": "1"}])
    night.put(
        "levy", "shebao", [{**GOOD["levy"], "levy_no": str(due), "unit_due_fen": due, "period": "202607"} for due in (80100, 80101)]
    )
    run_source_checks(night.context, "shebao", night.date)
    finding = next(row for row in night.findings("check:person:shebao") if row["rule"] == "P01")
    assert (finding["severity"], finding["agency"]) == ("info", "tax")
    assert night.subjects("check:levy:shebao") == {("C08", "80101/")}


def test_a_share_below_the_threshold_passes_and_is_listed_all_the_same(make_night: MakeNight) -> None:
    night = make_night(rules={"P01": RuleSetting(parameters={"threshold": 0.25})})
    night.put("person", "shebao", [{"person_no": str(n), "name": name} for n, name in enumerate(["甲", "乙", "丙", None])])
    run_source_checks(night.context, "shebao", night.date)
    record = night.records("check:person:shebao")["P01"]
    assert (record["violations"], record["threshold"], record["state"]) == (1, 0.25, "passed")
    assert ("P01", "3") in night.subjects("check:person:shebao")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, Any]], None]:
    """Replaces the query of one rule of the person suite."""

    def replace(rule: str, change: dict[str, Any]) -> None:
        suite = json.loads(json.dumps(suites.load_suite("person")))
        next(spec for spec in suite["expectations"] if spec["meta"]["rule"] == rule).update(change)
        monkeypatch.setattr(suites, "load_suite", lambda dataset: suite)

    return replace


ROWS = "SELECT source_row FROM {batch} WHERE "


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"kwargs": {"unexpected_rows_query": ROWS + "no_such_column > 1"}}, id="unknown column"),
        pytest.param({"kwargs": {"unexpected_rows_query": ROWS + "((("}}, id="not SQL"),
        pytest.param({"kwargs": {"unexpected_rows_query": ROWS + "CAST(name AS INTEGER) > 1"}}, id="fails on the data"),
        pytest.param(
            {"kwargs": {"unexpected_rows_query": ROWS + "{{ parameters.nothing | literal }} = 1"}}, id="unknown parameter"
        ),
        pytest.param({"kwargs": {"unexpected_rows_query": "SELECT 1"}}, id="another form"),
        pytest.param({"type": "expect_nothing_we_know"}, id="unknown expectation"),
        pytest.param({"kwargs": {}}, id="no query"),
    ],
)
def test_a_broken_rule_is_an_error_and_loses_no_other(
    make_night: MakeNight, broken: Callable[[str, dict[str, Any]], None], change: dict[str, Any]
) -> None:
    night = make_night()
    night.put("person", "shebao", [{"person_no": "1", "id_type": "01", "id_number": "12", "name": "张三李四"}, {"person_no": "2"}])
    broken("P05", change)
    with pytest.raises(CheckError, match=r"P05 \(person, shebao\)") as raised:
        run_source_checks(night.context, "shebao", night.date)
    assert "张三" not in str(raised.value), "an error shows no value of the data"
    records = night.records("check:person:shebao")
    assert records["P05"]["state"] == "error"
    assert "张三" not in records["P05"]["reason"]
    assert night.subjects("check:person:shebao") == {("P04", "1"), ("P01", "2"), ("P03", "2")}
    manifest = night.context.lake.manifest(night.context.findings("check:person:shebao", night.date))
    assert manifest is not None
    assert manifest.meta["broken"] == ["P05"]


def test_a_missing_batch_removes_what_an_earlier_run_said(make_night: MakeNight) -> None:
    night = make_night()
    night.put("person", "shebao", [{"person_no": "1"}])
    run_checks(night.context, night.date)
    scope = night.context.findings("check:person:shebao", night.date)
    assert night.context.lake.manifest(scope) is not None
    night.context.lake.remove(night.context.canonical("person", "shebao", night.date))
    summary = run_source_checks(night.context, "shebao", night.date)
    assert (summary.state, summary.reason) == ("missing", "该来源当日未到")
    assert night.context.lake.manifest(scope) is None


def test_a_partition_without_the_dataset_s_columns_is_refused(make_night: MakeNight) -> None:
    night = make_night()
    night.put_raw("person", "shebao", [{"AAC001": "1"}])
    raw = night.context.lake.files(night.raw("person", "shebao"))
    night.adopt("person", "shebao", raw[0])
    with pytest.raises(CheckError, match=re.escape("The partition of person does not have the columns of its canonical dataset")):
        run_source_checks(night.context, "shebao", night.date)
    assert night.context.lake.manifest(night.context.findings("check:person:shebao", night.date)) is None


def test_a_second_run_writes_the_same_bytes(make_night: MakeNight) -> None:
    night = make_night()
    night.put("person", "shebao", [{"person_no": str(n % 50), "id_number": str(n)} for n in range(200)])
    digests = []
    for _ in range(2):
        summary = run_checks(night.context, night.date)
        manifest = night.context.lake.manifest(night.context.findings("check:person:shebao", night.date))
        assert manifest is not None
        digests.append((manifest.digest, Path(summary.paths["datadocs"]).read_bytes()))
    assert digests[0] == digests[1]


def test_findings_have_the_one_shape(make_night: MakeNight) -> None:
    """A row's finding in full: columns, values as normalised and as received, one finding for two rows of one key."""
    night = make_night()
    rows = [{"person_no": "9'1", "sex": "1", "region": "990101"}, {"person_no": "9'1", "name": "甲"}, {"person_no": None}]
    night.put("person", "shebao", [row | {"id_number": "x"} for row in rows], raw={"name": "AAC003"})
    night.put_raw("person", "shebao", [{"AAC003": '"\x07%'}, {"AAC003": "甲"}, {"AAC003": None}])
    run_source_checks(night.context, "shebao", night.date)
    findings = night.findings("check:person:shebao")
    assert list(findings[0]) == list(FINDING_COLUMNS)
    first, second = (row for row in findings if row["rule"] == "P01")
    assert {name: value for name, value in first.items() if name != "fingerprint"} == {
        "business_date": night.date,
        "scope": "check:person:shebao",
        "rule": "P01",
        "kind": "RULE",
        "severity": "error",
        "dataset": "person",
        "source": "shebao",
        "agency": "sb_local",
        "subject_type": "person",
        "subject_key": "9'1",
        "region": "990101",
        "insurance": None,
        "period": None,
        "field": None,
        "side_values": {"shebao": None},
        "raw_values": {"shebao": '"\x07%'},
        "right_source": None,
        "amount_diff_fen": None,
        "origin_date": None,
        "evidence": {"source_row": {"shebao": 1}, "rows": 1, "field": "name"},
    }
    assert second["subject_key"] == "", "a row without a key is still found"
    assert len({row["fingerprint"] for row in findings}) == len(findings)
