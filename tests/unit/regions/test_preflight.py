"""What the checks before a migration must refuse or note: one planted mistake each, over a site with tables of its own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hedui.regions.migrate.checks import Check
from hedui.regions.migrate.plan import Plan, make_plan
from hedui.regions.migrate.preflight import Seen, preflight_checks
from hedui.site.regions import RegionSettings, Target

START, END = dt.date(2030, 6, 30), dt.date(2030, 12, 31)
HEAD = "from_date,to_date,old_code,old_name,new_code,new_name,kind,scope,level\n"
TARGET = {"id": "people", "name": "参保人员", "connection": "db", "table": "people", "key": ["id"], "column": "region"}
SOUND = "990101 990102 990103"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "regions").mkdir()
    return tmp_path


def plan(
    folder: Path, changes: list[str], *, before: str = SOUND, after: str, settings: dict[str, object] | None = None, odd: str = ""
) -> Plan:
    """A half-year of counties named by their codes; ``odd`` is a county that the new table calls a prefecture."""
    for day, codes in ((START, before), (END, after)):
        rows = "".join(f"{code},{code}县,{'prefecture' if code == odd else 'county'},990100\n" for code in codes.split())
        text = f"code,name,level,parent\n990000,和省,province,\n990100,和对市,prefecture,990000\n{rows}"
        (folder / "regions" / f"codes_{day}.csv").write_text(text, "utf-8")
    lines = (line.split() for line in changes)
    rows = "".join(f"{START},{END},{old},{old}县,{new},{new}县,{kind},whole,county\n" for old, new, kind in lines)
    (folder / "regions" / f"changes_{END}.csv").write_text(HEAD + rows, "utf-8")
    values = {"targets": [TARGET], **(settings or {})}
    return make_plan(RegionSettings.model_validate(values), folder=folder, start=START, end=END)


def found(made: Plan, values: dict[str, int] | None = None, *, key_problem: str = "") -> dict[str, Check]:
    """The checks that did not pass, by title."""
    target: Target = made.settings.targets[0]
    held = {"990101": 3} if values is None else values
    seen = [Seen(target=target, before=(), values=held, key_problem=key_problem)]
    return {item.title: item for item in preflight_checks(made, seen, references={}) if item.verdict != "pass"}


def verdicts(checks: dict[str, Check]) -> dict[str, tuple[int, str, str]]:
    return {title: (item.number, item.verdict, item.detail) for title, item in checks.items() if not title.startswith("停")}


def test_a_sound_half_year_passes(site: Path) -> None:
    assert verdicts(found(plan(site, ["990101 990104 recode"], after="990102 990103 990104"))) == {}


def test_1_rules_that_no_data_use_are_noted(site: Path) -> None:
    made = plan(site, ["990101 990104 recode", "990102 990105 recode"], after="990103 990104 990105")
    noted = found(made, {"990101": 3})["未用到的映射"]
    assert (noted.number, noted.verdict, noted.before, noted.after, noted.detail) == (1, "note", "2", "1", "990102")


def test_2_a_rule_that_leads_outside_the_new_table(site: Path) -> None:
    checks = verdicts(found(plan(site, ["990101 990109 recode"], after="990102 990103")))
    assert checks == {"现代码均在新版代码表中": (2, "fail", "990109")}


def test_2_a_rule_of_a_code_that_the_old_table_lacks(site: Path) -> None:
    made = plan(site, ["990109 990104 recode"], after="990101 990102 990103 990104")
    assert verdicts(found(made, {"990109": 1})) == {"原代码均在旧版代码表中（链已展开）": (2, "fail", "990109")}


def test_2_a_recode_to_an_occupied_code_and_a_merger_into_it(site: Path) -> None:
    made = plan(site, ["990101 990102 recode"], after="990102 990103")
    assert verdicts(found(made)) == {"改码的现代码未被占用（并入在用代码除外）": (2, "fail", "990101→990102")}
    assert verdicts(found(plan(site, ["990101 990102 merge"], after="990102 990103"))) == {}


def test_2_a_swap_and_a_reused_code_are_named(site: Path) -> None:
    made = plan(site, ["990101 990102 recode", "990102 990101 recode"], after=SOUND)
    checks = verdicts(found(made, {"990101": 1, "990102": 1}))
    assert checks["代码互换、轮换（一次同时更新）"] == (2, "note", "990101→990102→990101")
    assert checks["代码腾出后另作他用"] == (2, "note", "990101、990102")


def test_3_a_new_code_on_the_wrong_level(site: Path) -> None:
    made = plan(site, ["990101 990104 recode"], after="990102 990103 990104", odd="990104")
    assert verdicts(found(made)) == {"现代码的级次与上级前缀相符": (3, "fail", "990104；990104990104县的级次地级与代码不符")}


def test_3_a_county_that_goes_to_another_prefecture_is_noted(site: Path) -> None:
    checks = verdicts(found(plan(site, ["990101 990201 recode"], after="990102 990103 990201")))
    assert checks["跨上级或跨级次的调整（单列）"] == (3, "note", "990101→990201")


def test_7_a_key_that_does_not_name_a_row(site: Path) -> None:
    made = plan(site, ["990101 990104 recode"], after="990102 990103 990104")
    checks = found(made, key_problem="id 有 2 个重复值")
    assert verdicts(checks) == {"主键可逐行定位（主键日志、回退的前提）": (7, "fail", "id 有 2 个重复值")}


def test_13_a_receiver_that_lacks_a_new_code_or_an_institution(site: Path) -> None:
    """税务 lacks the new county, 医保 a new tax office; 旧系统 asks for the older table and is not asked at all."""
    for name, rows in (
        ("full", ["990104"]),
        ("short", ["990101"]),
        ("offices", ["SW1"]),
        ("all_offices", ["SW1", "SW2"]),
    ):
        (site / f"{name}.csv").write_text("\n".join(["code", *rows]) + "\n", "utf-8")
    (site / "moved.csv").write_text("old_institution,new_institution\nSWA,SW1\nSWB,SW2\n", "utf-8")
    receivers = [
        {"name": "税务", "codes": "short.csv", "institutions": "all_offices.csv"},
        {"name": "医保", "codes": "full.csv", "institutions": "offices.csv"},
        {"name": "旧系统", "codes": "short.csv", "institutions": "offices.csv", "table": START},
    ]
    settings: dict[str, object] = {"receivers": receivers, "institution_changes": "moved.csv"}
    made = plan(site, ["990101 990104 recode"], after="990102 990103 990104", settings=settings)
    failed = {title: (item.number, item.verdict, item.target, item.detail) for title, item in found(made).items()}
    assert failed == {
        "接收方代码表含现代码": (13, "fail", "税务", "990104"),
        "接收方机构代码表含现机构代码": (13, "fail", "医保", "SW2"),
    }
