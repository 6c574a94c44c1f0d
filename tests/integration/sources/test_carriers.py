"""Packets of every carrier of files from a local folder: rows, bad rows, what each packet says of itself, what is wrong with it."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from hedui.errors import SourceError, SourceFormatError, SourceIncompleteError, SourceMissingError
from hedui.sources import archive, xlsx_book
from integration.sources.deliveries import FIXED, fixed_line, packet, people, receive

XML = {"type": "xml", "path": "rs/{date:%Y%m%d}/SBF_{table}_{agency:9}{batch:6}{date:%Y%m%d}{sequence:6}.xml"}
NAME = "rs/20260603/SBF_CBXX102_990100001B2026020260603{:06d}.xml"
DELIMITED = {"type": "delimited", "path": "p_{date:%Y%m%d}_{sequence}.txt", "encoding": "gbk", "separator": "|", "packets": True}


def put(inbox: Path, name: str, content: bytes) -> Path:
    target = inbox / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def test_several_xml_packets_of_one_date(tmp_path):
    second = packet([{"AAC001": "1", "AAC003": "王一", "AAC004": "1"}], encoding="gb18030", head={"SJBBH": "Z2"}, count=3)
    put(tmp_path, NAME.format(2), second)
    put(tmp_path, NAME.format(1), packet(people(2)))
    put(tmp_path, NAME.format(1).replace("20260603/", "20260604/"), packet(people(5)))
    put(tmp_path, NAME.format(1).replace("CBXX102", "JFXX102"), packet(people(5)))

    received = receive(tmp_path, XML)

    assert received.rows == [
        (1, 1, ["P00001", "张测试1", None]),
        (1, 2, ["P00002", "张测试2", None]),
        (2, 3, ["1", "王一", '{"AAC004": "1"}']),
    ]
    first, other = received.packets
    assert first.name == NAME.format(1)
    assert first.name_parts == {"agency": "990100001", "batch": "B20260", "date": "20260603", "sequence": "000001"}
    assert (first.rows, first.declared_rows, first.problems) == (2, 2, ())
    assert (other.rows, other.declared_rows, other.head["SJBBH"]) == (1, 3, "Z2")
    assert other.sha256 == hashlib.sha256(second).hexdigest()
    assert other.size == len(second)
    assert other.modified is not None


def test_a_broken_packet_does_not_stop_the_next(tmp_path):
    whole = packet(people(3))
    put(tmp_path, NAME.format(1), whole[:-40])
    put(tmp_path, NAME.format(2), b"<!DOCTYPE Package [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><Package>&a;</Package>")
    put(tmp_path, NAME.format(3), packet(people(1), head={"JLS": "many"}))
    put(tmp_path, NAME.format(4), whole)

    received = receive(tmp_path, XML)

    assert [(one.rows, [problem.rule for problem in one.problems]) for one in received.packets] == [
        (2, ["B07"]),
        (0, ["B07"]),
        (1, ["B02"]),
        (3, []),
    ]
    assert received.problems[1][2] == "报文含有 DTD 声明，已拒绝"
    assert received.packets[0].sha256 == hashlib.sha256(whole[:-40]).hexdigest()


def test_a_misnamed_packet_is_not_overlooked(tmp_path):
    put(tmp_path, NAME.format(1), packet(people(1)))
    put(tmp_path, "rs/20260603/SBF_CBXX102_20260603.xml", packet(people(2)))

    received = receive(tmp_path, XML)

    assert received.problems == [("rs/20260603/SBF_CBXX102_20260603.xml", "B06", "文件名不符合约定的格式")]
    assert [one.rows for one in received.packets] == [2, 1]


def test_no_packet(tmp_path):
    with pytest.raises(SourceMissingError, match="no packet of person"):
        receive(tmp_path, XML)

    with pytest.raises(SourceMissingError, match="no packet for 2026-06-03"):
        receive(tmp_path, XML | {"may_be_absent": True})


FIXED_READER = {
    "type": "fixed",
    "path": "bank/{date:%Y%m%d}_*.dat",
    "encoding": "gbk",
    "header": {
        "starts": "H",
        "fields": [
            {"name": "mark", "bytes": 1},
            {"name": "day", "bytes": 8},
            {"name": "rows", "bytes": 5, "pad": "0", "align": "right"},
        ],
        "count": "rows",
    },
    "trailer": {"starts": "T", "fields": [{"name": "mark", "bytes": 1}, {"name": "sum", "bytes": 9}]},
    "layout": {"person": FIXED},
}


@pytest.mark.parametrize("ending", [pytest.param(b"\n", id="LF"), pytest.param(b"\r\n", id="CRLF"), pytest.param(b"", id="none")])
def test_fixed_width_with_header_and_trailer(tmp_path, ending):
    lines = [b"H2026060300003", *(fixed_line(record) for record in people(3)), b"T000012.50"]
    put(tmp_path, "bank/20260603_1.dat", ending.join(lines) + ending)
    reader = FIXED_READER | {"line_ending": "any" if ending else "none", "totals": {"unit_paid_fen": {"from": "sum"}}}

    received = receive(tmp_path, reader)

    assert received.values == [[record["AAC001"], record["AAC003"]] for record in people(3)]
    [one] = received.packets
    assert one.head == {"mark": "T", "day": "20260603", "rows": "3", "sum": "000012.50"}
    assert (one.declared_rows, one.declared_totals, one.problems) == (3, {"unit_paid_fen": 1250}, ())


def test_fixed_width_records_that_are_broken(tmp_path):
    good = fixed_line({"AAC001": "P1", "AAC003": "甲"})
    cut = b"P2    " + "一二三四".encode("gbk") + b"a\xd2"  # the last character has only its first byte
    lines = [b"H2026060300003", good, cut, good[:-1], b"P4    " + b"a\x00" + b" " * 8, good, b"T000012.50"]
    put(tmp_path, "bank/20260603_1.dat", b"\n".join(lines) + b"\n\n")

    received = receive(tmp_path, FIXED_READER)

    assert [number for _, number, _ in received.rows] == [1, 5]
    assert [(row.row, row.line, row.reason) for row in received.bad] == [
        (2, 3, "“AAC003”列（第 16 个字节）汉字被截断"),
        (3, 4, "应有 16 字节，实有 15"),
        (4, 5, "含有 NUL 或换行字符"),
    ]
    assert received.packets[0].problems == ()


@pytest.mark.parametrize(
    ("content", "rows", "says"),
    [
        pytest.param(b"", 0, "没有首记录", id="empty"),
        pytest.param(b"X\n", 0, "没有首记录（应有 14 字节，实有 1 字节）", id="no header"),
        pytest.param(b"H2026060300003\n", 0, "没有尾记录", id="header only"),
        pytest.param(b"H2026060300001\nP1    " + b"A" * 10 + b"\n", 1, "没有尾记录（应有 10 字节，实有 16 字节）", id="no trailer"),
        pytest.param(b"H2026060300001\nP1    " + b"A" * 10 + b"\nT0000", 2, "没有尾记录（应有 10 字节，实有 5 字节）", id="cut"),
    ],
)
def test_fixed_width_files_that_are_cut(tmp_path, content, rows, says):
    put(tmp_path, "bank/20260603_1.dat", content)

    received = receive(tmp_path, FIXED_READER)

    [(_, rule, reason)] = received.problems
    assert rule == "B08"
    assert says in reason
    assert received.packets[0].rows == rows, "whatever is no header is a record, a bad one if need be"


def test_delimited_with_a_count_line(tmp_path):
    put(tmp_path, "p_20260603_1.txt", "2|12.50\nAAC003|AAC001|X\n甲|1|a\n乙|2|b\n".encode("gbk"))
    put(tmp_path, "p_20260603_2.txt", "1\nAAC001|AAC003\n3|丙\n".encode("gbk"))
    put(tmp_path, "p_20260603_3.txt", "AAC001|AAC003\n3|丙\n".encode("gbk"))
    put(tmp_path, "p_20260603_4.txt", "0\nAAC001\n".encode("gbk"))

    received = receive(tmp_path, DELIMITED | {"count_line": True, "totals": {"unit_paid_fen": {"from": "2", "unit": "yuan"}}})

    assert received.values == [["1", "甲", '{"X": "a"}'], ["2", "乙", '{"X": "b"}'], ["3", "丙", None]]
    assert [(one.declared_rows, one.declared_totals) for one in received.packets] == [
        (2, {"unit_paid_fen": 1250}),
        (1, {}),
        (None, {}),
        (0, {}),
    ]
    assert [(name[-5], rule, reason) for name, rule, reason in received.problems if rule == "B08"] == [
        ("3", "B08", "首行不是记录数"),
        ("4", "B08", "表头缺少“AAC003”列"),
    ]


def zipped(path: Path, members: dict[str, bytes], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


ZIP = {**DELIMITED, "path": "{date:%Y%m%d}.zip", "archive": "zip", "member": "*.txt"}
TEXT = "AAC001|AAC003\n1|甲\n".encode("gbk")


def test_zip_of_several_files(tmp_path):
    zipped(tmp_path / "20260603.zip", {"b/二.txt": TEXT, "a.txt": TEXT, "readme.md": b"x"})

    received = receive(tmp_path, ZIP)

    assert [one.name for one in received.packets] == ["20260603.zip!a.txt", "20260603.zip!b/二.txt"]
    assert [number for _, number, _ in received.rows] == [1, 2]
    assert received.packets[0].size == len(TEXT)


def test_gzip(tmp_path):
    put(tmp_path, "p_20260603_1.txt", gzip.compress(TEXT))
    put(tmp_path, "p_20260603_2.txt", gzip.compress(TEXT * 1000)[:-20])
    put(tmp_path, "p_20260603_3.txt", TEXT)

    received = receive(tmp_path, DELIMITED | {"archive": "gz"})

    assert received.values[0] == ["1", "甲", None]
    assert [(name, rule) for name, rule, _ in received.problems] == [
        ("p_20260603_2.txt!p_20260603_2.txt", "B07"),
        ("p_20260603_3.txt!p_20260603_3.txt", "B07"),
    ]


def test_member_names_in_gbk(tmp_path):
    file = zipped(tmp_path / "20260603.zip", {"aaaa.txt": TEXT})
    file.write_bytes(file.read_bytes().replace(b"aaaa.txt", "人员".encode("gbk") + b".txt"))

    received = receive(tmp_path, ZIP | {"member": "人员.txt"})

    assert [one.name for one in received.packets] == ["20260603.zip!人员.txt"]


def hostile(kind: str, path: Path) -> None:
    if kind == "traversal":
        zipped(path, {"../x.txt": TEXT})
    elif kind == "absolute":
        zipped(path, {"/etc/x.txt": TEXT})
    elif kind == "nothing":
        zipped(path, {"x.csv": TEXT})
    elif kind == "no archive":
        path.write_bytes(TEXT)
    elif kind == "cut":
        zipped(path, {"x.txt": TEXT * 100})
        path.write_bytes(path.read_bytes()[:-30])
    elif kind == "encrypted":
        zipped(path, {"x.txt": TEXT})
        content = bytearray(path.read_bytes())
        content[6] |= 1
        content[content.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(bytes(content))
    elif kind == "overlapping":
        zipped(path, {"x.txt": TEXT * 50, "y.txt": TEXT * 50})
        content = bytearray(path.read_bytes())
        second = content.rindex(b"PK\x01\x02")
        content[second + 42 : second + 46] = bytes(4)
        path.write_bytes(bytes(content))
    elif kind == "twice":
        zipped(path, {"x.txt": TEXT, "y.txt": TEXT})
        path.write_bytes(path.read_bytes().replace(b"y.txt", b"x.txt"))
    else:
        zipped(path, {"x.txt": b"AAC001|AAC003\n" + b"1|1\n" * (1 << 18)})


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("traversal", "压缩包中有越界的文件名或链接"),
        ("absolute", "压缩包中有越界的文件名或链接"),
        ("nothing", "压缩包中没有约定名称的文件"),
        ("no archive", "不是 ZIP 压缩包或不完整"),
        ("cut", "不是 ZIP 压缩包或不完整"),
        ("encrypted", "压缩包已加密"),
        ("overlapping", "压缩包中文件数据重叠"),
        ("twice", "压缩包中有同名文件"),
        ("bomb", "解压后大小超出限度，疑似压缩炸弹"),
    ],
)
def test_archives_that_are_refused(tmp_path, kind, reason, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FROM", 1 << 18)
    hostile(kind, tmp_path / "20260603.zip")

    received = receive(tmp_path, ZIP)

    assert [(rule, found) for _, rule, found in received.problems] == [("B07", reason)]
    assert received.packets[0].rows == len(received.rows)
    assert kind == "bomb" or not received.rows


def test_an_archive_in_an_archive(tmp_path):
    zipped(tmp_path / "20260603.zip", {"x.zip": b"PK"})

    assert receive(tmp_path, ZIP | {"member": "*"}).problems == [("20260603.zip!x.zip", "B07", "压缩包中又有压缩包")]


def test_one_file_in_an_archive_without_packets(tmp_path):
    reader = {key: value for key, value in ZIP.items() if key != "packets"}
    zipped(tmp_path / "20260603.zip", {"x.txt": TEXT})
    assert receive(tmp_path, reader).values == [["1", "甲"]]

    zipped(tmp_path / "20260603.zip", {"x.txt": TEXT, "y.txt": TEXT})
    with pytest.raises(SourceFormatError, match="holds 2 data files, one was expected"):
        receive(tmp_path, reader)

    hostile("encrypted", tmp_path / "20260603.zip")
    with pytest.raises(SourceFormatError, match="is encrypted"):
        receive(tmp_path, reader)


@pytest.mark.parametrize(
    ("marker", "name"),
    [
        pytest.param("{path}.ok", NAME.format(1) + ".ok", id="ok"),
        pytest.param("_SUCCESS", "rs/20260603/_SUCCESS", id="_SUCCESS"),
    ],
)
def test_a_packet_without_its_marker_is_not_complete(tmp_path, marker, name):
    put(tmp_path, NAME.format(1), packet(people(1)))
    reader = XML | {"complete": {"marker": marker}}
    with pytest.raises(SourceIncompleteError, match="is not complete yet: its marker"):
        receive(tmp_path, reader)

    put(tmp_path, name, b"")

    assert len(receive(tmp_path, reader).rows) == 1


def test_a_packet_that_was_just_changed_is_not_complete(tmp_path):
    file = put(tmp_path, NAME.format(1), packet(people(1)))
    reader = XML | {"complete": {"stable_seconds": 600}}
    with pytest.raises(SourceIncompleteError, match="seconds ago, and must be left alone for 600"):
        receive(tmp_path, reader)

    os.utime(file, (time.time() - 601, time.time() - 601))
    assert len(receive(tmp_path, reader).rows) == 1

    os.utime(file, (time.time() + 10_000, time.time() + 10_000))
    with pytest.raises(SourceIncompleteError, match="the clocks of this machine and of the inbox differ"):
        receive(tmp_path, reader)


def test_a_packet_that_is_replaced_while_it_is_read(tmp_path):
    file = put(tmp_path, NAME.format(1), packet(people(1)))
    put(tmp_path, NAME.format(2), packet(people(1)))

    def replace() -> None:
        other = file.with_suffix(".new")
        other.write_bytes(packet(people(2)))
        other.replace(file)

    with pytest.raises(SourceError, match="changed while it was read; read it again later"):
        receive(tmp_path, XML, between=replace)


XLSX = {"type": "xlsx", "path": "{date:%Y%m%d}*.xlsx", "packets": True}


def workbook(target: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(target)
    return target


def test_workbooks_as_packets(tmp_path):
    workbook(tmp_path / "20260603a.xlsx", [["AAC001", "AAC003", "备注"], *([f"P{n}", f"姓名{n} & <{n}>", n] for n in range(3000))])
    workbook(tmp_path / "20260603b.xlsx", [["AAC003"]])
    (tmp_path / "20260603c.xlsx").write_bytes(b"PK")

    received = receive(tmp_path, XLSX)

    assert [one.rows for one in received.packets] == [3000, 0, 0]
    assert received.values[2999] == ["P2999", "姓名2999 & <2999>", '{"备注": "2999"}']
    assert [(rule, reason) for _, rule, reason in received.problems] == [
        ("B08", "表头缺少“AAC001”列"),
        ("B07", "不是 XLSX 工作簿或已损坏"),
    ]


def test_a_workbook_that_unpacks_out_of_proportion(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_book, "RATIO_FROM", 1 << 20)
    file = workbook(tmp_path / "20260603.xlsx", [["AAC001", "AAC003"], ["1", "甲"]])
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/x.bin", bytes(8 << 20))

    assert [(rule, reason) for _, rule, reason in receive(tmp_path, XLSX).problems] == [("B07", "不是 XLSX 工作簿或已损坏")]


def test_a_workbook_in_an_archive(tmp_path):
    file = workbook(tmp_path / "x.xlsx", [["AAC001", "AAC003"], ["1", "甲"]])
    zipped(tmp_path / "20260603.zip", {"内.xlsx": file.read_bytes()})

    received = receive(tmp_path, XLSX | {"path": "{date:%Y%m%d}.zip", "archive": "zip"})

    assert received.values == [["1", "甲", None]]
    assert received.packets[0].sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
