"""What reading may take: memory however large the packet is, and whatever a hostile one does."""

from __future__ import annotations

import gzip
import itertools
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from hedui.sources import delimited
from integration.sources.deliveries import packet, people, receive
from integration.sources.workbooks import row, write

TESTS = Path(__file__).parents[2]
READER: dict[str, Any] = {"type": "xml", "path": "{date:%Y%m%d}*.xml"}
MEASURE = """
import json, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {include!r}]
from integration.sources.deliveries import DATE, context, source
from hedui.sources.registry import open_reader
with open_reader(context(Path({inbox!r})), source({reader!r})).open(DATE) as snapshot:
    rows = sum(batch.records.num_rows + len(batch.bad) for batch in snapshot.read("person"))
    problems = {{one.name: [problem.reason for problem in one.problems] for one in snapshot.packets("person")}}
# not getrusage: a process begins with the peak of the one that started it
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps([rows, int(peak.split()[1]), problems]))
"""


def reading(inbox: Path, reader: dict[str, Any]) -> tuple[int, int, dict[str, list[str]]]:
    """Records, peak memory in KB and each packet's problems, of reading in a process of its own."""
    code = MEASURE.format(tests=str(TESTS), include=str(TESTS.parent / "include"), inbox=str(inbox), reader=reader)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, peak, problems = json.loads(done.stdout)
    return rows, peak, problems


def measured(inbox: Path, reader: dict[str, Any] = READER) -> tuple[int, int]:
    """Records, and peak memory in KB."""
    return reading(inbox, reader)[:2]


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


RECORD = b"<Record><AAC001>1</AAC001><AAC003>1</AAC003>%s</Record>"
NAME = "n%07d" + "y" * 60


def each(form: bytes, count: int) -> Iterable[bytes]:
    """Pieces that each have names of their own."""
    for first in range(0, count, 1_000):
        yield b"".join(form.replace(b"*", (NAME % number).encode()) for number in range(first, first + 1_000))


