"""Nights that a full disk or a replaced file disturbs end in the state of one that was left alone."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hedui.demo.carriers import DATE, Person, deliver, people
from hedui.errors import LakeError, SourceError
from hedui.sources import delimited, inbox_steady, xml_packets, xml_text
from integration.sources.deliveries import packet, receive
from integration.sources.deliveries import people as records
from integration.sources.nights import Nights, deliver_differing, small_disk
from integration.sources.servers import object_store, sftp_server

DAY = f"{DATE:%Y%m%d}"


@pytest.fixture(scope="module")
def persons() -> list[Person]:
    return people(persons=120, seed=5)


@pytest.fixture
def nights(tmp_path: Path, new_database: Callable[[], str]) -> Callable[..., Nights]:
    """Makes nights, each with a lake and a ledger of its own."""
    from hedui.ledger.schema import upgrade

    def make(inbox: Path, lake: Path, **connections: str) -> Nights:
        ledger = new_database()
        upgrade(ledger)
        return Nights(lake=lake, inbox=inbox, ledger=ledger, connections=connections)

    return make


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_disk_that_is_full_again_and_again(tmp_path, persons, nights):
    deliver_differing(persons, tmp_path / "inbox")
    alone = nights(tmp_path / "inbox", tmp_path / "alone")
    alone.run()
    whole = size(alone.lake)
    disturbed = nights(tmp_path / "inbox", tmp_path / "disk" / "lake")

    said: list[str] = []
    with small_disk(tmp_path / "disk", whole // 6) as grow:
        while (reason := full_disk(disturbed)) and len(said) < 40:
            said.append(reason)
            grow(whole * (len(said) + 1) // 4)
        found = disturbed.state()
        versions = len(list(disturbed.lake.rglob("v-*")))

    assert len(said) >= 3
    assert all("The lake's disk is full" in reason for reason in said)
    assert len(found["cases"]) == 5, "three names, two persons"
    assert found == alone.state()
    assert versions == len(list(alone.lake.rglob("v-*"))), "nothing half written stays"


def full_disk(disturbed: Nights) -> str:
    """Runs a night; what stopped it, empty where nothing did."""
    try:
        disturbed.run()
    except LakeError as error:
        return str(error)
    return ""


def test_a_full_disk_where_an_archive_is_fetched_to(tmp_path, monkeypatch):
    """A file from a distance that must be read here and there is copied; where there is no room, that is said, and nothing stays."""
    (tmp_path / "inbox").mkdir()
    with zipfile.ZipFile(tmp_path / "inbox" / f"{DAY}.zip", "w") as archive:
        archive.writestr("a.xml", packet(records(20_000)))
    reader = {"type": "xml", "path": "{date:%Y%m%d}.zip", "archive": "zip", "inbox": "exchange"}
    with sftp_server(tmp_path) as server:
        connections = {"exchange": server.url()}
        undisturbed = receive(tmp_path, reader, connections=connections)
        with small_disk(tmp_path / "disk", 1 << 20) as grow:
            monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "disk"))
            with pytest.raises(SourceError, match=rf"{DAY}\.zip cannot be read: (No space left on device|File too large)"):
                receive(tmp_path, reader, connections=connections)
            assert size(tmp_path / "disk") == 0

            grow(64 << 20)
            assert receive(tmp_path, reader, connections=connections) == undisturbed


@pytest.fixture(params=["folder", "sftp", "s3"])
def place(request, tmp_path, persons) -> Iterator[tuple[str, dict[str, str], Callable[[Path], None]]]:
    """A source whose files are at a place, the place's connection, and what puts there what was delivered into a folder."""
    if request.param == "folder":
        yield "txt", {}, lambda delivered: _put(delivered / "txt", tmp_path / "inbox" / "txt")
    elif request.param == "sftp":
        (tmp_path / "server" / "inbox").mkdir(parents=True)
        with sftp_server(tmp_path / "server") as server:
            put = lambda delivered: _put(delivered / "exchange" / "sftp", server.root / "inbox")  # noqa: E731
            yield "sftp", {"carriers_sftp": server.url()}, put
    else:
        with object_store() as store:

            def upload(delivered: Path) -> None:
                folder = delivered / "exchange" / "s3"
                for file in (*sorted(folder.rglob("*.xml")), folder / DAY / "_SUCCESS"):
                    store.put(file.relative_to(folder).as_posix(), file.read_bytes())

            yield "s3", {"carriers_s3": store.url}, upload


def _put(source: Path, target: Path) -> None:
    """Each file is replaced in one step, as a sender does it who knows how."""
    for file in [path for path in source.rglob("*") if path.is_file()]:
        there = target / file.relative_to(source)
        there.parent.mkdir(parents=True, exist_ok=True)
        new = there.with_name(f".{there.name}")
        new.write_bytes(file.read_bytes())
        new.replace(there)


def test_a_file_that_is_replaced_while_it_is_read(tmp_path, persons, nights, place, monkeypatch):
    """The run that reads it fails and leaves nothing behind; the next one gives what the new file gives."""
    monkeypatch.setattr(inbox_steady, "FIRST_PAUSE", 0)
    for module, name in ((delimited, "BATCH_BYTES"), (xml_packets, "BATCH_BYTES"), (xml_text, "CHUNK")):
        monkeypatch.setattr(module, name, 1_000)
    source, connections, put = place
    deliver_differing(persons, tmp_path / "inbox")
    deliver(persons[:100], tmp_path / "old")
    deliver(persons[4:], tmp_path / "new")
    put(tmp_path / "old")
    disturbed = nights(tmp_path / "inbox", tmp_path / "disturbed", **connections)
    replaced: list[int] = []

    def replace_once(label: str, done: int, total: int | None) -> None:
        if label == f"{source} person" and not replaced:
            replaced.append(done)
            put(tmp_path / "new")

    with pytest.raises(SourceError, match=r"changed while it was read|cannot be read"):
        disturbed.run(source, progress=replace_once)
    assert 0 < replaced[0] < 100, "it was replaced in the middle"
    assert not list((disturbed.lake / "canonical" / "person" / source).rglob("manifest.json"))
    disturbed.run(source)

    alone = nights(tmp_path / "inbox", tmp_path / "alone", **connections)
    alone.run(source)
    assert disturbed.state() == alone.state()
    assert disturbed.state()["partitions"][f"canonical/person/{source}/{DATE}"]["rows"] == 116
