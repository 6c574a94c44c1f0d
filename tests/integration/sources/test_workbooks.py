"""Workbooks as programs write them that number badly, and as nobody should write them."""

from __future__ import annotations

import zipfile

import pytest

from hedui.sources import xlsx
from hedui.sources.registry import open_reader
from integration.sources.deliveries import DATE, context, receive, source
from integration.sources.workbooks import STYLES, row, write

XLSX = {"type": "xlsx", "path": "{date:%Y%m%d}.xlsx", "packets": True}
HEADER = ("AAC001", "AAC003")
PEOPLE = [["P1", "甲"], ["P2", "乙"], ["P3", "丙"]]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "20260603.xlsx"


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(["", "", "", ""], id="none"),
        pytest.param(['r="1"', 'r="1"', 'r="1"', 'r="1"'], id="all the same"),
        pytest.param(['r="1"', 'r="4"', 'r="2"', 'r="3"'], id="out of order"),
        pytest.param(['r="1"', 'r="2000000000"', 'r="2000000001"', 'r="2000000002"'], id="far apart"),
    ],
)
def test_no_row_is_lost_whatever_its_number(tmp_path, file, numbers):
    write(file, [row(values, said=said) for values, said in zip([HEADER, *PEOPLE], numbers, strict=True)])

    received = receive(tmp_path, XLSX)

    assert [values[:2] for values in received.values] == PEOPLE
    assert received.problems == []


def test_no_cell_is_lost_whatever_its_place(tmp_path, file):
    rows = [
        row(HEADER),
        row(["甲", "P1"], at=["B2", "A2"]),
        row(["乙"], at=["B3"]),
        row(["P3", "丙", "丁"], at=["A4", "B4", "B4"]),
        row(["P4", "戊", "far"], at=["A5", "B5", "XFE5"]),
    ]
    write(file, rows)

    received = receive(tmp_path, XLSX)

    assert [values[:2] for values in received.values] == [["P1", "甲"], [None, "乙"]]
    assert [(bad.row, bad.line, bad.reason) for bad in received.bad] == [(3, 4, "同一列有两个单元格"), (4, 5, "超过 16384 列")]


def test_heights_and_what_follows_the_rows_do_not_matter(tmp_path, file):
    rows = [row(HEADER), *(row(values, said='ht="15" customHeight="1"') for values in PEOPLE)]
    write(file, rows, after='<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>')

    assert [values[:2] for values in receive(tmp_path, XLSX).values] == PEOPLE


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"doctype": '<!DOCTYPE worksheet [<!ENTITY a "v">]>'}, id="entities"),
        pytest.param({"doctype": '<!DOCTYPE worksheet SYSTEM "file:///etc/passwd">'}, id="outside"),
        pytest.param({"styles": "<styleSheet"}, id="styles that are cut"),
        pytest.param({"styles": STYLES + " " * (17 << 20)}, id="styles without an end"),
        pytest.param({"texts": ["x" * (17 << 20)]}, id="a text without an end"),
        pytest.param({"rows": [row(HEADER), row(["y" * (17 << 20)])]}, id="a row without an end"),
        pytest.param({"rows": [row(HEADER), row([(7,)])]}, id="a shared text that is not there"),
        pytest.param({"rows": [row(HEADER), "<row><c r='1A'/></row>"]}, id="a wrong reference"),
        pytest.param({"rows": [row(HEADER), "<row><c t='b'><v>x</v></c></row>"]}, id="a wrong truth value"),
    ],
)
def test_workbooks_that_are_refused(tmp_path, file, options):
    write(file, **({"rows": [row(HEADER), *map(row, PEOPLE)]} | options))

    [(_, rule, reason)] = receive(tmp_path, XLSX).problems

    assert (rule, reason) in {("B07", "不是 XLSX 工作簿或已损坏"), ("B07", "工作簿已损坏")}


def test_an_archive_without_a_workbook(tmp_path, file):
    with zipfile.ZipFile(file, "w") as archive:
        types = "http://schemas.openxmlformats.org/package/2006/content-types"
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{types}"><Default Extension="x" ContentType="text/x"/></Types>')

    assert receive(tmp_path, XLSX).problems == [("20260603.xlsx", "B07", "不是 XLSX 工作簿或已损坏")]


def test_an_encrypted_part(tmp_path, file):
    write(file, [row(HEADER)])
    content = bytearray(file.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1  # of the last part, the sheet
    file.write_bytes(bytes(content))

    [(_, rule, _)] = receive(tmp_path, XLSX).problems

    assert rule == "B07"


def test_a_batch_is_bounded_by_its_texts(tmp_path, file, monkeypatch):
    """A sheet of many columns has few rows at a time."""
    monkeypatch.setattr(xlsx, "BATCH_BYTES", 10_000)
    write(file, [row(HEADER), *(row([f"P{number}", "长" * 1000]) for number in range(50))])

    with open_reader(context(tmp_path), source(XLSX)).open(DATE) as snapshot:
        sizes = [batch.records.num_rows for batch in snapshot.read("person")]

    assert sum(sizes) == 50
    assert max(sizes) == 9
