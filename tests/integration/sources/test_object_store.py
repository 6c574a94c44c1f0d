"""Files in an S3-compatible store that is busy, breaks off, or is written to meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from s3fs import S3FileSystem

from hedui.errors import SourceError, SourceIncompleteError
from hedui.sources import inbox, inbox_steady, xml_packets
from integration.sources.deliveries import packet, people, receive
from integration.sources.servers import ObjectStore, object_store

XML = {"type": "xml", "path": "{date:%Y%m%d}/*.xml", "inbox": "bucket"}


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with object_store() as running:
        yield running


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(inbox_steady, "FIRST_PAUSE", 0)
    monkeypatch.setattr(S3FileSystem, "retries", 2)
    monkeypatch.setattr(inbox, "BATCH_BYTES", 1 << 20)


@pytest.fixture
def read(store, tmp_path):
    yield lambda **options: receive(tmp_path, options.pop("reader", XML), connections={"bucket": store.url}, **options)
    store.busy = store.short = 0
    for found in store._client.list_objects_v2(Bucket="exchange").get("Contents", []):
        store._client.delete_object(Bucket="exchange", Key=found["Key"])


def test_a_store_that_is_busy_and_breaks_off(store, read):
    content = packet(people(40_000))
    store.put("20260603/甲.xml", content)
    undisturbed = read()
    store.refused, store.busy, store.short = 0, 3, 2

    received = read()

    assert store.refused == 5
    assert received == undisturbed
    assert received.packets[0].sha256 == hashlib.sha256(content).hexdigest()
    assert received.packets[0].modified is not None


def test_a_store_that_stays_busy(store, read):
    store.put("20260603/a.xml", packet(people(10)))
    store.busy = 1_000

    with pytest.raises(SourceError, match=r"20260603/a\.xml cannot be read: .* Reading it again later may help"):
        read()


def test_an_object_that_is_replaced_while_it_is_read(store, read, monkeypatch):
    monkeypatch.setattr(xml_packets, "BATCH_BYTES", 1 << 20)
    store.put("20260603/a.xml", packet(people(40_000)))

    with pytest.raises(SourceError, match=r"a\.xml (changed while it was read|cannot be read)"):
        read(between=lambda: store.put("20260603/a.xml", packet(people(39_999))))


def test_a_folder_without_its_marker(store, read):
    store.put("20260603/a.xml", packet(people(1)))
    reader = XML | {"complete": {"marker": "_SUCCESS"}}
    with pytest.raises(SourceIncompleteError, match="its marker 20260603/_SUCCESS is not there"):
        read(reader=reader)

    store.put("20260603/_SUCCESS", b"")

    assert len(read(reader=reader).rows) == 1
