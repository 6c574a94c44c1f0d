"""Which version a source speaks, codes for receivers of another version, and codes judged on the day on which a table is put to use."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hedui.cli import app
from hedui.regions.errors import RegionError
from hedui.regions.spoken import SiteCodes
from hedui.site.regions import RegionSettings
from unit.compare.regions import JULY, JUNE, LATER, NEW, OLD, write_regions

VERSIONS = [{"source": "city", "since": JULY, "table": OLD}, {"source": "city", "since": LATER, "table": NEW}]


@pytest.fixture
def codes(tmp_path: Path) -> SiteCodes:
    settings = RegionSettings.model_validate({"versions": VERSIONS, "institution_changes": "institutions.csv"})
    return SiteCodes(settings=settings, folder=write_regions(tmp_path))


@pytest.mark.parametrize(
    ("source", "date", "expected"),
    [
        ("province", JUNE, OLD),
        ("province", JULY, NEW),
        ("city", JUNE, OLD),
        ("city", JULY, OLD),
        ("city", LATER - dt.timedelta(days=1), OLD),
        ("city", LATER, NEW),
    ],
)
def test_a_source_speaks_the_last_table_before_the_day_unless_it_says_otherwise(
    codes: SiteCodes, source: str, date: dt.date, expected: dt.date
) -> None:
    assert codes.spoken(source, date) == expected
    assert codes.of_manifest({}, source=source, date=date) == expected
    assert codes.of_manifest({"region_version": "2018-06-30"}, source=source, date=date) == dt.date(2018, 6, 30)


def test_a_declared_table_that_is_not_there_is_refused(codes: SiteCodes) -> None:
    other = RegionSettings.model_validate({"versions": [{"source": "city", "since": JUNE, "table": "2026-12-31"}]})
    with pytest.raises(RegionError, match="city speaks the codes of 2026-12-31"):
        SiteCodes(settings=other, folder=codes.folder).spoken("city", JULY)


def test_codes_are_never_brought_to_an_older_table(codes: SiteCodes) -> None:
    with pytest.raises(RegionError, match="cannot be brought to the older table"):
        codes.meanings("region", of=NEW, to=OLD)
    assert codes.meanings("region", of=NEW, to=NEW) == {}


@pytest.mark.parametrize(
    ("code", "on", "expected"),
    [
        ("990102", JUNE, "valid"),
        ("990102", JULY, "ended"),
        ("990105", JUNE, "not_yet"),
        ("990105", JULY, "valid"),
        ("990103", JULY, "valid"),
        ("990199", JULY, "unknown"),
    ],
)
def test_a_change_counts_from_the_day_after_the_table_where_its_document_says_so(
    codes: SiteCodes, code: str, on: dt.date, expected: str
) -> None:
    assert codes.versions.judge(code, on) == expected


def test_id_prefixes_are_judged_by_the_birth_date(codes: SiteCodes) -> None:
    assert codes.versions.judge_id_prefix("990102", dt.date(1975, 1, 1)) == "valid"
    assert codes.versions.judge_id_prefix("990102", dt.date(2026, 7, 2)) == "ended"


ROWS = "xh,aab301,dz\n1,990102,甲\n2,990103,乙\n3,990101,丙\n4,990188,丁\n5,,戊\n6,990104000000,己\n"


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


def test_a_receiver_gets_the_version_that_it_asked_for(tmp_path: Path) -> None:
    site = write_regions(tmp_path / "site")
    (site / "codes.csv").write_text("code\n", encoding="utf-8")
    (site / "regions.yaml").write_text(
        f"receivers: [{{name: 税务, codes: codes.csv, table: {NEW}}}, {{name: 医保, codes: codes.csv, table: {OLD}}}]\n",
        encoding="utf-8",
    )
    file = tmp_path / "push.csv"
    file.write_text(ROWS, encoding="utf-8")

    def run(*arguments: str) -> None:
        done = CliRunner().invoke(app, ["regions", "translate", str(file), "--column", "aab301", "--site", str(site), *arguments])
        assert done.exit_code == 0, done.output

    ahead = tmp_path / "ahead.csv"
    run("--from", str(OLD), "--for", "税务", "--out", str(ahead))
    assert read(ahead) == [
        ["xh", "aab301", "dz"],
        ["1", "990101", "甲"],
        ["3", "990101", "丙"],
        ["5", "", "戊"],
        ["6", "990105000000", "己"],
    ]
    assert [row[:2] + row[3:] for row in read(tmp_path / "ahead_待处理.csv")[1:]] == [
        ["2", "990103", "aab301：一对多，须按地点判定（990103、990106）"],
        ["4", "990188", "aab301：原版本没有此代码"],
    ]
    file.write_text("aab301\n990105\n990101\n", encoding="utf-8")
    back = tmp_path / "back.csv"
    run("--from", str(NEW), "--for", "医保", "--out", str(back))
    assert read(back) == [["aab301"], ["990104"]]
    assert read(tmp_path / "back_待处理.csv")[1:] == [["990101", "aab301：一对多，须按地点判定（990101、990102）"]]
    file.write_text("aab301\n990105\n", encoding="utf-8")
    run("--from", str(JULY), "--to", str(JULY), "--out", str(back))
    assert read(back) == [["aab301"], ["990105"]]
    assert not (tmp_path / "back_待处理.csv").exists()


def test_a_file_of_events_is_judged_by_each_rows_own_day(tmp_path: Path) -> None:
    site = write_regions(tmp_path / "site")
    (site / "codes.csv").write_text("code\n", encoding="utf-8")
    (site / "regions.yaml").write_text(f"receivers: [{{name: 医保, codes: codes.csv, table: {OLD}}}]\n", encoding="utf-8")
    file, own, theirs = tmp_path / "push.csv", tmp_path / "own.csv", tmp_path / "theirs.csv"
    file.write_text("aab301,rq\n990102,2026-06-03\n990105,20260702\n990103,2026-07-02\n990104,soon\n", encoding="utf-8")

    def run(*arguments: str) -> int:
        given = ["regions", "translate", str(file), "--column", "aab301", "--on", "rq", "--site", str(site), *arguments]
        return CliRunner().invoke(app, given).exit_code

    assert run("--out", str(own)) == 0  # the events' own version
    assert [row[0] for row in read(own)[1:]] == ["990102", "990105", "990103"]
    assert [row[0::2] for row in read(tmp_path / "own_待处理.csv")[1:]] == [["990104", "rq：不是日期"]]
    assert run("--for", "医保", "--out", str(theirs)) == 0
    assert [row[0] for row in read(theirs)[1:]] == ["990102", "990104", "990103"]
    assert run("--to", "2026-07-02", "--out", str(theirs)) == 0
    assert [row[0] for row in read(theirs)[1:]] == ["990101", "990105", "990103"]
    assert run("--for", "省厅") != 0
    assert run("--from", str(OLD)) != 0
