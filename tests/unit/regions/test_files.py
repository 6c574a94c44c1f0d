"""Files with mistakes are refused whole, every mistake with its line, value and cure; good ones come back as they went."""

from __future__ import annotations

import datetime as dt
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest
from openpyxl import Workbook

from hedui.errors import SiteError
from hedui.regions.allocation import AddressRule, Allocator, Place
from hedui.regions.errors import RegionError, RegionFileError
from hedui.regions.files import read_changes, read_table
from hedui.regions.mapping import region_map
from hedui.regions.model import Change
from hedui.regions.padis import HEADER, read_padis
from hedui.regions.weights import Weight, restate
from hedui.site.regions import load_regions

START, END = dt.date(2016, 6, 30), dt.date(2016, 12, 31)
GOOD = "1,,甲,990101000000,21,乙,990102000000\n"
CHANGES = "from_date,to_date,old_code,old_name,new_code,new_name,kind,scope,level\n"


def refused(path: Path, text: str, reader: object, **named: object) -> tuple[str, ...]:
    path.write_text(text, "utf-8")
    with pytest.raises(RegionFileError) as error:
        reader(path, **named)  # type: ignore[operator]
    return error.value.problems


def test_a_table_names_each_wrong_line(tmp_path: Path) -> None:
    text = "code,name,level,parent\n990000,和省,province,\n99010,甲,county,990000\n990102,,county,990000\n990103,丙,shire,990000\n"
    problems = refused(tmp_path / "codes.csv", text, read_table, date=END)
    assert [problem.split(":")[1] for problem in problems] == ["3", "4", "5"]
    assert "'99010' has 5 characters; a region code has 6, 9, 12 or 15 digits" in problems[0]
    assert "has no name" in problems[1]
    assert "level 'shire' is not one of province, prefecture" in problems[2]


def test_change_rows_whose_cells_do_not_fit_together(tmp_path: Path) -> None:
    lines = [
        "2016-06-30,2016-12-31,990101,甲,990101,甲,recode,whole,county",
        "2016-06-30,2016-12-31,990101,甲,990102,乙,split,whole,county",
        "2016-06-30,2016-12-31,990101,甲,990102,乙,joined,whole,county",
        "2016-12-31,2016-06-30,990101,甲,990102,乙,recode,whole,county",
        "2016-06-31,2016-12-31,990101,甲,990102,乙,recode,whole,county",
        "2016-06-30,2016-12-31,990101,甲,990102,乙,recode,remain,county",
    ]
    problems = refused(tmp_path / "changes.csv", CHANGES + "\n".join(lines), read_changes)
    assert {problem.split(":")[1] for problem in problems} == {"2", "3", "4", "5", "6", "7"}
    text = "\n".join(problems)
    for part in (
        "same old and new code",
        "takes scope part or remain",
        "kind 'joined' is not one of",
        "is not before",
        "'2016-06-31'",
    ):
        assert part in text


def test_not_utf8_and_a_wrong_header(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes("code,name\n990101,甲\n".encode("gbk"))
    with pytest.raises(RegionFileError, match=r"codes.csv:2: byte 0xbc is not UTF-8"):
        read_table(path, date=END)
    assert "unknown column 'nome'" in "\n".join(refused(path, "code,name,nome\n", read_table, date=END))


def test_a_workbook_is_read_like_the_csv(tmp_path: Path) -> None:
    book = Workbook()
    for row in (
        ["code", "name", "level", "parent"],
        [990000, "和省", "province", None],
        ["990100", "和对市", "prefecture", "990000"],
    ):
        book.active.append(row)
    book.save(tmp_path / "codes_2026-06-30.xlsx")
    found = read_table(tmp_path / "codes_2026-06-30.xlsx", date=dt.date(2026, 6, 30))
    assert [(row.code, row.name, row.parent) for row in found.rows.values()] == [
        ("990000", "和省", ""),
        ("990100", "和对市", "990000"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f"2\n{HEADER}\n1,,甲,990101000000,21,乙,990102000000\n",
            "x.txt:1: the count line says 2 records, the file has 1",
            id="count",
        ),
        pytest.param("1\n调整编号,调整说明\n1,a\n", "x.txt:2: the header is", id="header"),
        pytest.param(
            f"1\n{HEADER}\n1,,甲,990101,21,乙,990102000000\n",
            "x.txt:3: 原区划代码 '990101' has 6 digits",
            id="length",
        ),
        pytest.param(
            f"1\n{HEADER}\n1,,甲,990101000000,51,乙,990102000000\n", "x.txt:3: 调整类型 '51' is not one of 11新增", id="action"
        ),
        pytest.param(f"1\n{HEADER}\n1,,,990101000000,21,乙,990102000000\n", "x.txt:3: 原区划名称 is empty", id="name"),
        pytest.param(f"1\n{HEADER}\n1,,甲,990101000000,21,乙\n", "x.txt:3: has 6 columns, the header has 7", id="columns"),
        pytest.param("", "x.txt:1: has no count line", id="empty"),
    ],
)
def test_the_seven_column_list_names_each_wrong_line(tmp_path: Path, text: str, expected: str) -> None:
    assert refused(tmp_path / "x.txt", text, read_padis, start=START, end=END)[0].startswith(expected)


