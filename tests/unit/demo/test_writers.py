from __future__ import annotations

from pathlib import Path

import openpyxl

from hedui.demo.writers import csv_text, transcode, write_text, write_xlsx


def test_workbooks_have_the_same_bytes_and_are_read_as_text(tmp_path: Path) -> None:
    rows = [("单位编号", "单位名称"), ("000123", "甲&乙<丙>"), ("9", None)]
    for name in ("a.xlsx", "b.xlsx"):
        write_xlsx(tmp_path / name, sheet="对照", rows=rows)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["对照"]
    assert [tuple(cell.value for cell in row) for row in sheet.iter_rows()] == rows


def test_gb18030_keeps_every_character(tmp_path: Path) -> None:
    text = "阿拉坦•高娃|㐂|𠮷|０１２Ｘ\n" * 3
    (tmp_path / "utf8").write_text(text, encoding="utf-8")
    transcode(tmp_path / "utf8", tmp_path / "gb", encoding="gb18030")
    assert (tmp_path / "gb").read_bytes().decode("gb18030") == text


def test_text_files_have_one_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "common").write_text("1,甲\n", encoding="utf-8")
    target = tmp_path / "folder" / "a.csv"
    write_text(target, header="no,name\n", common=tmp_path / "common", rows="2,乙\n", encoding="utf-8-sig")
    assert target.read_bytes() == "\ufeffno,name\n1,甲\n2,乙\n".encode()
    assert [path.name for path in target.parent.iterdir()] == ["a.csv"]


def test_cells_with_separators_are_quoted_and_empty_ones_are_nothing() -> None:
    assert csv_text([("a|b", None, "c,d")], separator="|") == '"a|b"||c,d\n'
