"""One list of persons, sent by every carrier of the example site: each source gives the same canonical rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from hedui import steps
from hedui.demo.carriers import DATE, Person, deliver, people
from integration.sources.conftest import World
from integration.sources.servers import SftpServer, object_store, sftp_server

SITE = Path(__file__).parents[3] / "include" / "sites" / "carriers"
LOCAL = ["gz", "zip", "xml", "fixed", "xlsx", "txt"]


@pytest.fixture(scope="module")
def persons() -> list[Person]:
    return people(persons=120, seed=5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, persons: list[Person]) -> World:
    made = World(folder=tmp_path_factory.mktemp("carriers"), connections={}, site_folder=SITE)
    deliver(persons, made.inbox)
    return made


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[SftpServer]:
    """Shows what was delivered for it as ``/inbox``."""
    root = world.folder / "server"
    root.mkdir()
    (world.inbox / "exchange" / "sftp").rename(root / "inbox")
    with sftp_server(root) as running:
        yield running


def rows(world: World, source: str) -> list[dict[str, object]]:
    """What a source delivered, as the persons' fields, in the order of their numbers."""
    names = Person.__dataclass_fields__
    found = [{name: row[name] for name in names} for row in world.rows("person", source)]
    return sorted(found, key=lambda row: str(row["person_no"]))


def check(world: World, source: str, persons: list[Person]) -> None:
    summary = world.extract(source)
    assert (summary.state, summary.counts["rows"], summary.counts["rejected"]) == ("done", len(persons), 0)
    assert rows(world, source) == [asdict(person) for person in persons]


@pytest.mark.parametrize("source", LOCAL)
def test_a_carrier_from_a_folder(world, persons, source):
    check(world, source, persons)


def test_the_carrier_sftp(world, persons, server):
    world.connections["carriers_sftp"] = server.url()
    marker = server.root / "inbox" / f"{DATE:%Y%m%d}" / "RY_001.txt.ok"
    marker.unlink()
    assert world.extract("sftp").state == "missing", "without its marker a file is still being written"

    marker.write_bytes(b"")
    check(world, "sftp", persons)


def test_the_carrier_s3(world, persons):
    with object_store() as store:
        world.connections["carriers_s3"] = store.url
        delivered = world.inbox / "exchange" / "s3"
        for file in sorted(delivered.rglob("*.xml")):
            store.put(file.relative_to(delivered).as_posix(), file.read_bytes())
        assert world.extract("s3").state == "missing", "without its marker a day is still being written"

        store.put(f"{DATE:%Y%m%d}/_SUCCESS", b"")
        check(world, "s3", persons)


def test_the_site_compares_its_carriers(world, persons):
    """The same list six times over is no finding; one name that another carrier spells otherwise is one."""
    context = world.context
    for source in LOCAL:
        steps.extract(context, source, DATE)
    assert steps.compare(context, "carriers", DATE).counts["findings"] == 0

    file = next((world.inbox / "fixed").iterdir())
    content, someone = file.read_bytes(), persons[7]
    name = someone.name.encode("gb18030")
    number = someone.id_number.encode()
    try:
        file.write_bytes(content.replace(number + name, number + name[:2].ljust(len(name)), 1))
        steps.extract(context, "fixed", DATE)
        assert steps.compare(context, "carriers", DATE).counts["findings"] == 1
        [finding] = world.read(context.findings("carriers", DATE))
        assert (finding["rule"], finding["field"], finding["source"]) == ("T03", "name", "fixed")
    finally:
        file.write_bytes(content)
