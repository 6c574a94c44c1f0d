from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hedui.cases import merge
from hedui.cases import record as record_module
from hedui.cases.record import record_findings
from hedui.errors import LakeError, LedgerError
from hedui.ledger.database import LOCK_RECORD, begin
from integration.cases.conftest import World, facts, finding, model

D = [dt.date(2026, 6, day) for day in (3, 4, 5, 8, 9)]
SCOPES = ("cmp", "check:person:shebao")
KEYS = ("a", "b", "c")


def follow(world: World, date: dt.date) -> None:
    """Records a date; a night without any findings partition has no record step to run."""
    if any(night == date for _, night in world.nights):
        record_findings(world.context, date)


def assert_cases_follow(world: World) -> None:
    assert {key: facts(case) for key, case in world.cases().items()} == model(world.nights)


NIGHT = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["1", "2"]))
STEPS = st.lists(st.tuples(st.sampled_from(D), st.lists(st.none() | NIGHT, min_size=2, max_size=2)), min_size=1, max_size=7)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_order_repetition_and_vanishing_of_nights_give_the_models_cases(world: World, steps) -> None:
    world.reset()
    for date, contents in steps:
        for scope, content in zip(SCOPES, contents, strict=True):
            if content is None:
                world.remove(scope, date)
            else:
                world.write(
                    scope,
                    date,
                    {key: {"side_values": f'{{"shebao":"{value}"}}', "severity": value} for key, value in content.items()},
                )
        if all(content is None for content in contents):
            world.write("arrival:guotong", date, {})
        follow(world, date)
        assert_cases_follow(world)
    spells = world.spells()
    # The same nights in order in an empty ledger are stored alike.
    with begin(world.context.ledger_url) as connection:
        connection.execute(text("TRUNCATE hedui.recorded_night, hedui.reconciliation_case, hedui.spell"))
    for date in sorted({date for _, date in world.nights}):
        record_findings(world.context, date)
    assert world.spells() == spells
    assert_cases_follow(world)


def test_counts_of_nights_in_order(world: World) -> None:
    world.write("cmp", D[0], {"a": {}, "b": {}})
    assert record_findings(world.context, D[0]).counts == {
        "new": 2,
        "still": 0,
        "cleared": 0,
        "reopened": 0,
        "open_total": 2,
        "exempt": 0,
        "partitions": 1,
        "restated": 0,
    }
    world.write("cmp", D[1], {"b": {}, "c": {}})
    assert record_findings(world.context, D[1]).counts == {
        "new": 1,
        "still": 1,
        "cleared": 1,
        "reopened": 0,
        "open_total": 2,
        "exempt": 0,
        "partitions": 1,
        "restated": 0,
    }
    world.write("cmp", D[2], {"a": {}, "b": {}, "c": {}})
    expected = {"new": 0, "still": 2, "cleared": 0, "reopened": 1, "open_total": 3, "exempt": 0, "restated": 0}
    assert record_findings(world.context, D[2]).counts == {**expected, "partitions": 1}
    assert record_findings(world.context, D[2]).counts == {**expected, "partitions": 0}


def test_a_scope_that_did_not_run_neither_closes_nor_reopens(world: World) -> None:
    world.write("cmp", D[0], {"a": {}})
    world.write("other", D[0], {"x": {}})
    record_findings(world.context, D[0])
    world.write("other", D[1], {})
    counts = record_findings(world.context, D[1]).counts
    assert (counts["cleared"], counts["open_total"]) == (1, 1)
    assert world.cases()["cmp", "a"]["last_seen"] == D[0]
    world.write("cmp", D[2], {"a": {}})
    record_findings(world.context, D[2])
    case = world.cases()["cmp", "a"]
    assert (case["opened_on"], case["reopened_count"], case["last_seen"]) == (D[0], 0, D[2])


def test_a_partition_in_which_a_rule_broke_clears_nothing(world: World) -> None:
    world.write("check:person:shebao", D[0], {"a": {}})
    record_findings(world.context, D[0])
    world.write("check:person:shebao", D[1], {})
    partition = world.context.findings("check:person:shebao", D[1])
    manifest = world.context.lake.manifest(partition)
    assert manifest is not None
    world.context.lake.put_manifest(partition, replace(manifest, meta={"broken": ["P05"]}))
    world.write("other", D[1], {})
    assert record_findings(world.context, D[1]).counts["cleared"] == 0
    assert world.cases()["check:person:shebao", "a"]["state"] == "open"


def test_restated_later_dates_are_merged_with_an_earlier_one(world: World) -> None:
    world.write("cmp", D[1], {"a": {}})
    record_findings(world.context, D[1])
    world.write("cmp", D[0], {"b": {}})
    world.write("cmp", D[1], {"b": {}})
    counts = record_findings(world.context, D[0]).counts
    assert (counts["new"], counts["restated"], counts["partitions"]) == (1, 1, 2)
    assert_cases_follow(world)
    with begin(world.context.ledger_url) as connection:
        logged = connection.execute(text("SELECT business_date, summary ->> 'still' FROM hedui.night ORDER BY 1")).all()
    assert [tuple(row) for row in logged] == [(D[0], "0"), (D[1], "1")]


