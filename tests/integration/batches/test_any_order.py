"""Any order of nights, repeated nights and killed runs end in the same lake and the same ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from hedui import steps
from hedui.lake import Lake
from hedui.ledger.database import begin
from integration.batches.conftest import DAYS, FRI, THU, WED, World

MakeWorld = Callable[[], World]
WHOLE = "source, batch, position, business_date, belongs, event, dataset, name, rows, detail::text"


class Killed(BaseException):
    """Stands for a process that ends here and now."""


def fill(world: World) -> None:
    """Resends over one and two days, a repetition, a refusal that is mended, a cancellation, and what 社保 has recorded."""
    world.send(WED, 1, "990101A1", [("D1", "1.00"), ("D2", "2.00")])
    world.send(WED, 2, "990101A2", [("D3", "3.00")], JLS="9")
    world.send(WED, 3, "990101A3", [("D4", "4.00")])
    world.send(THU, 1, "990101A1", [("D1", "1.50"), ("D2", "2.00")], SFCF="1")
    world.send(THU, 2, "990101A3", [("D4", "4.00")])
    world.send(THU, 3, "990101B1", [("D5", "5.00")])
    world.send(FRI, 1, "990101A1", [("D1", "1.60"), ("D6", "6.00")], SFCF="1")
    world.send(FRI, 2, "990101A2", [("D3", "3.00")], SFCF="1")
    world.send(FRI, 4, "990101C1", [("D7", "7.00")])
    world.decide(FRI, ("990101B1", "撤销"), ("990101A1", "确认"))
    world.recorded(WED, ("D1", "1.60"), ("D3", "3.00"), ("D4", "4.00"))
    world.recorded(THU, ("D5", "5.00"))
    world.recorded(FRI, ("D7", "7.10"))


def night(world: World, day: dt.date) -> None:
    context = world.context
    for source in ("bao", "zhong"):
        steps.extract(context, source, day)
    steps.restate(context, day)
    for source in ("bao", "zhong"):
        steps.check_source(context, source, day)
    steps.compare(context, "paid", day)
    steps.record(context, day)


def outcome(world: World) -> dict[str, Any]:
    with begin(world.ledger) as connection:
        ledger = {
            "events": connection.execute(text(f"SELECT {WHOLE} FROM hedui.batch_event ORDER BY 1, 2, 3")).fetchall(),
            "receipts": connection.execute(
                text("SELECT batch, business_date, ok, reason FROM hedui.receipt ORDER BY 1, 2, 3")
            ).fetchall(),
            "cases": connection.execute(
                text("SELECT scope, fingerprint, state, first_seen, cleared_on FROM hedui.case_view ORDER BY 1, 2")
            ).fetchall(),
            "stands": connection.execute(
                text("SELECT batch, state FROM hedui.batch_view WHERE source = 'bao' ORDER BY 1")
            ).fetchall(),
        }
    return world.everything() | ledger


@pytest.fixture(autouse=True)
def _no_workbooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "report", lambda context, date: None)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> dict[str, Any]:
    from hedui.ledger.schema import upgrade

    ledger = new_database()
    upgrade(ledger)
    world = World(folder=tmp_path_factory.mktemp("undisturbed"), ledger=ledger)
    fill(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "report", lambda context, date: None)
        for day in DAYS:
            night(world, day)
    return outcome(world)


def test_what_an_undisturbed_run_ends_in(undisturbed: dict[str, Any]) -> None:
    rows = [
        line for line in undisturbed["canonical/payment/bao/2026-06-03"] for name in ("D1", "D3", "D4", "D6") if f"'{name}'" in line
    ]
    assert len(rows) == len(undisturbed["canonical/payment/bao/2026-06-03"]) == 4
    assert undisturbed["canonical/payment/bao/2026-06-04"] == []
    assert [tuple(row) for row in undisturbed["stands"] if row[0].startswith("9901")] == [
        ("990101A1", "confirmed"), ("990101A2", "reconciled"), ("990101A3", "reconciled"), ("990101B1", "cancelled"),
        ("990101C1", "reconciled"),
    ]  # fmt: skip
    assert any("R05" in line and "D7" in line for line in undisturbed["findings/paid/2026-06-05"])
    assert not any("R05" in line and "D1" in line for line in undisturbed["findings/paid/2026-06-03"])
    assert any("B11" in line for line in undisturbed["findings/batch=bao/2026-06-05"])


@pytest.mark.parametrize(
    "order",
    [
        pytest.param((FRI, THU, WED), id="backwards"),
        pytest.param((THU, FRI, WED, THU), id="mixed"),
        pytest.param((WED, WED, FRI, THU, FRI), id="repeated", marks=pytest.mark.slow),
    ],
)
def test_any_order_of_nights(make_world: MakeWorld, undisturbed: dict[str, Any], order: Sequence[dt.date]) -> None:
    world = make_world()
    fill(world)
    for day in order:
        night(world, day)
    assert outcome(world) == undisturbed


KILLS = (0, 1, 3, 4, 6, 9, 12)


@pytest.mark.parametrize(
    "kills",
    [pytest.param(KILLS, id="again and again"), *(pytest.param((kill,), id=str(kill), marks=pytest.mark.slow) for kill in KILLS)],
)
def test_a_run_that_is_killed_between_two_commits(
    make_world: MakeWorld, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, kills: Sequence[int]
) -> None:
    """Each run gets a little further than the one before it; one that is left alone puts all in order."""
    world = make_world()
    fill(world)
    night(world, WED)
    night(world, THU)
    put = Lake.put_manifest
    for steps_done in kills:
        done = []

        def killing(self: Lake, *arguments: Any, most: int = steps_done, done: list[Any] = done) -> None:
            if len(done) == most:
                raise Killed
            put(self, *arguments)
            done.append(arguments)

        with monkeypatch.context() as patch:
            patch.setattr(Lake, "put_manifest", killing)
            with pytest.raises(Killed):
                night(world, FRI)
    night(world, FRI)
    assert outcome(world) == undisturbed
