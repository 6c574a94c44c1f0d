"""Delimited files: what is split how, and that no record is ever lost."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.errors import SourceFormatError
from hedui.site.models import DelimitedReader
from hedui.sources import delimited
from hedui.sources.base import BadRow

NAMES = ["甲", "b", "c"]


@dataclass
class Parsed:
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)

    @property
    def values(self) -> list[list[str]]:
        return [values for _, values in self.rows]

    @property
    def numbers(self) -> list[int]:
        return sorted([number for number, _ in self.rows] + [row.row for row in self.bad])


def parse(content: bytes, *, names: list[str] | None = None, wanted: list[str] | None = None, **options: object) -> Parsed:
    reader = DelimitedReader.model_validate({"type": "delimited", "path": "x", "encoding": "utf-8", "separator": ",", **options})
    file = delimited.DelimitedParser(reader=reader, place="s: f.csv", wanted=wanted or names or NAMES)
    parsed = Parsed()
    for batch in file.batches(io.BytesIO(content)):
        columns = [column.to_pylist() for column in batch.records.columns]
        parsed.rows += [(number, list(row)) for number, *row in zip(batch.rows.to_pylist(), *columns, strict=True)]
        parsed.bad += batch.bad
    return parsed


@pytest.mark.parametrize(
    ("text", "rows", "bad"),
    [
        pytest.param("1,2,3\n4,5,6\n", [["1", "2", "3"], ["4", "5", "6"]], [], id="plain"),
        pytest.param("1,2,3\r\n4,5,6\r\n", [["1", "2", "3"], ["4", "5", "6"]], [], id="CRLF"),
        pytest.param("1,2,3", [["1", "2", "3"]], [], id="no line end at the end"),
        pytest.param("", [], [], id="header only"),
        pytest.param("1,,\n,,\n", [["1", "", ""], ["", "", ""]], [], id="empty values"),
        pytest.param("\n1,2,3\n\n4,5,6\n\n", [["1", "2", "3"], ["4", "5", "6"]], [], id="blank lines are no records"),
        pytest.param('"1","a,b","c""d"\n', [["1", "a,b", 'c"d']], [], id="quoted"),
        pytest.param('"1","a\nb","c"\n4,5,6\n', [["1", "a\nb", "c"], ["4", "5", "6"]], [], id="line end in a quoted value"),
        pytest.param('1,a"b,3\n', [["1", 'a"b', "3"]], [], id="quote inside a value"),
        pytest.param(" 1 ,\t2,　3\n", [[" 1 ", "\t2", "　3"]], [], id="blanks are kept"),
        pytest.param("1,2\n4,5,6\n", [["4", "5", "6"]], [(1, 2, "应有 3 列，实有 2 列", "1,2")], id="too few"),
        pytest.param("1,2,3,4\n4,5,6\n", [["4", "5", "6"]], [(1, 2, "应有 3 列，实有 4 列", "1,2,3,4")], id="too many"),
        pytest.param(
            "1,2,3\n4,5", [["1", "2", "3"]], [(2, 3, "应有 3 列，实有 2 列（文件最后一行没有换行，可能被截断）", "4,5")], id="cut"
        ),
        pytest.param(
            '1,"2,3\n4,5,6\n7,8,9\n', [["4", "5", "6"], ["7", "8", "9"]], [(1, 2, "引号没有结束", '1,"2,3')], id="open quote"
        ),
        pytest.param('1,"2"x,3\n4,5,6\n', [["4", "5", "6"]], [(1, 2, "引号或换行不符合格式", '1,"2"x,3')], id="text after a quote"),
        pytest.param("1,\0,3\n4,5,6\n", [["4", "5", "6"]], [(1, 2, "含有 NUL 字符", "1,\0,3")], id="NUL"),
        pytest.param("1,a\rb,3\n4,5,6\n", [["4", "5", "6"]], [(1, 2, "引号或换行不符合格式", "1,a\rb,3")], id="lone CR"),
        pytest.param("1,a\u2028b\x85c\x0bd,3\n", [["1", "a\u2028b\x85c\x0bd", "3"]], [], id="other line separators are text"),
    ],
)
def test_records(text, rows, bad):
    parsed = parse(("甲,b,c\n" + text).encode())

    assert parsed.values == rows
    assert [(row.row, row.line, row.reason, row.text) for row in parsed.bad] == bad
    assert parsed.numbers == list(range(1, len(rows) + len(bad) + 1))


def test_a_stray_quote_costs_one_line(monkeypatch):
    monkeypatch.setattr(delimited, "BATCH_BYTES", 64)
    lines = [f"{number},x,y" for number in range(3000)]
    lines[10] = '10,"x,y'
    parsed = parse("\n".join(["甲,b,c", *lines, ""]).encode())

    assert [row.line for row in parsed.bad] == [12]
    assert [values[0] for values in parsed.values] == [str(number) for number in range(3000) if number != 10]


def test_undecodable_bytes_cost_their_line():
    content = "甲,b,c\n1,张,3\n4,五,6\n7,八,9\n".encode("gb18030").replace("五".encode("gb18030"), b"\xff\xff")

    parsed = parse(content, encoding="gb18030")

    assert parsed.values == [["1", "张", "3"], ["7", "八", "9"]]
    [bad] = parsed.bad
    assert (bad.row, bad.line, bad.text) == (2, 3, "4,\\xff\\xff,6")
    assert bad.reason == "第 3 个字节 0xff 不是 GB18030"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        pytest.param("gb18030", "𠮷䶮€", id="GB18030 with four bytes"),
        pytest.param("gbk", "张三丂", id="GBK whose second byte is ASCII"),
        pytest.param("utf-8", "𠮷", id="UTF-8"),
        pytest.param("utf-8-sig", "和", id="UTF-8 with mark"),
    ],
)
def test_declared_encodings(encoding, text):
    content = f"甲|b|c\n{text}|2|3\n".encode(encoding)

    assert parse(content, encoding=encoding, separator="|").values == [[text, "2", "3"]]


def test_the_second_byte_of_gbk_may_be_the_separator():
    text = "亅"
    assert b"|" in text.encode("gbk"), "the case that splitting bytes would get wrong"

    assert parse(f"甲|b|c\n{text}|2|3\n".encode("gbk"), encoding="gbk", separator="|").values == [[text, "2", "3"]]


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        pytest.param(b"", {}, r"s: f.csv:1: the file is empty", id="empty"),
        pytest.param(
            "甲,b\n1,2\n".encode(), {}, r's: f.csv:1: the header has no column "c"; it has "甲", "b"', id="column missing"
        ),
        pytest.param("甲,B,c\n".encode(), {}, r'no column "b"', id="case matters"),
        pytest.param("张三,990101,1\n".encode(), {}, r'no column "甲"; its 3 columns have hardly one', id="a person for a header"),
        pytest.param("甲,b,c,b\n".encode(), {}, r'has the column "b" twice', id="column twice"),
        pytest.param(
            "甲,b,c\n".encode("gbk"), {}, r"f.csv:1: the file is GB18030, declared is UTF-8; ask the sender", id="GBK for UTF-8"
        ),
        pytest.param(
            "甲,b,c\n一二三四五六七八,2,3\n".encode(),
            {"encoding": "gbk"},
            r"the file is UTF-8, declared is GBK",
            id="UTF-8 for GBK",
        ),
        pytest.param("甲,b,c\n".encode("utf-16"), {}, r"the file is UTF-16", id="UTF-16"),
        pytest.param(b"\xff,b,c\n", {}, r"f.csv:1: byte 0xff at position 1 is not UTF-8", id="undecodable header"),
        pytest.param("甲,b,c\n".encode() + b"\xff,2,3\n" * 9, {}, r"9 of 9 lines are not UTF-8", id="undecodable rows"),
        pytest.param(
            b"1,2\n",
            {"header": False, "wanted": ["1", "3"]},
            r"the line has 2 columns, the site uses column 3",
            id="too few columns",
        ),
    ],
)
def test_what_is_wrong_with_the_whole_file(content, options, says):
    with pytest.raises(SourceFormatError, match=says) as caught:
        parse(content, **options)
    assert "张三" not in str(caught.value)


def test_columns_that_nobody_uses_keep_apart():
    parsed = delimited.raw_names(["b", "", "B", "x", "x", "source_row"], wanted=["b"], place="f:1")

    assert parsed == ["b", "列2", "B_2", "x", "x_2", "source_row_2"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=12),
    separator=st.sampled_from([",", ";", "|", "\t", "¦"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    batch=st.sampled_from([7, 64, 8 << 20]),
)
def test_what_the_csv_module_writes_is_read_as_it_was(rows, separator, quoting, end, batch):
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows([["a", "b", "c"], *rows])
    before = delimited.BATCH_BYTES
    delimited.BATCH_BYTES = batch
    try:
        parsed = parse(target.getvalue().encode(), names=["a", "b", "c"], separator=separator)
    finally:
        delimited.BATCH_BYTES = before

    assert parsed.values == rows
    assert parsed.bad == []


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(st.text('ab,"\n\r张\0', max_size=6), min_size=1, max_size=4), max_size=10),
    noise=st.binary(max_size=6),
    at=st.floats(0, 1),
    cut=st.floats(0.3, 1),
    batch=st.sampled_from([5, 33, 8 << 20]),
)
def test_nothing_is_lost_whatever_happens_to_the_file(rows, noise, at, cut, batch):
    """Every byte that is no separator, quote or line end is in a row or in a bad row; the numbers have no gap."""
    header = b"a,b,c\n"
    body = "\n".join(",".join(row) for row in rows).encode()
    where = int(at * len(body))
    body = (body[:where] + noise + body[where:])[: int(cut * (len(body) + len(noise)))]
    before = delimited.BATCH_BYTES
    delimited.BATCH_BYTES = batch
    try:
        parsed = parse(header + body, names=["a", "b", "c"])
    except SourceFormatError:
        return  # refused as a whole, with a reason
    finally:
        delimited.BATCH_BYTES = before

    assert parsed.numbers == list(range(1, len(parsed.numbers) + 1))
    kept = "".join("".join(values) for values in parsed.values) + "".join(row.text for row in parsed.bad)
    for mark in ("a", "张", "b"):
        assert kept.count(mark) == body.decode("utf-8", "backslashreplace").count(mark)
