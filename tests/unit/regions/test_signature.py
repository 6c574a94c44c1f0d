"""The signature of a verification report: it holds for what was signed, and says what is wrong with anything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from hedui.cli import app
from hedui.regions.migrate.signature import NAME, signature_sheet, verify_report
from hedui.reports.content import Column, Report, Sheet, Table
from hedui.reports.workbook import write_workbook

KEY, OTHER = b"a key that only tests know", b"a key that a forger made up"
FACTS = {"迁移编号": "r251231260630", "批准人": "=manager"}


def sheet(name: str, *rows: tuple[str, int]) -> Sheet:
    columns = (Column(key="code", title="代码", kind="code"), Column(key="fen", title="金额", kind="money"))
    return Sheet(name=name, title=name, blocks=(Table(title="", columns=columns, rows=rows),))


def report(folder: Path, *, key: bytes = KEY, fen: int = 12_345) -> Path:
    """A signed workbook of two sheets."""
    body = (sheet("结论", ("990105", fen)), sheet("核验项目", ("990101", 5), ("990102", 0)))
    made = Report(title="报告", organisation="机构", business_date=dt.date(2026, 6, 30), sheets=body)
    bare, path = folder / "bare.xlsx", folder / "report.xlsx"
    write_workbook(made, bare)
    signed = signature_sheet(bare, FACTS, key=key)
    write_workbook(Report(title="报告", organisation="机构", business_date=made.business_date, sheets=(*body, signed)), path)
    return path


def test_it_holds_for_what_was_signed_also_after_opening_and_saving(tmp_path: Path) -> None:
    path = report(tmp_path)
    found = verify_report(path, key=KEY)
    assert found.problems == ()
    assert found.facts["迁移编号"] == "r251231260630"
    load_workbook(path).save(path)
    assert verify_report(path, key=KEY).problems == ()


def cell(book: Workbook, name: str, value: object) -> tuple[int, int]:
    return next((c.row, c.column) for row in book[name].iter_rows() for c in row if c.value == value)


def put(name: str, old: object, new: object) -> Callable[[Workbook], None]:
    return lambda book: book[name].cell(*cell(book, name, old), new)  # type: ignore[arg-type,return-value]


def look(book: Workbook) -> None:
    book["结论"].cell(*cell(book, "结论", 123.45)).number_format = '"0.00"'


def digest(book: Workbook) -> None:
    place = cell(book, NAME, "核验项目")
    book[NAME].cell(place[0], place[1] + 1, "0" * 64)


def hide(book: Workbook) -> None:
    book["核验项目"].sheet_state = "hidden"


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        pytest.param(put("核验项目", "990102", "990103"), ["“核验项目”表与签名时不符"], id="a code"),
        pytest.param(put("结论", 123.45, 123.46), ["“结论”表与签名时不符"], id="a cent"),
        pytest.param(put("结论", 123.45, "=100+23.45"), ["“结论”表与签名时不符"], id="a formula with the same value"),
        pytest.param(look, ["“结论”表与签名时不符"], id="a number format that shows another figure"),
        pytest.param(hide, ["“核验项目”表与签名时不符"], id="a hidden sheet"),
        pytest.param(lambda book: book.remove(book["核验项目"]), ["缺少“核验项目”表"], id="a sheet that is gone"),
        pytest.param(lambda book: book.create_sheet("补充").append(["x"]), ["多出“补充”表"], id="a sheet that was added"),
        pytest.param(lambda book: book.move_sheet("结论", 1), ["次序"], id="another order"),
        pytest.param(put(NAME, "r251231260630", "r250630251231"), ["签名与“签名”表不符"], id="another run"),
        pytest.param(digest, ["签名与“签名”表不符", "“核验项目”表与签名时不符"], id="a digest"),
        pytest.param(put(NAME, "hmac-sha256", "none"), ["“签名”表不完整"], id="another algorithm"),
        pytest.param(lambda book: book.remove(book[NAME]), ["没有“签名”表：报告未签名"], id="no signature"),
    ],
)
def test_what_was_changed_afterwards_is_named(tmp_path: Path, forge: Callable[[Workbook], None], told: list[str]) -> None:
    path = report(tmp_path)
    book = load_workbook(path)
    forge(book)
    book.save(path)
    problems = verify_report(path, key=KEY).problems
    assert len(problems) == len(told)
    assert all(any(text in problem for problem in problems) for text in told)


def test_a_file_signed_with_another_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = report(tmp_path, key=OTHER, fen=99)
    (problem,) = verify_report(path, key=KEY).problems
    assert problem.startswith("签名用的是另一把密钥")
    book = load_workbook(path)  # the forger also writes the fingerprint of the site's key, read off a true report
    (tmp_path / "true").mkdir()
    true = load_workbook(report(tmp_path / "true"))[NAME]
    marks = [next(row[1] for row in page.iter_rows(values_only=True) if row[0] == "密钥指纹") for page in (book[NAME], true)]
    put(NAME, *marks)(book)
    book.save(path)
    assert [text[:4] for text in verify_report(path, key=KEY).problems] == ["签名与“"]

    monkeypatch.setenv("HEDUI_REPORT_KEY", KEY.decode())
    monkeypatch.delenv("HEDUI_SITE", raising=False)
    shown = CliRunner().invoke(app, ["regions", "verify-report", str(path)])
    assert (shown.exit_code, "本文件不能作为凭据" in shown.output) == (1, True)
    shown = CliRunner().invoke(app, ["regions", "verify-report", str(tmp_path / "true" / "report.xlsx")])
    assert (shown.exit_code, "签名成立" in shown.output) == (0, True)


def test_what_is_no_workbook_is_said(tmp_path: Path) -> None:
    path = report(tmp_path)
    path.write_bytes(path.read_bytes()[:2000])
    assert verify_report(path, key=KEY).problems == ("不是可以读取的 xlsx 工作簿：文件不完整，或不是核验报告",)
