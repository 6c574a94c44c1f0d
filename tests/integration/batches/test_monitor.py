"""The feed monitor: what is past its time, what waits, told once and once more when it is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from hedui import steps
from hedui.batches.monitor import watch
from hedui.notify import Notice, NotifyError
from integration.batches.conftest import FRI, THU, WED, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEVER = dt.date.max


def at(day: dt.date, clock: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=SHANGHAI)


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    world = make_world()
    for day in (dt.date(2026, 6, 1), dt.date(2026, 6, 2)):  # what lies before is there
        world.send(day, 1, f"990101{day.day}", [("D1", "1.00")])
        world.recorded(day, ("D1", "1.00"))
    return world


def run(world: World, now: dt.datetime) -> list[str]:
    told: list[Notice] = []
    watch(world.context, now, send=told.append)
    return [line for notice in told for line in notice.lines]


def test_a_delivery_is_missed_after_its_time_once_and_its_coming_is_told(world: World) -> None:
    world.recorded(WED, ("D1", "1.00"))
    assert run(world, at(THU, "02:30")) == []
    assert run(world, at(THU, "02:31")) == ["异常：报文 2026-06-03：应于次日 02:30 前到达，至今未到"]
    assert run(world, at(THU, "02:45")) == []
    world.send(WED, 1, "990101A1", [("D1", "1.00")])
    assert run(world, at(THU, "03:00")) == ["已恢复：报文 2026-06-03：应于次日 02:30 前到达，至今未到"]
    assert run(world, at(THU, "03:15")) == []


def test_what_the_night_has_read_is_there_even_if_the_files_are_gone(world: World) -> None:
    world.send(WED, 1, "990101A1", [("D1", "1.00")])
    world.recorded(WED, ("D1", "1.00"))
    steps.extract(world.context, "bao", WED)
    for path in (world.folder / "inbox" / "bao" / "20260603").iterdir():
        path.unlink()
    assert run(world, at(THU, "08:00")) == []


def test_a_table_without_rows_of_the_day_is_missed(world: World) -> None:
    world.send(WED, 1, "990101A1", [("D1", "1.00")])
    assert run(world, at(THU, "08:00")) == ["异常：中间库 2026-06-03：应于次日 02:30 前到达，至今未到"]


def test_rows_that_wait_too_long(world: World) -> None:
    for day in (WED, THU):
        world.send(day, 1, f"990101A{day.day}", [("D1", "1.00")])
        world.recorded(day, ("D1", "1.00"))
    world.recorded(WED, ("D8", "1.00"), ("D9", "1.00"), status="0", handed=NEVER)
    assert run(world, at(THU, "08:00")) == []
    assert run(world, at(FRI, "08:00")) == ["异常：中间库 payment：2 条超时未处理，最早 2026-06-03（已 2 天）"]
    world.sql("UPDATE ac44 SET clzt = '1'")
    assert run(world, at(FRI, "08:15")) == ["已恢复：中间库 payment：2 条超时未处理，最早 2026-06-03（已 2 天）"]


def test_a_database_that_cannot_be_reached_is_told_once(world: World) -> None:
    for day in (WED, THU):
        world.send(day, 1, f"990101A{day.day}", [("D1", "1.00")])
    (world.folder / "zhong.db").rename(world.folder / "away.db")
    (world.folder / "zhong.db").mkdir()
    assert run(world, at(FRI, "08:00")) == ["异常：中间库：无法连接或读取"]
    assert run(world, at(FRI, "08:15")) == []
    (world.folder / "zhong.db").rmdir()
    (world.folder / "away.db").rename(world.folder / "zhong.db")
    for day in (WED, THU):
        world.recorded(day, ("D1", "1.00"))
    assert run(world, at(FRI, "08:30")) == ["已恢复：中间库：无法连接或读取"]


def test_a_message_that_did_not_go_out_is_sent_by_the_next_run(world: World) -> None:
    def refuse(notice: Notice) -> None:
        raise NotifyError("no")

    world.recorded(WED, ("D1", "1.00"))
    with pytest.raises(NotifyError):
        watch(world.context, at(THU, "03:00"), send=refuse)
    assert len(run(world, at(THU, "03:15"))) == 1
    assert run(world, at(THU, "03:30")) == []
