"""Deliveries that are broken: each is refused or rejected by name, and the lake stays as it was."""

from __future__ import annotations

import datetime as dt
import zipfile

import pytest

from hedui.errors import SourceError, SourceFormatError, SourceMissingError
from hedui.sources import delimited
from hedui.sources.registry import open_reader

DATE = dt.date(2026, 6, 3)
TOTALS = "caizheng/hz260603.txt"
ROW = b"20260603\t880201\tY\t2\t150\t1.5\n"


def test_a_file_that_is_replaced_while_it_is_read(world, monkeypatch):
    monkeypatch.setattr(delimited, "BATCH_BYTES", 64)
    file = world.file(TOTALS, ROW * 100)
    context = world.context
    with open_reader(context, context.site.source("huizong")).open(DATE) as snapshot:
        batches = snapshot.read("daily_total")
        next(batches)
        replacement = file.with_suffix(".new")
        replacement.write_bytes(ROW * 99)
        replacement.replace(file)

        with pytest.raises(SourceError, match="changed while it was read; read it again later"):
            list(batches)


def test_a_file_that_disappears_before_it_is_read(world):
    file = world.file(TOTALS, ROW)
    context = world.context
    with open_reader(context, context.site.source("huizong")).open(DATE) as snapshot:
        file.unlink()
        with pytest.raises(SourceMissingError, match=r"hz260603\.txt"):
            list(snapshot.read("daily_total"))


def test_a_broken_delivery_leaves_the_earlier_one(world):
    world.file(TOTALS, ROW)
    world.extract("huizong")
    before = world.manifest("daily_total", "huizong")
    world.file(TOTALS, b"20260603;880201\n")

    with pytest.raises(SourceFormatError, match="has 1 columns, the site uses column 6; check the separator"):
        world.extract("huizong")

    assert world.manifest("daily_total", "huizong") == before
    folder = world.folder / "lake/canonical/daily_total/huizong/2026-06-03"
    assert len(list(folder.glob("v-*"))) == 1, "nothing half written stays"


def test_bad_lines_are_counted_and_kept(world):
    world.file(TOTALS, ROW + b"20260603\t880201\n" + ROW.replace(b"880201", b"\xff\xff") + ROW.replace(b"150", b"x") + ROW[:-6])

    summary = world.extract("huizong")

    assert (summary.counts["source_rows"], summary.counts["rows"], summary.counts["rejected"]) == (5, 1, 4)
    rejects = world.rows("daily_total", "huizong", "rejects")
    assert [(row["source_row"], row["field"], row["reason"]) for row in rejects] == [
        (2, None, "第 2 行：应有 6 列，实有 2 列"),
        (3, None, "第 3 行：第 10 个字节 0xff 不是 GB18030"),
        (4, "unit_paid_fen", "不是金额"),
        (5, None, "第 5 行：应有 6 列，实有 5 列（文件最后一行没有换行，可能被截断）"),
    ]
    assert "\\xff\\xff" in rejects[1]["raw"].replace("\\\\", "\\")
    assert world.manifest("daily_total", "huizong").meta["source_rows"] == 5
    assert len(world.raw("huizong", "daily_total")) == 2
    assert [row["line"] for row in world.raw("huizong", "daily_total", "bad")] == [2, 3, 5]


HEADER = ["凭证号", "通知号", "单位", "费款所属期", "人数", "金额", "入库日"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param([["标题"], HEADER[:-1]], '入库20260603.xlsx:2: the header has no column "入库日"', id="column missing"),
        pytest.param([["标题"]], "the sheet ends before its header", id="no header"),
        pytest.param([["标题"], [*HEADER, "金额"]], 'has the column "金额" twice', id="column twice"),
    ],
)
def test_workbooks_with_a_wrong_header(world, rows, says):
    world.workbook("caizheng/入库20260603.xlsx", rows)

    with pytest.raises(SourceFormatError, match=says):
        world.extract("biaoge")


def test_files_that_are_no_workbook(world):
    file = world.file("caizheng/入库20260603.xlsx", b"not a workbook")
    with pytest.raises(SourceFormatError, match="is not an XLSX workbook"):
        world.extract("biaoge")

    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(SourceFormatError, match="is not an XLSX workbook"):
        world.extract("biaoge")


def test_a_workbook_that_is_cut(world):
    file = world.workbook(
        "caizheng/入库20260603.xlsx", [["标题"], HEADER, *[[str(n), "1", "u", "202605", 1, 1, "2026-06-03"] for n in range(500)]]
    )
    content = file.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.99):
        file.write_bytes(content[: int(share * len(content))])
        with pytest.raises(SourceFormatError, match=r"入库20260603\.xlsx"):
            world.extract("biaoge")


def test_error_cells_cost_their_row(world):
    rows = [["a", "1", "u", "202605", 1, "#N/A", "2026-06-03"], ["b", "2", "u", "202605", 1, 2, "2026-06-03"]]
    world.workbook("caizheng/入库20260603.xlsx", [["标题"], HEADER, *rows])

    world.extract("biaoge")

    assert [row["detail_no"] for row in world.rows("payment_unit", "biaoge")] == ["B"]
    [reject] = world.rows("payment_unit", "biaoge", "rejects")
    assert reject["reason"] == "第 3 行：“金额”列是错误值 #N/A"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("nonsense", "is not a SQLAlchemy URL", id="no URL"),
        pytest.param("dm://user:secret@host/db", 'no driver for "dm" is installed', id="driver"),
        pytest.param("sqlite:////nowhere/at/all.db", "the database cannot be read", id="no database"),
    ],
)
def test_connections_that_lead_nowhere(world, url, says):
    world.connections["county_db"] = url

    with pytest.raises(SourceError, match=says) as caught:
        world.extract("xianju")
    assert "secret" not in str(caught.value)


def test_a_table_or_column_that_is_not_there(world):
    world.sql("CREATE TABLE ren (bianhao TEXT)")
    with pytest.raises(SourceFormatError, match='table ren has no column "zhengjian"'):
        world.extract("xianju")

    world.sql("DROP TABLE ren")
    with pytest.raises(SourceFormatError, match="there is no table ren"):
        world.extract("xianju")
