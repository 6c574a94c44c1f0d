"""Which inspections a day is due, by the published holidays of 2026; the standards of systems; mistakes in inspection.yaml."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.errors import SiteError
from hedui.inspection.calendar import due_between, kinds_due
from hedui.inspection.checks import CHECKS
from hedui.inspection.settings import InspectionSettings, load_inspection
from hedui.site import load_site
from hedui.workdays import Workdays

WORKDAYS = Workdays()
SMALL_SITE = Path(__file__).resolve().parents[2] / "sites" / "small"


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        pytest.param("2026-06-03", "daily", id="a-wednesday"),
        pytest.param("2026-06-05", "daily weekly", id="a-friday"),
        pytest.param("2026-06-06", "daily", id="a-saturday"),
        pytest.param("2026-06-18", "daily weekly holiday", id="before-the-dragon-boat-festival"),
        pytest.param("2026-06-30", "daily quarterly", id="end-of-a-quarter"),
        pytest.param("2026-09-20", "daily weekly", id="a-sunday-that-is-worked"),
        pytest.param("2026-09-18", "daily", id="a-friday-before-it"),
        pytest.param("2026-09-30", "daily weekly holiday quarterly", id="before-the-national-day"),
    ],
)
def test_what_is_due(day: str, kinds: str) -> None:
    assert " ".join(kinds_due(WORKDAYS, dt.date.fromisoformat(day))) == kinds


def test_a_month_adds_up() -> None:
    assert due_between(WORKDAYS, dt.date(2026, 6, 1), dt.date(2026, 6, 30)) == {
        "daily": 30, "weekly": 4, "holiday": 1, "quarterly": 1,
    }  # fmt: skip


def test_a_system_differs_where_it_says_so_only() -> None:
    settings = InspectionSettings.model_validate(
        {
            "standards": {"disk_percent": 70, "backup_hours": None},
            "systems": [{"id": "a", "name": "甲", "agency": "x", "standards": {"disk_percent": 90}}],
        }
    )
    standards = settings.standards_of(settings.systems[0])
    assert (standards.disk_percent, standards.backup_hours, standards.lock_seconds) == (90, None, 300)


def test_each_kind_has_its_own_checks_and_is_stricter_where_it_says_so() -> None:
    settings = InspectionSettings.model_validate(
        {
            "standards": {"backup_hours": None},
            "kinds": {"weekly": {"checks": ["logs", "disk"], "standards": {"disk_percent": 70, "backup_hours": 12}}},
            "systems": [{"id": "a", "name": "甲", "agency": "x", "standards": {"disk_percent": 90}}],
        }
    )
    (system,) = settings.systems
    assert settings.checks_of(["weekly"]) == ("disk", "logs")
    assert "invalid_objects" not in settings.checks_of(["daily", "holiday"])
    assert settings.checks_of(["quarterly"]) == tuple(CHECKS)
    assert set(settings.checks_of(["daily", "weekly"])) == {*settings.checks_of(["daily"]), "logs"}
    assert settings.standards_of(system, ["daily"]).disk_percent == 90
    both = settings.standards_of(system, ["daily", "weekly", "holiday"])
    assert (both.disk_percent, both.tablespace_percent, both.certificate_days) == (
        70,
        80,
        45,
    )  # the greater reserve is the stricter
    assert both.backup_hours is None  # what a site has left out stays left out


def test_a_limit_itself_is_allowed_and_a_certificate_must_exceed_its_own() -> None:
    disk, certificate = CHECKS["disk"], CHECKS["certificate"]
    assert [disk.item(part="x", target="", value=value, limit=85).verdict for value in (85, 85.1)] == ["normal", "abnormal"]
    assert [certificate.item(part="x", target="", value=value, limit=30).verdict for value in (31, 30)] == ["normal", "abnormal"]
    assert disk.item(part="x", target="", value=None, limit=85).measured == "无记录"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "inspection.yaml").write_text(
        """kinds: {weekly: {checks: [disk, dsik]}}
systems:
  - {id: core, name: 核心, agency: nobody, sources: [zhon]}
  - id: core
    name: 核心二
    agency: nobody
    logs: [{name: 日志, path: /x, delete_after: 183}]
""",
        "utf-8",
    )
    site = load_site(SMALL_SITE).model_copy(update={"folder": tmp_path})
    with pytest.raises(SiteError) as raised:
        load_inspection(site)
    [problem] = raised.value.problems
    assert problem.startswith("inspection.yaml:7: systems.1.logs.0.delete_after: ")  # the law: six months at least
    (tmp_path / "inspection.yaml").write_text((tmp_path / "inspection.yaml").read_text("utf-8").replace("183", "184"), "utf-8")
    with pytest.raises(SiteError) as raised:
        load_inspection(site)
    assert [line.split(" ")[0] + " " + line.split(" ")[1].split(":")[0] for line in raised.value.problems] == [
        "inspection.yaml:1: kinds.weekly.checks.1",
        "inspection.yaml:3: systems.0.agency",
        "inspection.yaml:3: systems.0.id",
        "inspection.yaml:3: systems.0.sources.0",
        "inspection.yaml:4: systems.1.id",
        "inspection.yaml:6: systems.1.agency",
    ]
