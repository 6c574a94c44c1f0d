"""Freezing: the same bytes for the same plan, everything read back exactly, nothing changed afterwards without being noticed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from hedui.corrections.bundle import BundleChangedError, BundleError, Event, FrozenBundle, freeze, open_bundle
from hedui.corrections.bundle.approval import Signed, write_approval_form
from hedui.corrections.bundle.papers import APPROVAL, COMPARISON, EXPLANATION
from hedui.corrections.model import BundlePlan, Cell, Change, Dialect, Operation
from hedui.corrections.sql.statement import Load, Step
from unit.corrections.bundle_world import BUNDLE, HOSTILE, MONTHS, PERSONS, change, plan, sample, update

HISTORY = (Event(at=dt.datetime(2026, 6, 6, 9, 30), who="analyst", what="选取案件", detail="规则 R12"),)
SECRETS = ("王小明", "王晓明", "李  四", "赵'新", "990102199001010099", "1980-01-02", "1990-01-01")


def frozen(folder: Path, dialect: Dialect = Dialect.ORACLE) -> FrozenBundle:
    return freeze(sample(dialect), folder=folder, history=HISTORY)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_bundle_is_read_back_exactly(tmp_path: Path, dialect: Dialect) -> None:
    made = frozen(tmp_path, dialect)
    again = open_bundle(made.folder, digest=made.digest)
    assert again.plan == sample(dialect)
    assert again == made
    assert again.manifest.rows == 19
    assert again.manifest.people == len({change.person for change in sample(dialect).changes})
    assert (again.manifest.money.before_fen, again.manifest.money.after_fen, again.manifest.money.moved_fen) == (10500, 12050, 2550)


def test_the_same_plan_gives_the_same_bytes_in_another_process_and_zone(tmp_path: Path) -> None:
    made = frozen(tmp_path / "here")
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, 'tests'); "
        "from unit.corrections.test_bundle_freeze import frozen; frozen(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "TZ": "America/Lima", "PYTHONHASHSEED": "7", "LC_ALL": "C.UTF-8"}
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "there")], check=True, cwd=root, env=environment)
    assert contents(tmp_path / "there" / BUNDLE) == contents(made.folder)


def test_freezing_again_gives_the_frozen_one_and_another_content_is_refused(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    assert frozen(tmp_path) == made
    with pytest.raises(BundleChangedError, match="another bundle"):
        freeze(replace(sample(), proposer="someone"), folder=tmp_path, history=HISTORY)
    assert [path.name for path in tmp_path.iterdir()] == [BUNDLE]
    assert open_bundle(made.folder) == made


def test_any_changed_removed_or_added_file_is_noticed(tmp_path: Path) -> None:
    made = frozen(tmp_path / "made")
    for name, content in contents(made.folder).items():
        folder = tmp_path / "changed" / BUNDLE
        for spoil in ("byte", "more", "gone"):
            shutil.copytree(made.folder, folder)
            path = folder / name
            if spoil == "byte":
                path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            elif spoil == "more":
                path.write_bytes(content + b" ")
            else:
                path.unlink()
            with pytest.raises(BundleChangedError):
                open_bundle(folder, digest=made.digest)
            shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["03_sql/25_more.sql", "new.txt", "04_data/plan.json.bak"])
def test_an_added_file_is_noticed(tmp_path: Path, name: str) -> None:
    made = frozen(tmp_path)
    (made.folder / name).write_text("x")
    with pytest.raises(BundleChangedError, match="was added"):
        made.verify()


def test_a_file_behind_a_link_is_refused(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    path = made.folder / "03_sql" / "20_apply.sql"
    path.rename(tmp_path / "elsewhere.sql")
    path.symlink_to(tmp_path / "elsewhere.sql")
    with pytest.raises(BundleChangedError, match=r"20_apply\.sql is gone"):
        made.verify()


def test_receipts_and_decisions_may_come_later(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    for folder in ("07_receipts", "08_decisions"):
        (made.folder / folder).mkdir()
        (made.folder / folder / "x.json").write_text("{}")
    made.verify()


def test_data_that_change_while_they_are_loaded_are_noticed_at_the_end(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    (load, *_) = (item for item in made.statements(Step.STAGE) if isinstance(item, Load))
    assert len(list(load.rows())) == load.expect
    path = made.folder / "04_data" / "changes.jsonl"
    path.write_bytes(path.read_bytes().replace("王晓明".encode(), "王大明".encode()))
    with pytest.raises(BundleChangedError, match=r"changes\.jsonl differs"):
        list(load.rows())


def test_checksums_are_those_that_the_systems_own_tool_computes(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=made.folder, check=True)
    listed = {line.split("  ", 1)[1] for line in (made.folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    assert listed == set(contents(made.folder)) - {"manifest.json", "SHA256SUMS", "SM3SUMS"}
    document = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    for entry in document["files"]:
        content = (made.folder / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        if "sm3" in hashlib.algorithms_available:
            assert entry["sm3"] == hashlib.new("sm3", content).hexdigest()


def test_no_dump_file_is_made_or_claimed(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    assert not list(made.folder.rglob("*.dmp"))
    assert made.manifest.document["data"]["dmp"].startswith("未生成 DMP")
    text = "\n".join(paragraph.text for paragraph in Document(str(made.folder / EXPLANATION)).paragraphs)
    assert "未生成 DMP" in text


def test_control_files_are_ascii(tmp_path: Path) -> None:
    columns = (*PERSONS.columns, replace(PERSONS.columns[2], name="曾用名"))
    named = replace(
        plan([update(1, PERSONS, (1,), Cell(column="曾用名", old="甲", new="乙"))]), tables=(replace(PERSONS, columns=columns),)
    )
    made = freeze(named, folder=tmp_path)
    for path in [*made.folder.rglob("*.ctl"), *made.folder.rglob("*.par")]:
        path.read_text(encoding="ascii")


def test_papers_have_their_sections_and_no_persons(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    document = Document(str(made.folder / EXPLANATION))
    headings = [
        paragraph.text for paragraph in document.paragraphs if paragraph.text[:2] in {f"{n}、" for n in "一二三四五六七八九十"}
    ]
    words = ["问题描述", "原因分析", "影响范围", "处理依据", "处理步骤", "回退方案", "验证方法", "风险与控制", "附件"]
    assert [heading[2:] for heading in headings[: len(words)]] == words
    shown = {EXPLANATION, COMPARISON, APPROVAL}
    for name in shown:
        with zipfile.ZipFile(made.folder / name) as archive:
            text = "".join(archive.read(item).decode("utf-8", "replace") for item in archive.namelist())
            assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [secret for secret in SECRETS if secret in text] == []
    for name, content in contents(made.folder).items():
        if name not in shown and not name.startswith("04_data/"):
            assert [secret for secret in SECRETS if secret.encode() in content] == [], name


def test_the_workbook_lists_every_change_and_no_formula(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    book = load_workbook(made.folder / COMPARISON)
    rows = list(book["修改明细"].iter_rows(min_row=5, values_only=True))
    assert [row[0] for row in rows] == [item.number for item in made.plan.changes for _ in item.cells]
    assert sum(row[7] or 0 for row in rows) == Decimal("105")
    assert not [
        cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.data_type == "f" and sheet.title != "封面"
    ]


def test_the_form_takes_decisions_without_touching_the_bundle(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    at = dt.datetime(2026, 6, 8, 2, 5, tzinfo=dt.UTC)
    decisions = (
        Signed(role="业务部门审批", who="张科长", at=at, verdict="同意", reason="=1+1 情况属实"),
        Signed(role="分管领导审批", who="李局长", at=at, verdict="不同意"),
    )
    folder = made.folder / "08_decisions"
    folder.mkdir()
    for _ in range(2):
        write_approval_form(made, folder / "form.xlsx", decisions=decisions, rehearsal="演练通过")
        made.verify()
    sheet = load_workbook(folder / "form.xlsx").active
    assert sheet is not None
    texts = {str(row[0].value): str(row[1].value) for row in sheet.iter_rows() if row[0].value}
    assert texts["业务部门意见"] == "同意：=1+1 情况属实\n\n签字：张科长　　　　日期：2026年06月08日 10:05"
    assert texts["分管领导意见"].startswith("不同意\n\n签字：李局长")
    assert "签字：" in texts["信息部门意见"]
    assert "演练通过" in texts["测试（演练）结果"]
    assert made.digest in texts["SQL 摘要与哈希"]


def cell(old: object, new: object, column: str = "aae013") -> Cell:
    return Cell(column=column, old=old, new=new)  # type: ignore[arg-type]


REFUSED: dict[str, Callable[[], list[Change]]] = {
    "nothing to change": list,
    "stands at place": lambda: [update(2, PERSONS, (1,), cell("a", "b"))],
    "names the row": lambda: [update(1, PERSONS, (1,), cell(1, 2, "aac001"))],
    "its version": lambda: [update(1, MONTHS, (1, "110"), cell("99991231", "20260101", "aae031"))],
    "or the batch": lambda: [update(1, PERSONS, (1,), cell(None, "x", "aaz999"))],
    "same to the target": lambda: [update(1, PERSONS, (1,), cell(None, ""))],
    "does not fit 50": lambda: [update(1, PERSONS, (1,), cell("a", "b" * 51, "aac003"))],
    "NUL": lambda: [update(1, PERSONS, (1,), cell("a", "b\x00"))],
    "has no column": lambda: [update(1, PERSONS, (1,), cell("a", "b", "nope"))],
    "same row and columns": lambda: [update(1, PERSONS, (1,), cell("a", "b")), update(2, PERSONS, (1,), cell("a", "c"))],
    "another change": lambda: [
        update(1, PERSONS, (1,), cell("a", "b")),
        change(2, Operation.DELETE, PERSONS, (1,), (cell("a", None),)),
    ],
    "where none may be": lambda: [change(1, Operation.INSERT, MONTHS, (1, ""), (cell(None, 1, "aae021"),))],
    "key columns": lambda: [update(1, MONTHS, (1,), cell(1, 2, "aae021"))],
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_written_safely_is_refused(tmp_path: Path, message: str) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        freeze(plan(REFUSED[message]()), folder=tmp_path)
    assert not any(text in str(caught.value) for text in HOSTILE.values())
    assert list(tmp_path.iterdir()) == []


def test_empty_text_is_null_for_oracle_and_text_for_postgresql(tmp_path: Path) -> None:
    changes = [update(1, PERSONS, (1,), cell("x", ""))]
    for dialect, new in ((Dialect.ORACLE, None), (Dialect.POSTGRESQL, "")):
        made = freeze(plan(changes, dialect=dialect), folder=tmp_path / dialect)
        assert made.plan.changes[0].cells[0].new == new


@pytest.mark.parametrize(("text", "needed"), [("陈晓", False), ("𠮷野", True), ("😀", True)])
def test_texts_outside_gbk_ask_for_a_unicode_database(tmp_path: Path, text: str, needed: bool) -> None:
    made = freeze(plan([update(1, PERSONS, (1,), cell("x", text))]), folder=tmp_path)
    assert ("NLS_CHARACTERSET" in (made.folder / "03_sql" / "00_precheck.sql").read_text(encoding="utf-8")) is needed


def test_a_round_names_its_parent(tmp_path: Path) -> None:
    second: BundlePlan = replace(sample(), id="BUNDLE-990102-20260605-002", parent=BUNDLE, round=2)
    made = freeze(second, folder=tmp_path)
    assert (made.manifest.parent, made.manifest.round) == (BUNDLE, 2)
    facts = Document(str(made.folder / EXPLANATION)).tables[0]
    assert BUNDLE in [cell.text for row in facts.rows for cell in row.cells]


def test_the_explanation_opens_elsewhere(tmp_path: Path) -> None:
    """LibreOffice reads the document and prints it on numbered pages."""
    made = frozen(tmp_path)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(made.folder / EXPLANATION)]
    subprocess.run(command, check=True, capture_output=True)
    text = subprocess.run(
        ["pdftotext", "-layout", "01_处理说明.pdf", "-"], cwd=tmp_path, check=True, capture_output=True
    ).stdout.decode()
    pages = ["".join(page.split()) for page in text.split("\f")[:-1]]
    assert f"方案编号：{BUNDLE}" in pages[0]
    assert all(re.search(rf"第{number}.共{len(pages)}.$", page) for number, page in enumerate(pages, start=1))


def test_what_a_killed_process_left_is_swept_away_in_time(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in (f".{BUNDLE}.aaaaaaaa", f".{BUNDLE}.bbbbbbbb", ".git"))
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "x").write_text("x")
    for folder in (old, other):
        os.utime(folder, (0, 0))
    frozen(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, other.name, BUNDLE]


def test_the_control_file_names_every_column_and_the_end_of_record(tmp_path: Path) -> None:
    made = freeze(plan([update(1, PERSONS, (1,), Cell(column="aac006", old=None, new=dt.date(1990, 1, 1)))]), folder=tmp_path)
    (path,) = made.folder.rglob("*.ctl")
    lines = path.read_text(encoding="ascii").splitlines()
    assert lines[lines.index("(") + 1 : -1] == [
        "  HEDUI_BATCH CHAR(60),",
        "  SEQ_NO INTEGER EXTERNAL NULLIF SEQ_NO=BLANKS,",
        "  GROUP_NO INTEGER EXTERNAL NULLIF GROUP_NO=BLANKS,",
        "  K_AAC001 INTEGER EXTERNAL NULLIF K_AAC001=BLANKS,",
        '  O_AAC006 DATE "YYYY-MM-DD HH24:MI:SS" NULLIF O_AAC006=BLANKS,',
        '  N_AAC006 DATE "YYYY-MM-DD HH24:MI:SS" NULLIF N_AAC006=BLANKS',
    ]
    assert f"INFILE '{path.stem}.csv' \"STR X'0A'\"" in lines
    head, row = path.with_suffix(".csv").read_text(encoding="utf-8").splitlines()
    assert head == '"HEDUI_BATCH","SEQ_NO","GROUP_NO","K_AAC001","O_AAC006","N_AAC006"'
    assert row == f'"{BUNDLE}",1,1,1,,1990-01-01 00:00:00'
