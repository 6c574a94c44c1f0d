"""The register and the work order: figures that foot, every bundle once, nothing personal, equal bytes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from hedui.corrections.papers import make_order, make_register
from hedui.corrections.papers.entries import entries
from hedui.corrections.proof import reread
from hedui.corrections.states import SYSTEM, State
from integration.corrections.cases_world import APPROVED, EXECUTED, FIRST, World


def texts(path: Path) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


@pytest.fixture
def bundles(world: World) -> list[str]:
    """One bundle closed, one rejected and up again, one waiting."""
    world.night(FIRST)
    world.make_table()
    (closed,) = world.propose(limit=2)
    world.correct(closed)
    world.go(closed.id, *EXECUTED)
    reread(world.context, closed)
    world.go(closed.id, (State.CLOSED, "reviewer"))
    (rejected,) = world.propose(run="two", limit=1)
    world.go(rejected.id, *APPROVED[:2])
    world.go(rejected.id, (State.REJECTED, "manager"), note="依据不足，请附档案")
    (again,) = world.propose(run="three", parent=rejected.id)
    world.go(again.id, *APPROVED[:2])
    return [closed.id, rejected.id, again.id]


def today(world: World) -> dt.date:
    """The day of the bundles, whatever the machine's clock says."""
    return max(entry.opened for entry in entries(world.context, dt.date(2020, 1, 1)))


def test_the_register_has_every_bundle_once_and_foots(world: World, bundles: list[str]) -> None:
    found = texts(make_register(world.context, today(world)))
    lines = [row for row in found["明细"] if isinstance(row[0], str) and row[0].startswith("BUNDLE-")]
    assert [row[0] for row in lines] == bundles
    head = next(row for row in found["明细"] if row[0] == "方案编号")
    shown = [dict(zip(head, row, strict=True)) for row in lines]
    assert [row["状态"] for row in shown] == ["复核通过（关闭）", "驳回", "待批准"]
    assert [row["案件数"] for row in shown] == [2, 1, 1]
    assert (shown[2]["上一轮方案"], shown[2]["轮次"]) == (bundles[1], 2)
    assert (shown[0]["申请人"], shown[0]["业务审批"], shown[0]["执行人"], shown[0]["复核人"]) == (
        "analyst", "manager", "engineer", "reviewer",
    )  # fmt: skip
    states = [row for row in found["汇总"] if row[0] in ("复核通过（关闭）", "驳回", "待批准")]
    assert sum(row[6] for row in states) == 3
    assert sum(row[7] for row in states) == 4


def test_a_term_that_has_passed_is_late(world: World, bundles: list[str]) -> None:
    day = today(world)
    waiting = {entry.bundle.id: entry for entry in entries(world.context, day + dt.timedelta(days=10))}
    assert [entry.late for entry in waiting.values()] == [False, False, True]
    assert not any(entry.late for entry in entries(world.context, day))
    assert waiting[bundles[0]].age == 0  # a closed bundle grows no older
    assert waiting[bundles[2]].age == world.context.workdays.age(day, day + dt.timedelta(days=10))


def test_the_work_order_says_cause_solution_and_result(world: World, bundles: list[str]) -> None:
    (rows,) = texts(make_order(world.context, bundles[0])).values()
    said = "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    for words in ("问题原因分析", "解决方案说明", "T06 累计缴费月数不一致（2 件）", "权威矩阵第 14 条", "不一致 0 行", "关闭 2 件"):
        assert words in said
    (rows,) = texts(make_order(world.context, bundles[2])).values()
    said = "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    assert f"上一轮 {bundles[1]} 的结果是“驳回”（依据不足，请附档案）" in said
    assert "实际缴费月数" in said
    assert "shebao.ac51" in said


def test_nothing_personal_is_in_them(world: World, bundles: list[str]) -> None:
    day = today(world)
    papers = [make_register(world.context, day), *(make_order(world.context, bundle) for bundle in bundles)]
    said = "".join(str(cell) for paper in papers for rows in texts(paper).values() for row in rows for cell in row)
    for account in world.accounts.values():
        assert account.raw["aac147"] not in said
        assert account.number not in said


def test_equal_ledgers_give_equal_bytes(world: World, bundles: list[str]) -> None:
    day = today(world)
    first = [make_register(world.context, day).read_bytes(), make_order(world.context, bundles[0]).read_bytes()]
    assert [make_register(world.context, day).read_bytes(), make_order(world.context, bundles[0]).read_bytes()] == first


def test_an_empty_register_can_be_written(world: World) -> None:
    found = texts(make_register(world.context, FIRST))
    assert any("没有处理方案" in str(cell) for row in found["汇总"] for cell in row)


def test_a_bundle_that_failed_its_rehearsal_has_an_order_too(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    world.go(plan.id, (State.REHEARSAL_FAILED, SYSTEM), note="修改后新出现 1 项 C03")
    (rows,) = texts(make_order(world.context, plan.id)).values()
    assert any("修改后新出现 1 项 C03" in str(cell) for row in rows for cell in row)
