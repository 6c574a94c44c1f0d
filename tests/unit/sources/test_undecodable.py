"""Rows whose text is not what the database declares it to be: kept beside the others, with their bytes."""

from __future__ import annotations

import pyarrow as pa

from hedui.sources.undecodable import readable_batch


def text(*values: bytes | None) -> pa.Array:
    return pa.array(values, pa.binary()).view(pa.string())


def test_a_row_with_foreign_bytes_travels_beside_the_others():
    gbk = "张三".encode("gbk")
    names, numbers = text("李四".encode(), gbk, None), text(b"1", b"2", b"3")

    batch = readable_batch(["xm", "bh"], [names, numbers], first_row=11)

    assert batch.records.to_pylist() == [{"xm": "李四", "bh": "1"}, {"xm": None, "bh": "3"}]
    assert batch.rows.to_pylist() == [11, 13]
    [bad] = batch.bad
    assert (bad.row, bad.reason) == (12, "第 12 行：xm 的内容不是数据库所声明的字符集")
    assert bad.text == r"\xd5\xc5\xc8\xfd|2"


def test_text_is_passed_on_as_it_is():
    batch = readable_batch(["xm"], [text("㐂".encode(), None, b"")], first_row=1)

    assert batch.records.to_pylist() == [{"xm": "㐂"}, {"xm": None}, {"xm": ""}]
    assert batch.bad == ()
