"""Whatever arrives: a packet's records are rows or bad rows, or the packet says why it could not be read, and nothing else happens."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.site.models import Source
from hedui.sources import archive, delimited, fixed, xml_packets, xml_text
from hedui.sources.archive import Archive
from hedui.sources.base import PacketError, PacketParser
from hedui.sources.inbox_names import segments
from hedui.sources.registry import READERS

COLUMNS = {"person_no": {"from": "AAC001"}, "name": {"from": "AAC003"}}
LAYOUT = [{"name": "AAC001", "bytes": 4}, {"name": "AAC003", "bytes": 8}]
READER: dict[str, dict[str, Any]] = {
    "xml": {"type": "xml"},
    "fixed": {"type": "fixed", "encoding": "gbk", "layout": {"person": LAYOUT}},
    "fixed with marks": {
        "type": "fixed",
        "encoding": "gb18030",
        "layout": {"person": LAYOUT},
        "header": {"starts": "H", "fields": [{"name": "n", "bytes": 5}], "count": "n"},
        "trailer": {"starts": "T", "fields": [{"name": "s", "bytes": 7}]},
    },
    "fixed without lines": {"type": "fixed", "encoding": "utf-8", "line_ending": "none", "layout": {"person": LAYOUT}},
    "delimited": {"type": "delimited", "encoding": "gbk", "separator": ",", "packets": True, "count_line": True},
}


def parser(kind: str) -> PacketParser:
    reader = READER[kind]
    made = Source.model_validate(
        {
            "id": "s",
            "name": "s",
            "agency": "a",
            "reader": reader | {"path": "x"},
            "datasets": {"person": {"table": "t", "columns": COLUMNS}},
        }
    )
    file_source: Any = READERS[reader["type"]](context=None, source=made)  # type: ignore[arg-type]
    found: PacketParser = file_source._parser(dataset="person", place="s: f")
    return found


def read(kind: str, content: bytes) -> tuple[int, str, PacketError | None]:
    """Number of records, all text that was kept, and what stopped reading."""
    one, count, kept, stopped = parser(kind), 0, "", None
    try:
        for batch in one.batches(io.BytesIO(content)):
            numbers = sorted([*batch.rows.to_pylist(), *(row.row for row in batch.bad)])
            assert numbers == list(range(count + 1, count + 1 + len(numbers)))
            count += len(numbers)
            for column in batch.records.columns:
                kept += "\n".join(value or "" for value in column.to_pylist())
            kept += "\n".join(row.text for row in batch.bad)
    except PacketError as error:
        stopped = error
    assert stopped is None or (stopped.problem.rule in ("B07", "B08") and stopped.problem.reason)
    assert all(isinstance(value, str) for value in one.head.values())
    return count, kept, stopped


def xml(names: list[str]) -> bytes:
    rows = "".join(f"<Record><AAC001>{at}</AAC001><AAC003>{name}</AAC003></Record>" for at, name in enumerate(names))
    head = f"<PackageHead><JLS>{len(names)}</JLS></PackageHead>"
    return f'<?xml version="1.0" encoding="GBK"?><Package>{head}<Data>{rows}</Data></Package>'.encode("gbk")


def by_line(names: list[str]) -> bytes:
    return b"".join(f"{at:04d}".encode() + name.encode("gbk").ljust(8) + b"\r\n" for at, name in enumerate(names))


def marked(names: list[str]) -> bytes:
    return f"H{len(names):04d}\n".encode() + by_line(names) + b"T000001\n"


def in_a_row(names: list[str]) -> bytes:
    return b"".join(f"{at:04d}".encode() + name[:2].encode().ljust(8) for at, name in enumerate(names))


def separated(names: list[str]) -> bytes:
    return (f"{len(names)}\nAAC001,AAC003\n" + "".join(f"{at},{name}\n" for at, name in enumerate(names))).encode("gbk")


WRITERS = {
    "xml": xml,
    "fixed": by_line,
    "fixed with marks": marked,
    "fixed without lines": in_a_row,
    "delimited": separated,
}
CHUNKS = [(xml_text, "CHUNK"), (fixed, "CHUNK"), (delimited, "BATCH_BYTES"), (xml_packets, "BATCH_BYTES")]
NAMES = st.lists(st.text("张三李四王五a1", max_size=4), max_size=20)


@pytest.fixture(params=[7, 64, None], ids=["7 bytes", "64 bytes", "whole"])
def chunks(request, monkeypatch):
    """Reads in small pieces, so that everything falls on a boundary."""
    for module, name in CHUNKS if request.param else []:
        monkeypatch.setattr(module, name, request.param)


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[])


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("kind", WRITERS)
@FUZZ
@given(names=NAMES)
def test_what_was_written_is_read(kind, names):
    count, kept, stopped = read(kind, WRITERS[kind](names))

    assert stopped is None
    assert count == len(names)
    if kind != "fixed without lines":
        for sign in "张李王":
            assert kept.count(sign) == "".join(names).count(sign)


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("kind", WRITERS)
@FUZZ
@given(names=NAMES, share=st.floats(0, 1), noise=st.binary(max_size=8), at=st.floats(0, 1), remove=st.integers(0, 5))
def test_a_file_that_is_cut_or_damaged_says_so_or_keeps_its_records(kind, names, share, noise, at, remove):
    content = WRITERS[kind](names)
    where = int(at * len(content))
    damaged = content[:where] + noise + content[where + remove :]
    count, _, stopped = read(kind, damaged[: int(share * len(damaged))])

    whole, _, _ = read(kind, content)
    # a damaged first line, and a damaged or cut last one, may pass for records where they were none
    assert count <= whole + 2 + max(0, damaged.count(b"\n") - content.count(b"\n")) + len(noise)
    if kind == "xml" and share < 0.95 and not noise and not remove:
        assert stopped is not None, "an XML packet without its end is never taken for whole"


WHOLE = ("xml", "fixed", "fixed with marks")
FULL_NAMES = st.lists(st.text("张三李四王五a1", min_size=1, max_size=4), max_size=20)


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("kind", WHOLE)
@FUZZ
@given(names=FULL_NAMES, share=st.floats(0, 1))
def test_what_stands_whole_before_a_cut_is_kept_or_the_file_says_that_it_is_cut(kind, names, share):
    content = WRITERS[kind](names)
    end = int(share * len(content))
    whole = content.count(b"</Record>" if kind == "xml" else b"\r\n", 0, end)
    count, _, stopped = read(kind, content[:end])

    assert count >= whole or stopped is not None


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("kind", ["fixed", "fixed with marks"])
@FUZZ
@given(names=FULL_NAMES.filter(len), at=st.integers(0, 19), noise=st.binary(min_size=1, max_size=8))
def test_damage_within_one_line_costs_no_other_line(kind, names, at, noise):
    lines = WRITERS[kind](names).split(b"\n")
    where = at % len(names) + (kind == "fixed with marks")
    lines[where] = noise.replace(b"\n", b"") + lines[where]
    count, kept, stopped = read(kind, b"\n".join(lines))

    others = [name for number, name in enumerate(names) if number != at % len(names)]
    assert stopped is not None or (count >= len(names) and all(kept.count(name) >= others.count(name) for name in others))


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("kind", WRITERS)
@FUZZ
@given(content=st.binary(max_size=400))
def test_any_bytes(kind, content):
    read(kind, content)


TOKENS = st.sampled_from(
    [
        "<Package>", "</Package>", "<PackageHead>", "</PackageHead>", "<Data>", "</Data>", "<Record>", "</Record>", "<Record/>",
        "<AAC001>", "</AAC001>", "<AAC003/>", "<!DOCTYPE a [<!ENTITY x 'y'>]>", "&x;", "&#0;", "&#65;", "<![CDATA[", "]]>", "<!--", "-->",
        "<?p ?>", "<?xml version='1.0'?>", "张", " ", "\n", "x:", "<x:Record xmlns:x='u'>", "</x:Record>", "\x0b", "<", ">", "=", '"',
    ]
)  # fmt: skip


@pytest.mark.usefixtures("chunks")
@settings(FUZZ, max_examples=150)
@given(tokens=st.lists(TOKENS, max_size=40), prefix=st.sampled_from(["", "<Package><Data><Record>", "<Package>"]))
def test_hostile_xml(tokens, prefix):
    read("xml", (prefix + "".join(tokens)).encode())


@pytest.mark.parametrize("kind", ["zip", "gz"])
@FUZZ
@given(names=NAMES, share=st.floats(0, 1), noise=st.binary(max_size=6), at=st.floats(0, 1))
def test_damaged_archives(kind, names, share, noise, at):
    inner = separated(names)
    if kind == "zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as writer:
            writer.writestr("甲.txt", inner)
            writer.writestr("b/乙.txt", inner)
        content = target.getvalue()
    else:
        content = gzip.compress(inner)
    where = int(at * len(content))
    content = (content[:where] + noise + content[where + len(noise) :])[: int((0.5 + share) * len(content))]

    refused, size = "", 0
    try:
        if kind == "zip":
            opened = Archive(io.BytesIO(content), place="s: f")
            for member in opened.members(segments("*", dataset="d", table="t", date=dt.date.min)):
                with opened.open(member) as stream:
                    stream.finish()
                    size += stream.size
        else:
            with archive.open_gzip(io.BytesIO(content), size=len(content), place="s: f") as stream:
                stream.finish()
                size = stream.size
    except PacketError as error:
        refused = error.problem.rule
    assert refused == "B07" or size % len(inner) == 0, "what is taken for whole is whole"
