"""The seven-column list: every wrong line is named, whatever the container; lists below the counties; workbooks."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from hedui.commands.regions import regions_app
from hedui.regions.errors import RegionFileError
from hedui.regions.files import read_changes, read_table
from hedui.regions.lower import carried, own_moves, sub_change
from hedui.regions.mapping import region_map
from hedui.regions.model import Change
from hedui.regions.padis import HEADER, read_padis
from hedui.regions.unions import Unions

START, END, LATER = dt.date(2030, 6, 30), dt.date(2030, 12, 31), dt.date(2031, 6, 30)

WRONG = [
    "1,,甲,990101000000,21,乙,990102000000",
    "1,,丙,990103000000,21,丁,990104000000",
    "2,,甲,990101000000,41,乙,990102000000",
    "3,整建制·整建制,戊,990105000000,21,己,990106000000",
    "4,改码·整建制,庚,990107000000,21,辛,990108000000",
    "5,拆分·部分划出,庚,990107000000,41,壬,990109000000",
    "",
    "6,,癸,99011000000O,21,子,990111000000",
    "7,,丑,990112000000,21,寅,990113001000,多",
    "8,,卯,990114000000,11,辰,990115000000",
]
EXPECTED = {
    4: "调整编号 '1' is there twice; line 3 has it",
    5: "the change 990101 → 990102 is there twice; line 3 has it",
    8: "990107 has another successor in line 7, and one of them says 整建制",
    9: "has 1 columns, the header has 7",
    10: "原区划代码 '99011000000O' is not all digits",
    11: "has 8 columns, the header has 7",
    12: "kind new has an old code '990114'",
}


def by_line(problems: tuple[str, ...]) -> dict[int, str]:
    return {int(place.rpartition(":")[2]): what for place, _, what in (problem.partition(": ") for problem in problems)}


@pytest.mark.parametrize("container", ["txt", "zip"])
def test_every_wrong_line_is_named(tmp_path: Path, container: str) -> None:
    text = "\n".join([str(len(WRONG)), HEADER, *WRONG]) + "\n"
    path = tmp_path / f"QHDM_BGDZB_99.{container}"
    if container == "txt":
        path.write_text(text, "utf-8")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("QHDM_BGDZB_99.txt", text)
    with pytest.raises(RegionFileError) as refused:
        read_padis(path, start=START, end=END)
    found = by_line(refused.value.problems)
    assert found.keys() == EXPECTED.keys()
    for line, expected in EXPECTED.items():
        assert found[line].startswith(expected), found[line]
    where = "QHDM_BGDZB_99.txt:4" if container == "txt" else "QHDM_BGDZB_99.zip!QHDM_BGDZB_99.txt:4"
    assert any(problem.startswith(where) for problem in refused.value.problems)


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_like_the_text(tmp_path: Path) -> None:
    lines = [
        "1,,甲,990101000000,41,乙,990102000000",
        "2,,甲,990101000000,41,丙,990103000000",
        "3,,东村,990104001001,31,西村,990104001002",
    ]
    (tmp_path / "list.txt").write_text("\n".join(["3", HEADER, *lines]), "utf-8")
    cells = [[int(cell) if cell.isdigit() else cell for cell in line.split(",")] for line in lines]
    book = workbook(tmp_path / "list.xlsx", [list(HEADER.split(",")), *cells])
    assert read_padis(book, start=START, end=END) == read_padis(tmp_path / "list.txt", start=START, end=END)


def test_a_workbooks_wrong_lines_are_named(tmp_path: Path) -> None:
    book = workbook(tmp_path / "list.xlsx", [HEADER.split(","), [1, None, "甲", "990101", 21, "乙", "990102000000"], [None] * 7])
    with pytest.raises(RegionFileError, match=r"list.xlsx:2: 原区划代码 '990101' has 6 digits"):
        read_padis(book, start=START, end=END)
    with pytest.raises(RegionFileError, match="the header lacks the column 调整类型"):
        read_padis(workbook(tmp_path / "other.xlsx", [["调整编号"], [1]]), start=START, end=END)


@pytest.mark.parametrize("kind", ["table", "changes", "padis"])
def test_workbooks_are_imported_by_the_command(tmp_path: Path, kind: str) -> None:
    rows: dict[str, list[list[object]]] = {
        "table": [
            ["code", "name", "level", "parent"],
            [990000, "和省", "province", None],
            ["990100", "和对市", "prefecture", 990000],
        ],
        "changes": [
            ["from_date", "to_date", "old_code", "old_name", "new_code", "new_name", "kind", "scope", "level"],
            [dt.datetime(2030, 6, 30), "2030-12-31", 990101, "甲", "990102", "乙", "recode", "whole", "county"],
        ],
        "padis": [HEADER.split(","), [1, "", "甲", "990101000000", 21, "乙", "990102000000"]],
    }
    book = workbook(tmp_path / "file.xlsx", rows[kind])
    arguments = ["import", str(book), "--kind", kind, "--to", str(END), "--from", str(START), "--into", str(tmp_path / "regions")]
    done = CliRunner().invoke(regions_app, arguments)
    assert done.exit_code == 0, done.output
    if kind == "table":
        assert list(read_table(tmp_path / "regions" / f"codes_{END}.csv", date=END).rows) == ["990000", "990100"]
    else:
        (row,) = read_changes(tmp_path / "regions" / f"changes_{END}.csv")
        assert (row.old_code, row.new_code, row.kind, row.scope) == ("990101", "990102", "recode", "whole")


def change(old: str, new: str, *, start: dt.date = START, end: dt.date = END, scope: str = "whole", kind: str = "recode") -> Change:
    values = {"old_code": old, "new_code": new, "old_name": "", "new_name": "", "level": "county", "scope": scope, "kind": kind}
    return Change(from_date=start, to_date=end, **values)  # type: ignore[arg-type]


def test_a_villages_county_is_carried_on_by_later_half_years() -> None:
    """A village leaves a parted county for one that is recoded in the next half-year, and gets no number of its own there."""
    first = region_map(
        [change("990101", "990102", scope="part", kind="split"), change("990101", "990103", scope="part", kind="split")],
        start=START,
        end=END,
    )
    second = region_map([change("990102", "990202", start=END, end=LATER)], start=END, end=LATER)
    (row,) = carried([sub_change(change("990101001001", "990102001001"))], [first, second])
    assert (row.county, row.new_code) == ("990202", "990102001001")
    known = frozenset(("990102", "990103", "990202"))
    assert own_moves([row], start=START, end=LATER, known=known) == {"990101001001": ""}
    assert own_moves([row], start=START, end=LATER, known=frozenset(("990202",))) == {"990101001001": ""}


def test_names_that_belong_together() -> None:
    joined = Unions([("c", "b"), ("d", "e"), ("b", "a")])
    assert joined.names() == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d"}
    joined.join("e", "c")
    assert {joined.name(name) for name in "abcde"} == {"a"}
    assert joined.name("f") == ""
