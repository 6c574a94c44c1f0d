"""What reading may take: memory however large the packet is, a disk that is full, an archive that unpacks to more than is allowed."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hedui.errors import LakeError, SourceError
from integration.sources.deliveries import packet, people, receive
from integration.sources.servers import sftp_server
from integration.sources.workbooks import row, write

TESTS = Path(__file__).parents[2]
READER = {"type": "xml", "path": "{date:%Y%m%d}.xml"}
MEASURE = """
import json, resource, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {include!r}]
from integration.sources.deliveries import DATE, context, source
from hedui.sources.registry import open_reader
inbox = Path({inbox!r})
with open_reader(context(inbox), source({reader!r})).open(DATE) as snapshot:
    rows = sum(batch.records.num_rows for batch in snapshot.read("person"))
print(json.dumps([rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def measured(inbox: Path, reader: dict[str, object] = READER) -> tuple[int, int]:
    """Rows, and peak memory in KB, of reading in a process of its own."""
    code = MEASURE.format(tests=str(TESTS), include=str(TESTS.parent / "include"), inbox=str(inbox), reader=reader)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, peak = json.loads(done.stdout)
    return rows, peak


def large_packet(target: Path, megabytes: int) -> int:
    """Writes a packet of many records; returns their number."""
    block = packet(people(10_000))
    begin, end = block.index(b"<Record"), block.index(b"</Data>")
    times = max(1, megabytes * 1_000_000 // (end - begin))
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(block[:begin])
        for _ in range(times):
            file.write(block[begin:end])
        file.write(block[end:])
    return times * 10_000


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> int:
    """Peak memory of reading a packet that fills one batch."""
    inbox = tmp_path_factory.mktemp("small")
    large_packet(inbox / "20260603.xml", 12)
    return measured(inbox)[1]


@pytest.mark.parametrize("megabytes", [pytest.param(50, id="50 MB"), pytest.param(1_000, id="1 GB", marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_packet(tmp_path, small, megabytes):
    count = large_packet(tmp_path / "20260603.xml", megabytes)

    rows, large = measured(tmp_path)

    assert rows == count > 100_000
    assert large < small * 1.3, f"{large} KB for {megabytes} MB, {small} KB for 12 MB"


@pytest.mark.parametrize("hostile", ["a text without an end", "unknown elements", "attributes", "many packets of one record"])
def test_memory_stays_bounded_whatever_the_packet_does(tmp_path, small, hostile):
    file = tmp_path / "20260603.xml"
    block = {
        "a text without an end": b"1" * 1_000_000,
        "unknown elements": b"<X><Y>1</Y></X>" * 40_000,
        "attributes": b"<X " + b" ".join(b"a%d='1'" % number for number in range(100_000)) + b"/>",
        "many packets of one record": b"</Data><Z/><Data>" * 20_000,
    }[hostile]
    with file.open("wb") as target:
        target.write(b"<Package><Data>" + (b"<Record><AAC001>" if hostile.startswith("a text") else b""))
        for _ in range(25):
            target.write(block)

    _, peak = measured(tmp_path)

    assert peak < small * 1.5


WORKBOOK = {"type": "xlsx", "path": "{date:%Y%m%d}.xlsx"}
COLUMNS = ["AAC001", "AAC003", *(f"C{number}" for number in range(10))]


def large_workbook(target: Path, rows: int) -> None:
    """A workbook of 12 columns; half of its cells are shared texts, each its own, and every row has a height, as Excel writes them."""
    texts = (f"测试{number}" for number in range(rows * 6))
    lines = (row([*((number * 6 + at,) for at in range(6)), *[f"v{number}"] * 6], said='ht="15"') for number in range(rows))
    write(target, itertools.chain([row(COLUMNS)], lines), texts=texts)


@pytest.fixture(scope="module")
def small_workbook(tmp_path_factory) -> int:
    """Peak memory of reading a workbook that fills one batch."""
    inbox = tmp_path_factory.mktemp("workbook")
    large_workbook(inbox / "20260603.xlsx", 10_000)
    return measured(inbox, WORKBOOK)[1]


@pytest.mark.parametrize("rows", [pytest.param(20_000, id="20,000"), pytest.param(300_000, id="300,000", marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_workbook(tmp_path, small_workbook, rows):
    large_workbook(tmp_path / "20260603.xlsx", rows)

    read, peak = measured(tmp_path, WORKBOOK)

    # where each shared text begins is in memory: eight bytes a text
    assert read == rows
    assert peak - rows * 6 * 8 / 1024 < small_workbook * 1.15, f"{peak} KB for {rows} rows, {small_workbook} KB for 10,000"


def test_a_full_disk_while_an_archive_is_fetched(tmp_path):
    """A file from a distance that must be read here and there is copied; where there is no room, that is said, and nothing stays."""
    (tmp_path / "inbox").mkdir()
    with zipfile.ZipFile(tmp_path / "inbox" / "20260603.zip", "w") as archive:
        archive.writestr("a.xml", packet(people(20_000)))
    reader = {"type": "xml", "path": "{date:%Y%m%d}.zip", "archive": "zip", "inbox": "exchange"}
    with sftp_server(tmp_path) as server:
        connections = {"exchange": server.url()}
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(SourceError, match=r"20260603\.zip cannot be read: File too large"):
                receive(tmp_path, reader, connections=connections)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

        assert len(receive(tmp_path, reader, connections=connections).rows) == 20_000


def test_a_full_disk_while_the_lake_is_written(world):
    """The earlier delivery stays, and a later run with room gives what an undisturbed one gives."""
    row = "20260603\t880201\tY\t2\t{}\t1.5\n"
    file = world.file("caizheng/hz260603.txt", "".join(row.format(number) for number in range(1_000)).encode())
    world.extract("huizong")
    before = world.manifest("daily_total", "huizong")
    file.write_text("".join(row.format(number * 7919 % 1_000_003) for number in range(200_000)))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(LakeError, match=r"The lake's disk is full; partition .* stays as it was"):
            world.extract("huizong")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert world.manifest("daily_total", "huizong") == before
    assert len(list((world.folder / "lake/canonical/daily_total/huizong/2026-06-03").glob("v-*"))) == 1

    world.extract("huizong")

    after = world.manifest("daily_total", "huizong")
    assert after.rows == 200_000
