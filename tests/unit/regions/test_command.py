"""``hedui regions``: versions, traces, differences and files, by the command."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hedui.cli import app
from hedui.commands import regions as command
from hedui.regions.errors import RegionError
from hedui.regions.files import read_changes
from hedui.regions.padis import read_padis
from hedui.regions.store import Store
from hedui.regions.versions import Versions

START, END = dt.date(2016, 6, 30), dt.date(2016, 12, 31)


VERSIONS = Versions(Store())


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are not wrapped; the shipped data are read once for all commands."""
    monkeypatch.setattr(command.out, "_width", 400)
    monkeypatch.setattr(command, "_versions", lambda folders: VERSIONS)


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["regions", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def lines(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(*arguments, "--json").splitlines()]


def test_at_lists_the_codes_in_force_on_the_day() -> None:
    """邯郸 2016: the approval of 14 September ends two counties and begins two districts."""
    before, after = (
        {row["code"]: row["name"] for row in lines("at", day, "--code", "1304")} for day in ("2016-09-13", "2016-09-14")
    )
    assert {code: before[code] for code in before.keys() - after.keys()} == {
        "130421": "邯郸县",
        "130428": "肥乡县",
        "130429": "永年县",
    }
    assert {code: after[code] for code in after.keys() - before.keys()} == {"130407": "肥乡区", "130408": "永年区"}
    shown = said("at", "2016-09-14", "--code", "130407")
    assert "肥乡区" in shown
    assert "2016-09-14" in shown
    assert "肥乡县" not in shown


def test_trace_tells_names_changes_and_documents() -> None:
    steps = [(row["old_code"], row["new_code"], row["doc_no"]) for row in lines("trace", "532722")]
    assert steps == [
        ("532722", "532722", "（85）国函字88号"),
        ("532722", "530821", "国函〔2003〕113号"),
        ("530821", "530821", "国函〔2007〕8号"),
    ]
    shown = said("trace", "532722")
    assert all(text in shown for text in ("532722", "530821", "改码·整建制", "更名·整建制", "国函〔2003〕113号"))


def test_trace_of_a_village_shows_what_changed_below_its_county() -> None:
    rows = [(row["old_code"], row["new_code"]) for row in lines("trace", "130421102201")]
    assert {("130421", "130402"), ("130421", "130403")} <= set(rows)
    assert rows[-1] == ("130421102201", "130402102201")
    shown = said("trace", "130421102201")
    assert all(text in shown for text in ("邯郸县", "130421102 ", "130402102201", "统计对照", "变更清单", "国函〔2016〕157号"))
    assert "没有变更记录" in said("trace", "110105999")


def test_trace_of_an_unknown_code_is_refused() -> None:
    with pytest.raises(RegionError, match="knows the code '999999'"):
        CliRunner().invoke(app, ["regions", "trace", "999999"], catch_exceptions=False)


def test_diff_shows_what_the_tables_show_and_the_change_rows() -> None:
    (told,) = lines("diff", str(START), str(END))
    store = VERSIONS.store
    old, new = store.table(START).rows, store.table(END).rows
    assert told["vanished"] == sorted(old.keys() - new.keys())
    assert told["appeared"] == sorted(new.keys() - old.keys())
    assert {code for code, _, _ in told["renamed"]} == {
        code for code in old.keys() & new.keys() if old[code].name != new[code].name
    }
    assert told["changes"] == len(store.changes_between(START, END))
    shown = said("diff", str(START), str(END))
    assert f"消失 {len(told['vanished'])}，新增 {len(told['appeared'])}，更名 {len(told['renamed'])}" in shown
    assert "消失 130428 肥乡县" in shown
    assert "新增 130407 肥乡区" in shown
    assert "更名 130602 新市区 → 竞秀区" in said("diff", "2014-12-31", "2015-06-30")


@pytest.mark.parametrize("name", ["list.txt", "list.csv"])
def test_export_writes_what_can_be_read_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    said("export", "--start", str(START), "--to", str(END), "--prefix", "1304", "--out", str(path))
    back = read_changes(path) if name.endswith("csv") else list(read_padis(path, start=START, end=END).changes)
    known = [row for row in VERSIONS.store.changes_between(START, END) if (row.old_code or row.new_code).startswith("1304")]
    assert [(row.old_code, row.new_code, row.kind, row.scope) for row in back] == [
        (row.old_code, row.new_code, row.kind, row.scope) for row in known
    ]
    assert known


def test_export_names_what_seven_columns_cannot_say(tmp_path: Path) -> None:
    """黔江 1997: a prefecture that was abolished without a successor."""
    path = tmp_path / "list.txt"
    shown = said("export", "--start", "1996-12-31", "--to", "1997-06-30", "--prefix", "5135", "--out", str(path))
    assert "未写入 513500" in shown
    assert "513500" not in path.read_text("utf-8")