def test_a_foreign_zip_is_read_by_its_shape(tmp_path: Path) -> None:
    rows = "1,,甲,990101000000,41,乙,990102000000\n2,,甲,990101000000,41,丙,990103000000\n3,,丁,990104000000,31,乙,990102000000\n"
    with zipfile.ZipFile(tmp_path / "99.zip", "w") as archive:
        archive.writestr("QHDM_BGDZB_99.txt", f"\ufeff3\r\n{HEADER}\r\n{rows}")
        archive.writestr("QHDM_99.txt", "1\n区划名称,区划代码\n乙,990102000000\n")
    package = read_padis(tmp_path / "99.zip", start=START, end=END)
    assert [(row.old_code, row.new_code, row.kind, row.scope) for row in package.changes] == [
        ("990101", "990102", "split", "part"),
        ("990101", "990103", "split", "part"),
        ("990104", "990102", "merge", "whole"),
    ]
    assert [row.code for row in package.regions] == ["990102"]
    assert read_padis(zero(tmp_path), start=START, end=END).changes == ()


def zero(folder: Path) -> Path:
    (folder / "zero.txt").write_text(f"0\n{HEADER}\n", "utf-8")
    return folder / "zero.txt"


def split(*targets: str) -> list[Change]:
    common = {
        "from_date": START,
        "to_date": END,
        "old_code": "990101",
        "old_name": "甲",
        "new_name": "",
        "level": "county",
    }
    return [Change(**common, kind="split", new_code=new, scope="remain" if new == "990101" else "part") for new in targets]  # type: ignore[arg-type]


def test_addresses_and_institutions_decide_after_places_and_never_at_random() -> None:
    mapping = region_map(split("990101", "990102"), start=START, end=END)
    rules = [
        AddressRule(pattern="东山镇", county="990102"),
        AddressRule(pattern="东山镇西", county="990101"),
        AddressRule(pattern=r"\d+公里", county="990102", regex=True),
        AddressRule(pattern="北路", county="990103"),
    ]
    allocator = Allocator(mapping, addresses=rules, institutions={"JG1": "990102", "JG2": "990109"})
    assert allocator.allocate("990101", Place(address="甲县东山镇一村")).new == "990102"
    assert allocator.allocate("990101", Place(address="甲县东山镇西二村")).new == "990101"
    assert allocator.allocate("990101", Place(address="北路1号", institution="JG1")).method == "institution"
    for place in (Place(), Place(address="北路1号"), Place(institution="JG2"), Place(village="990101001001")):
        decided = allocator.allocate("990101", place)
        assert (decided.new, decided.method) == (None, "queue")
        assert decided.reason


def test_contradicting_change_rows_are_refused() -> None:
    rows = split("990102", "990102")
    with pytest.raises(RegionError, match="a successor is there twice"):
        region_map(rows, start=START, end=END)


def test_weights_round_without_losing_a_fen() -> None:
    mapping = region_map(split("990102", "990103", "990104"), start=START, end=END)
    third = [Weight(old="990101", new=f"99010{number}", share=Fraction(1, 3)) for number in (2, 3, 4)]
    assert restate({"990101": 100}, mapping, third).totals == {"990102": 34, "990103": 33, "990104": 33}
    result = restate({"990101": 100}, mapping, third[:2])
    assert (result.totals, result.residual) == ({"990102": 33, "990103": 33}, {"990101": 34})
    with pytest.raises(RegionError, match=r"add up to 1\.333333; at most 1"):
        restate({"990101": 100}, mapping, [*third[:2], Weight(old="990101", new="990104", share=Fraction(2, 3))])
    with pytest.raises(RegionError, match="several schemes"):
        restate({"990101": 100}, mapping, [third[0], Weight(old="990101", new="990103", share=Fraction(1, 3), scheme="2010")])


def test_the_sites_file_lists_every_mistake(tmp_path: Path) -> None:
    assert load_regions(tmp_path) is None
    (tmp_path / "regions.yaml").write_text(
        "targets:\n"
        "  - {id: a, table: t, key: [id], column: region, connection: db, source: shebao}\n"
        "  - {id: a, table: t, key: [region], column: region, connection: db}\n"
        "  - {id: b, table: t, column: region, source: shebao, person: id, places_of: c}\n"
        "  - {id: d, table: t, column: region, source: shebao, village: v, places_of: a}\n"
        "  - {id: e, table: t, column: region, source: shebao, person: id, places_of: b}\n"
        "weights: none.csv\n"
    )
    with pytest.raises(SiteError) as error:
        load_regions(tmp_path)
    text = str(error.value)
    for part in (
        '"a" is there twice',
        "either connection (a database) or source",
        '"region" changes in the migration',
        'no file "none.csv"',
        'there is no other target "c"',
        "in the lake without place columns of their own",
        'needs person here and in "a"',
        '"b" is in the lake itself',
    ):
        assert part in text
    (tmp_path / "regions.yaml").write_text("report_key: no-variable\n")
    with pytest.raises(SiteError, match=r"regions.yaml:1: report_key"):
        load_regions(tmp_path)
