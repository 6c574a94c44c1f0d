"""The feed monitor's DAG: when it runs, and that its task hands the library a context and a time."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hedui.batches import monitor
from hedui_airflow import feeds

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_it_runs_every_quarter_of_an_hour_and_makes_up_for_nothing(dag_bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag_bag.dags["feed_monitor"]))
    first = dt.datetime(2026, 6, 3, 8, 0, tzinfo=SHANGHAI)
    runs = list(scheduled.iter_dagrun_infos_between(first, first + dt.timedelta(minutes=46)))
    assert [run.run_after.astimezone(SHANGHAI).time() for run in runs] == [dt.time(8, minute) for minute in (0, 15, 30, 45)]
    assert not scheduled.catchup


def test_the_task_watches_now_and_passes_only_figures_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def watch(context: Any, now: dt.datetime) -> monitor.Watch:
        seen.append((context, now))
        return monitor.Watch(amiss=2, raised=1, recovered=0)

    monkeypatch.setattr(feeds, "task_context", lambda: "context")
    monkeypatch.setattr(monitor, "watch", watch)
    before = dt.datetime.now(dt.UTC)
    assert feeds.run_watch() == {"amiss": 2, "raised": 1, "recovered": 0}
    [(context, now)] = seen
    assert context == "context"
    assert before <= now <= dt.datetime.now(dt.UTC)