def repeated(piece: bytes, count: int) -> Iterable[bytes]:
    """The same again and again."""
    return itertools.repeat(piece * 1_000, count // 1_000)


BEGIN, END = b"<Package><Data>", b"</Data></Package>"
XML_TOO_LONG, XML_NAMES, XML_DTD = "一条记录过长或嵌套没有结束", "字段名过多", "报文含有 DTD 声明，已拒绝"
BOMB = b"<!DOCTYPE Package [<!ENTITY a '" + b"x" * 1_000 + b"'>" + b"".join(
    f"<!ENTITY {'abcdefgh'[at]} '{('&' + 'abcdefgh'[at - 1] + ';') * 50}'>".encode() for at in range(1, 8)
) + b"]><Package>&h;</Package>"  # fmt: skip
XML: dict[str, tuple[Callable[[], Iterable[bytes]], str]] = {
    "a text without an end": (lambda: [BEGIN, b"<Record><AAC001>", *repeated(b"1" * 25, 1_000_000)], XML_TOO_LONG),
    "a nesting without an end": (lambda: [BEGIN, b"<Record>", *repeated(b"<a>", 1_000_000)], "XML 格式错误"),
    "an attribute without an end": (lambda: [BEGIN, b"<Record a='", *repeated(b"1" * 25, 1_000_000)], XML_TOO_LONG),
    "a comment without an end": (lambda: [BEGIN, b"<!--", *repeated(b"1" * 25, 1_000_000)], XML_TOO_LONG),
    "siblings without an end": (lambda: [BEGIN, *repeated(b"<X><Y>1</Y></X>", 1_000_000)], XML_TOO_LONG),
    "attributes without an end": (lambda: [BEGIN, b"<Record ", *each(b" *='1'", 1_000_000)], XML_TOO_LONG),
    "entities that multiply": (lambda: [BOMB], XML_DTD),
    "entities from outside": (lambda: [b"<!DOCTYPE a SYSTEM 'file:///dev/zero'><Package/>"], XML_DTD),
    "names of fields": (lambda: [BEGIN, *each(RECORD % b"<*/>", 60_000)], XML_NAMES),
    "names of fields below fields": (lambda: [BEGIN, *each(RECORD % b"<a><*/></a>", 60_000)], XML_NAMES),
    "names of attributes": (lambda: [BEGIN, *each(RECORD % b"<a *='1'/>", 60_000)], XML_NAMES),
    "names of the records' attributes": (lambda: [BEGIN, *each(b"<Record *='1'><AAC001>1</AAC001></Record>", 60_000)], XML_NAMES),
    "names of namespaces": (lambda: [BEGIN, *each(RECORD % b"<a xmlns:*='*'/>", 60_000)], XML_NAMES),
    "names of what is no record": (lambda: [BEGIN, *each(b"<*/>" + RECORD % b"", 60_000)], XML_NAMES),
    "names of instructions": (lambda: [BEGIN, *each(b"<?* a?>" + RECORD % b"", 60_000)], XML_NAMES),
    "records of nothing": (lambda: [BEGIN, *repeated(b"<Record/>", 300_000), END], "所有记录都缺少字段"),
    "records of very many fields": (
        lambda: [BEGIN, *(b"<Record>" + b"<a/>" * (900_000 - number) + b"</Record>" for number in range(4)), END],
        "所有记录都缺少字段",
    ),
    "packets in packets": (lambda: [BEGIN, *repeated(b"</Data><Z/><Data>", 60_000)], "报文不完整"),
}


def test_memory_stays_bounded_whatever_xml_does(tmp_path, small):
    for number, (pieces, _) in enumerate(XML.values()):
        with (tmp_path / f"20260603_{number:02d}.xml").open("wb") as target:
            target.writelines(pieces())

    _, peak, problems = reading(tmp_path, READER)

    found = dict(zip(XML, problems.values(), strict=True))
    assert [name for name, (_, reason) in XML.items() if not found[name] or not found[name][0].startswith(reason)] == []
    assert peak < small * 1.5, f"{peak} KB, {small} KB for a sound packet of 12 MB"


TEXT: dict[str, Any] = {"type": "delimited", "encoding": "gbk", "separator": "|", "packets": True}
TITLES = b"AAC001|AAC003\n"


def test_memory_stays_bounded_whatever_text_does(tmp_path, small):
    count = 900_000
    contents = {
        "short lines": TITLES + b"|\n" * count,
        "short lines, one of them bad": TITLES + b"|\n" * (count // 2) + b"\xff|\n",
        "quotes": TITLES + b'""|\n' * (count // 2),
        "blank lines": TITLES + b"\n" * (count // 2) + b"1|2\n",
        "a line without an end": TITLES + b"x" * 50_000_000,
        "a header without an end": b"x|" * 10_000_000,
    }
    for number, content in enumerate(contents.values()):
        (tmp_path / f"20260603_{number}.txt").write_bytes(content)

    rows, peak, problems = reading(tmp_path, TEXT | {"path": "{date:%Y%m%d}*.txt"})

    assert rows == count + count // 2 + 1 + count // 2 + 1 + 1
    assert [bool(reasons) for reasons in problems.values()] == [False, False, False, False, False, True]
    assert peak < small * 1.5, f"{peak} KB, {small} KB for a sound packet of 12 MB"


def test_a_line_without_an_end_is_one_bad_row_and_the_next_line_is_read(tmp_path, monkeypatch):
    """What was cut off a line that is too long never passes for a record."""
    monkeypatch.setattr(delimited, "BATCH_BYTES", 64)
    monkeypatch.setattr(delimited, "MAX_LINE", 100)
    (tmp_path / "20260603_1.txt").write_bytes(TITLES + b"1|a\n" + b"y" * 190 + b"|z" * 120 + b"\n2|b\n3|c\n" + b"4|" + b"d" * 300)

    received = receive(tmp_path, TEXT | {"path": "{date:%Y%m%d}*.txt"})

    assert received.values == [["1", "a", None], ["2", "b", None], ["3", "c", None]]
    assert [(bad.row, bad.line, bad.reason[:3]) for bad in received.bad] == [(2, 3, "行过长"), (5, 6, "行过长")]


def large_directory(path: Path) -> None:
    """A ZIP whose last record says that it lists one member, while the record of large archives before it lists a billion."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", TITLES)
    content = path.read_bytes()
    at = content.rindex(b"PK\x05\x06")
    (offset,) = struct.unpack("<I", content[at + 16 : at + 20])
    large = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1 << 30, 1 << 30, 1 << 40, offset)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1)
    path.write_bytes(content[:at] + large + locator + content[at:])


def test_memory_stays_bounded_whatever_archives_do(tmp_path, small):
    zeros, lines = TITLES + bytes(40 << 20), TITLES + b"1|2\n" * (9 << 20)
    for number, members in enumerate(
        [{"a.txt": zeros}, {"a.txt": lines}, {f"{at}.txt": TITLES + bytes(20 << 20) for at in range(3)}]
    ):
        with zipfile.ZipFile(tmp_path / f"20260603_{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    large_directory(tmp_path / "20260603_3.zip")

    _, peak, problems = reading(tmp_path, TEXT | {"path": "{date:%Y%m%d}*.zip", "archive": "zip"})

    assert problems["20260603_3.zip"] == ["压缩包中文件过多"]
    refused = [name for name, reasons in problems.items() if reasons == ["解压后大小超出限度，疑似压缩炸弹"]]
    assert refused == ["20260603_0.zip!a.txt", "20260603_1.zip!a.txt", "20260603_2.zip!1.txt", "20260603_2.zip!2.txt"]
    assert peak < small * 1.5, f"{peak} KB, {small} KB for a sound packet of 12 MB"


def test_memory_stays_bounded_whatever_gzip_does(tmp_path, small):
    (tmp_path / "20260603_0.gz").write_bytes(gzip.compress(TITLES + bytes(40 << 20)))
    (tmp_path / "20260603_1.gz").write_bytes(gzip.compress(gzip.compress(TITLES)) * 2)
    (tmp_path / "20260603_2.gz").write_bytes(b"")

    _, peak, problems = reading(tmp_path, TEXT | {"path": "{date:%Y%m%d}*.gz", "archive": "gz"})

    assert [bool(reasons) for reasons in problems.values()] == [True, True, True]
    assert list(problems.values())[::2] == [["解压后大小超出限度，疑似压缩炸弹"], ["压缩包已损坏或不完整"]]
    assert peak < small * 1.5, f"{peak} KB, {small} KB for a sound packet of 12 MB"


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
