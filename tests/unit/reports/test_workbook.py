"""The workbook as a file: re-opened with openpyxl and as raw bytes."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from hedui.reports.content import Chart, Column, LongTable, Report, Sheet, Table
from hedui.reports.workbook import write_workbook
from unit.reports.sample import DATE, sample_details

REFERENCE = re.compile(r"([A-Z]+[0-9]+)(?::([A-Z]+[0-9]+))?")


@pytest.fixture(scope="module")
def path(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("reports") / "2026-06-04" / "对账日报.xlsx"
    write_workbook(report, target)
    return target


def _evaluate(formula: str, values: Any) -> float:
    """The value of a formula of sums, differences and quotients, from the values of the cells it names."""

    def number(cell: Any) -> float:
        return cell.value if isinstance(cell.value, int | float) else 0

    def refer(match: re.Match[str]) -> str:
        if match[2]:
            return repr(sum(number(cell) for row in values[match[0]] for cell in row))
        return repr(number(values[match[1]]))

    text = REFERENCE.sub(refer, formula.removeprefix("="))
    return float(eval(text, {"__builtins__": {}}, {"SUM": lambda value: value, "ROUND": round}))


def test_every_formula_has_its_value_beside_it(path: Path) -> None:
    formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    seen = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    shown = values[sheet.title][cell.coordinate].value
                    assert shown == pytest.approx(_evaluate(cell.value, values[sheet.title]), abs=1e-9), (
                        sheet.title,
                        cell.coordinate,
                    )
                    seen += 1
    assert seen > 100


def test_the_footing_lines_balance(path: Path) -> None:
    sheet = openpyxl.load_workbook(path, data_only=True)["总额对账"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    heads = [index for index, row in enumerate(rows) if "去向合计" in row]
    assert len(heads) == 2
    for head in heads:
        gap, state = rows[head].index("差"), rows[head].index("结论")
        for line in rows[head + 1 : head + 3]:
            assert (line[gap], line[state]) == (0, "平")


def test_equal_content_gives_equal_bytes(report: Report, path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.xlsx"
    write_workbook(report, again)
    assert again.read_bytes() == path.read_bytes()


def test_the_archive_has_fixed_times_and_an_order_of_its_own(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4}-\d\d-\d\dT[^<]*)<", core) == ["2026-06-04T00:00:00Z"] * 2


def test_nothing_but_the_workbook_is_left_in_the_folder(path: Path) -> None:
    assert [entry.name for entry in path.parent.iterdir()] == ["对账日报.xlsx"]


def test_details_continue_on_further_sheets(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    names = [name for name in book.sheetnames if name.startswith("差异明细")]
    assert names == ["差异明细", "差异明细(2)", "差异明细(3)"]
    numbers = [
        row[0] for name in names for row in book[name].iter_rows(min_row=5, max_col=1, values_only=True) if isinstance(row[0], int)
    ]
    assert numbers == list(range(1, 26))
    assert "第 21–25 条，共 25 条" in book["差异明细(3)"]["A3"].value
    assert book["差异明细(3)"].auto_filter.ref == "A4:U9"
    assert {book[name].freeze_panes for name in names} == {"A5"}


def test_no_details_is_said_in_words(tmp_path: Path, report: Report) -> None:
    sheets = tuple(sample_details(0) if isinstance(sheet, LongTable) else sheet for sheet in report.sheets)
    write_workbook(replace(report, sheets=sheets), tmp_path / "empty.xlsx")
    assert openpyxl.load_workbook(tmp_path / "empty.xlsx")["差异明细"]["A5"].value == "本期无差异"


def test_what_is_beyond_the_cap_is_said_plainly(tmp_path: Path, report: Report) -> None:
    capped = sample_details(20, per_sheet=10, total=1_234_567)
    sheets = tuple(capped if isinstance(sheet, LongTable) else sheet for sheet in report.sheets)
    write_workbook(replace(report, sheets=sheets), tmp_path / "capped.xlsx")
    lead = openpyxl.load_workbook(tmp_path / "capped.xlsx")["差异明细(2)"]["A3"].value
    assert "全部 1,234,567 条中本工作簿列示前 20 条" in lead
    assert "Parquet 与 CSV" in lead


def test_links_lead_to_sheets_that_exist(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    targets = [link.location for sheet in book for link in sheet._hyperlinks] + [
        cell.hyperlink.location for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink
    ]
    names = {re.fullmatch(r"'(.+)'!A1", target)[1] for target in targets}  # type: ignore[index]
    assert names == set(book.sheetnames)


@pytest.mark.parametrize("kind", ["text", "code", "wrap", "state"])
def test_data_never_becomes_a_formula(kind: str, tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://example.org","x")'
    columns = (Column(key="a", title="甲", kind=kind),)  # type: ignore[arg-type]
    short = Sheet(name="短", title="短", blocks=(Table(title="", columns=columns, rows=((evil,),)),))
    long = LongTable(name="长", title="长", columns=columns, count=1, rows=lambda: iter([(evil,)]))
    write_workbook(Report(title="t", organisation="o", business_date=DATE, sheets=(short, long)), tmp_path / "e.xlsx")
    cells = [
        cell for sheet in openpyxl.load_workbook(tmp_path / "e.xlsx") for row in sheet.iter_rows() for cell in row if cell.value
    ]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert sum(cell.value == f"'{evil}" for cell in cells) == 2


def test_numbers_are_numbers_and_ids_are_text(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    head = {cell.value: cell.column for cell in book["差异明细"][4]}
    row = book["差异明细"][5]
    assert row[head["对象（脱敏）"] - 1].value == "990***********0001"
    assert row[head["对象（脱敏）"] - 1].number_format == "@"
    money = row[head["差额（元）"] - 1]
    assert (money.value, money.number_format) == (0.1, "#,##0.00_ ;[Red]-#,##0.00_ ")
    assert row[head["处置"] - 1].value is None
    assert book["账龄"]["A7"].data_type == "s"


def test_print_setup(path: Path) -> None:
    for sheet in openpyxl.load_workbook(path):
        upright = sheet.title == "封面"
        assert sheet.page_setup.orientation == ("portrait" if upright else "landscape")
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (9, 1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows in ("$1:$2", "$1:$4")
        assert "制表人" in sheet.oddFooter.left.text
        assert "审核人" in sheet.oddFooter.left.text
        assert sheet.oddFooter.center.text == "第 &P 页 / 共 &N 页"
        assert sheet.oddFooter.right.text == "打印时间：&D &T"
        assert sheet.freeze_panes is not None or upright


def test_protection_is_optional(report: Report, path: Path, tmp_path: Path) -> None:
    write_workbook(replace(report, protect=True), tmp_path / "p.xlsx")
    assert all(sheet.protection.sheet for sheet in openpyxl.load_workbook(tmp_path / "p.xlsx"))
    assert not any(sheet.protection.sheet for sheet in openpyxl.load_workbook(path))


def test_charts_are_native_and_refer_to_cells(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        charts = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")}
    assert len(charts) == 5
    assert all("<numRef>" in text or "<c:numRef>" in text for text in charts.values())
    assert {match for text in charts.values() for match in re.findall(r"'(\w+)'!", text)} == {"差异分类", "账龄", "根因"}


def test_a_crash_leaves_the_old_workbook(report: Report, path: Path) -> None:
    before = path.read_bytes()

    def broken() -> Any:
        raise OSError("disk full")

    sheets = tuple(replace(sheet, rows=broken) if isinstance(sheet, LongTable) else sheet for sheet in report.sheets)
    with pytest.raises(OSError, match="disk full"):
        write_workbook(replace(report, sheets=sheets), path)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


def test_a_charts_legend_names_its_columns_also_below_merged_headings(tmp_path: Path) -> None:
    columns = (
        Column(key="name", title="区划"),
        Column(key="n", title="人数", kind="int"),
        Column(key="m", title="增减", kind="int", group="环比"),
    )
    table = Table(title="表", columns=columns, rows=(("甲", 1, 2), ("乙", 3, 4)), id="t")
    sheet = Sheet(
        name="图", title="图", blocks=(table, Chart(title="图", kind="column", table="t", categories="name", series=("n", "m")))
    )
    report = Report(title="试", organisation="试", business_date=DATE, sheets=(Sheet(name="封面", title="试", blocks=()), sheet))
    write_workbook(report, tmp_path / "chart.xlsx")
    (chart,) = openpyxl.load_workbook(tmp_path / "chart.xlsx")["图"]._charts
    assert [series.tx.v for series in chart.series] == ["人数", "增减"]
