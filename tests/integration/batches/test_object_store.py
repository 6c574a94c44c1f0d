"""A lake in an object store: whole nights leave in it what they leave in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import fsspec
import pytest

from hedui import engine, steps
from hedui.context import Context
from hedui.lake import Lake
from integration.batches.conftest import THU, WED, World, without_papers
from integration.sources.servers import object_store


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with object_store() as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{store.port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "se/cret")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setattr(engine, "_stores", {})
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        yield "s3://exchange/lake"
        fsspec.get_filesystem_class("s3").clear_instance_cache()


def rows(context: Context) -> dict[str, Any]:
    """Rows of every partition of findings and canonical data, as the engine reads them."""
    found: dict[str, Any] = {}
    for layer, parts in (("canonical", ("payment", "bao")), ("findings", ("paid",)), ("findings", ("batch:bao",))):
        for day in context.lake.dates(layer, *parts):  # type: ignore[arg-type]
            partition = replace(context.findings("paid", day), layer=layer, parts=parts)  # type: ignore[arg-type]
            with engine.connect(threads=1) as connection:
                relation = engine.parquet(context.lake.files(partition))
                found[partition.path] = sorted(map(repr, connection.execute(f"SELECT * FROM {relation}").fetchall()))
    return found


def test_nights_on_an_object_store(make_world: Callable[[], World], bucket: str) -> None:
    """The first night there is a whole one; what is compared with a folder's are rows and findings."""

    def play(world: World, context: Context) -> dict[str, Any]:
        world.send(WED, 1, "990101A1", [("D1", "10.00"), ("D2", "20.00"), ("D3", "30.00")])
        world.send(THU, 1, "990101A1", [("D1", "10.00"), ("D2", "20.00")], SFCF="1", SCRQ="20260604120000")
        world.send(THU, 2, "990101A2", [("D4", "40.00")])
        world.recorded(WED, ("D1", "10.00"), ("D2", "21.00"))
        world.recorded(THU, ("D4", "40.00"))
        if context.lake.root == bucket:
            steps.night(context, WED)
        else:
            without_papers(context, WED)
        without_papers(context, THU)
        return rows(context)

    there, here = make_world(), make_world()
    expected = play(here, here.context)
    found = play(there, replace(there.context, lake=Lake(bucket)))
    assert len(expected) == 6
    assert sum(map(len, expected.values())) > 5
    assert found == expected