def test_hostile_texts_come_through(world: World) -> None:
    values = ['{"shebao":"a,\\"b\\"\\nc"}', "", "\\N", '"', "\\.", "O'Neil; -- &amp; 张三 🐉 \r\n\t", None]
    world.write("cmp", D[0], {f"k{i}": {"side_values": value, "raw_values": value} for i, value in enumerate(values)})
    world.write("nul", D[0], {"n\0l": {"side_values": "x\0y"}})
    record_findings(world.context, D[0])
    cases = world.cases()
    assert [cases["cmp", f"k{i}"]["side_values"] for i in range(len(values))] == values
    assert cases["nul", "nl"]["side_values"] == "xy"


def test_equal_fingerprints_within_a_partition_make_one_case(world: World) -> None:
    rows = [finding("cmp", D[0], "a", side_values=value) for value in ("1", "2", "2")]
    world.write_rows("cmp", D[0], rows)
    assert record_findings(world.context, D[0]).counts["new"] == 1
    world.write_rows("cmp", D[0], rows[::-1])
    before = world.cases()
    record_findings(world.context, D[0])
    assert world.cases() == before


def test_a_fingerprint_of_another_scope_is_refused(world: World) -> None:
    world.write("cmp", D[0], {"a": {}})
    record_findings(world.context, D[0])
    world.write_rows("other", D[1], [finding("cmp", D[1], "a")])
    with pytest.raises(LedgerError, match="another scope"):
        record_findings(world.context, D[1])
    assert len(world.cases()) == 1


def test_a_date_without_findings_is_refused_and_takes_nothing_back(world: World) -> None:
    world.write("cmp", D[0], {"a": {}})
    record_findings(world.context, D[0])
    world.remove("cmp", D[0])
    with pytest.raises(LakeError, match="no findings of 2026-06-03"):
        record_findings(world.context, D[0])
    assert len(world.cases()) == 1


class Interrupted(Exception):
    """Stands for anything that ends the process."""


@pytest.mark.parametrize("statement", [0, 1, 2, 3, 4, 5])
def test_an_interrupted_merge_leaves_the_night_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch, statement: int) -> None:
    world.write("cmp", D[0], {"a": {}, "b": {}})
    world.write("cmp", D[2], {"a": {}, "b": {}})
    record_findings(world.context, D[0])
    before = world.cases(), world.spells()
    world.write("cmp", D[1], {"b": {}, "c": {}})
    sentence = (merge._ADD + merge._DROP)[statement]
    real = merge.text

    def interrupting(sql: str):
        if sql is sentence:
            raise Interrupted
        return real(sql)

    with monkeypatch.context() as patch:
        patch.setattr(merge, "text", interrupting)
        with pytest.raises(Interrupted):
            record_findings(world.context, D[1])
    assert (world.cases(), world.spells()) == before
    record_findings(world.context, D[1])
    assert_cases_follow(world)


def record_and_die(world: World, date: dt.date) -> None:
    def die(*args: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    record_module._restore_values = die
    record_findings(world.context, date)


def test_a_killed_process_leaves_the_night_as_it_was(world: World) -> None:
    world.write("cmp", D[0], {"a": {}})
    record_findings(world.context, D[0])
    world.write("cmp", D[1], {"b": {}})
    before = world.cases()
    process = multiprocessing.get_context("fork").Process(target=record_and_die, args=(world, D[1]))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert world.cases() == before
    record_findings(world.context, D[1])
    assert_cases_follow(world)


@pytest.fixture
def held_lock(world: World) -> Iterator[threading.Event]:
    """Holds the record lock until the event is set, so that two runs both stand in front of it."""
    release, held = threading.Event(), threading.Event()

    def hold() -> None:
        with begin(world.context.ledger_url, lock=LOCK_RECORD):
            held.set()
            release.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    yield release
    release.set()
    thread.join()


def test_two_dates_recorded_at_once_give_the_same_cases(world: World, held_lock: threading.Event) -> None:
    world.write("cmp", D[0], {"a": {}, "b": {}})
    world.write("cmp", D[1], {"b": {}, "c": {}})
    world.write("other", D[1], {"x": {}})
    errors: list[BaseException] = []

    def run(date: dt.date) -> None:
        try:
            record_findings(world.context, date)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(date,)) for date in (D[0], D[1], D[0])]
    for thread in threads:
        thread.start()
    held_lock.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert_cases_follow(world)


def test_values_come_from_the_latest_night_that_saw_the_case(world: World) -> None:
    world.write("cmp", D[2], {"a": {"agency": "new"}})
    record_findings(world.context, D[2])
    world.write("cmp", D[0], {"a": {"agency": "old"}})
    record_findings(world.context, D[0])
    assert world.cases()["cmp", "a"]["agency"] == "new"
    world.write("cmp", D[2], {})
    record_findings(world.context, D[2])
    assert world.cases()["cmp", "a"]["agency"] == "old"
