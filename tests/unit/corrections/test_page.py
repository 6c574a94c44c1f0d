"""The page for the manager: everything to decide on, and no personal data."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from hedui.corrections.approval import Stage
from hedui.corrections.model import BundlePlan, Cell
from hedui.corrections.page import Request, Signature, approval_page, escape, subject
from unit.corrections.manager_samples import BUNDLE, ID_NUMBERS, change, plan

SHANGHAI = ZoneInfo("Asia/Shanghai")
REQUEST = Request(
    stage=Stage.BUSINESS,
    asked=("manager", "deputy"),
    until=dt.datetime(2026, 6, 7, 1, tzinfo=dt.UTC),
    digest="ab" * 32,
    files=f"http://127.0.0.1/hedui/corrections/{BUNDLE}/",
    rehearsal=(("演练行数", "3"), ("回退后与演练前一致", "是")),
)


def page(bundle: BundlePlan, request: Request = REQUEST) -> str:
    return approval_page(bundle, request, site="和对市（演示）", timezone=SHANGHAI)


def test_it_says_how_many_people_and_how_much_money() -> None:
    text = page(plan())
    assert "涉及 3 人、3 个差异案件、3 行" in text
    assert "3,000.00 元 → 3,601.50 元，变动合计 601.50 元" in text


def test_it_says_why_by_rule_and_basis_with_counts() -> None:
    (line,) = [line for line in page(plan(5)).splitlines() if line.startswith("- T06")]
    assert "上级正确，本地更正" in line
    assert line.endswith("权威矩阵：全国统筹系统为准，5 个案件")


def test_it_shows_three_masked_examples_that_differ() -> None:
    text = page(plan(4))
    rows = [line for line in text.splitlines() if re.match(r"\| \d+ \| \\\*", line)]
    assert [row.split(" | ")[0] for row in rows] == ["| 1"] * 2 + ["| 2"] * 2 + ["| 4"] * 2
    assert rows[0].endswith("| 实际缴费月数 | 118 | 120 |")
    assert rows[1].endswith("| 累计储存额 | 1,000.00 | 1,200.50 |")
    assert not [number for number in ID_NUMBERS if number in text]


def test_names_and_dates_of_birth_are_masked_by_their_field() -> None:
    named = replace(change(1), field="name,birth_date", cells=(_cell("张三丰", "张三封"), _cell("1970-01-01", "1970-01-11")))
    text = page(plan(1, changes=(named,)))
    assert "张三" not in text
    assert r"| 张\*\* | 张\*\* |" in text
    assert "1970-01-01" not in text


def _cell(old: str, new: str) -> Cell:
    return Cell(column="aae201", old=old, new=new)


def test_hostile_values_do_not_become_markup() -> None:
    hostile = replace(change(1), field="unit_no", cells=(_cell("a|b", "<script>[x](http://evil) `rm`\n# title"),))
    text = page(plan(1, changes=(hostile,)))
    assert "<script>" not in text
    assert "\n# title" not in text
    assert "a\\|b" in text
    assert escape("*_`|<>#~![]") == r"\*\_\`\|\<\>\#\~\!\[\]"


def test_it_shows_the_rehearsal_the_files_the_term_and_who_is_asked() -> None:
    text = page(plan())
    assert "- 回退后与演练前一致：是" in text
    assert f"]({REQUEST.files})" in text
    assert "ab" * 32 in text
    assert "- 业务部门审批：manager、deputy" in text
    assert "2026-06-07 09:00 前未决定的，按驳回处理" in text


def test_a_second_round_names_its_parent_and_a_leader_reads_what_was_said_before() -> None:
    signed = Signature(
        stage="业务部门审批", who="manager", at=dt.datetime(2026, 6, 4, 1, tzinfo=dt.UTC), verdict="同意", reason="属实"
    )
    again = plan(1, parent="BUNDLE-990100-20260601-01", round=2, key_field=True)
    text = page(again, replace(REQUEST, stage=Stage.LEADER, signatures=(signed,)))
    assert "第 2 轮，上一轮 `BUNDLE-990100-20260601-01`" in text
    assert "须分管领导审批：涉及关键字段" in text
    assert "- 业务部门审批：manager 2026-06-04 09:00 同意。属实" in text
    assert subject(again, Stage.LEADER) == f"分管领导审批：市社保业务库数据修正（第 2 轮） {BUNDLE}"
