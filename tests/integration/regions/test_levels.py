"""Columns of townships, villages, groups and institutions; change lists below a county; chains over half-years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hedui.regions.errors import RegionFileError
from hedui.regions.files import CHANGE_COLUMNS, columns_of
from hedui.regions.migrate.plan import Plan, make_plan
from hedui.regions.migrate.queue import form_in, forms_out
from hedui.regions.migrate.run import Migration
from hedui.regions.pack import csv_bytes, write
from hedui.regions.padis import HEADER, read_padis
from hedui.site.regions import RegionSettings
from integration.regions.conftest import TARGET, Database, approved, people
from integration.regions.test_postgres import H16

PlanOf = Callable[..., Plan]
MigrationOf = Callable[..., Migration]
YEAR_END = (dt.date(2014, 6, 30), dt.date(2014, 12, 31))


def migrate(database: Database, migration: Migration, codes: list[str]) -> dict[str, str]:
    """New code per old one; proved, and rolled back to what was there."""
    database.fill(people([(code, "") for code in codes], per_code=2))
    before = database.rows()
    approved(migration)
    migration.migrate()
    assert migration.prove()["failed"] == 0
    found = {old[2]: new[2] for old, new in zip(before, database.rows(), strict=True)}
    migration.roll_back()
    assert database.rows() == before
    return found


@pytest.mark.parametrize("length", [9, 12, 15])
def test_townships_at_every_length(database: Database, plan_of: PlanOf, migration_of: MigrationOf, length: int) -> None:
    """Townships of the yearly list move while their county stays; filled up with zeros they are still townships."""
    codes = {"130223100": "130223003", "130132203": "130132106", "130421104": "130404100", "110105001": "110105001"}
    filled = {old.ljust(length, "0"): new.ljust(length, "0") for old, new in codes.items()}
    assert migrate(database, migration_of(plan_of(*YEAR_END, village=None)), list(filled)) == filled


def test_villages_and_groups_follow_their_own_rows_and_wait_without_one(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf
) -> None:
    """邯郸 2016: a village by the village map; a group, and a village that no map has, wait; a whole county waits without a row, too."""
    codes = ["130421102201", "130421102201001", "130421102999", "130428999001", "110105001001"]
    migration = migration_of(plan_of(*H16, village=None))
    found = migrate(database, migration, codes)
    assert found == {**{code: code for code in codes}, "130421102201": "130402102201"}
    waiting = {old: method for _, old, new, method, _ in migration.book.moves() if not new}
    assert set(waiting) == {"130421102201001", "130421102999", "130428999001"}


def test_what_lies_below_a_changed_township_waits(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    migration = migration_of(plan_of(*YEAR_END, village=None))
    found = migrate(database, migration, ["130132203201", "130132204201"])
    assert found == {"130132203201": "130132203201", "130132204201": "130132204201"}
    assert [(old, method) for _, old, _, method, _ in migration.book.moves()] == [("130132203201", "queue")]


def half_year(folder: Path, start: dt.date, end: dt.date, lines: list[str]) -> None:
    """A half-year of a site: the table as before, and a PADIS list of what changed below the counties."""
    regions = folder / "regions"
    regions.mkdir(exist_ok=True)
    table = "code,name,level,parent\n990000,和省,province,\n990100,和对市,prefecture,990000\n"
    table += "".join(f"99010{number},{name}县,county,990100\n" for number, name in enumerate("甲乙丙", start=1))
    for day in (start, end):
        (regions / f"codes_{day}.csv").write_text(table, "utf-8")
    if lines:
        path = folder / f"QHDM_BGDZB_{end}.txt"
        path.write_text("\n".join([str(len(lines)), HEADER, *lines]) + "\n", "utf-8")
        write(
            regions / f"changes_{end}.csv",
            csv_bytes(columns_of(read_padis(path, start=start, end=end).changes), CHANGE_COLUMNS),
        )


FIRST, SECOND, THIRD = dt.date(2030, 6, 30), dt.date(2030, 12, 31), dt.date(2031, 6, 30)


def own_plan(folder: Path, start: dt.date, end: dt.date) -> Plan:
    settings = {"targets": ({**TARGET, "village": None},), "accept_queue": True, "batch_rows": 5}
    return make_plan(RegionSettings.model_validate(settings), folder=folder, start=start, end=end)


def test_a_change_list_below_the_counties_migrates_and_chains(
    database: Database, migration_of: MigrationOf, tmp_path: Path
) -> None:
    """Two half-years of a PADIS list: a village moves, its new township is recoded, two groups swap; one by one is the same as at once."""
    half_year(
        tmp_path,
        FIRST,
        SECOND,
        [
            "1,,东村,990101001001,41,东村,990102001007",
            "2,,一组,990103001001001,21,一组,990103001001002",
            "3,,二组,990103001001002,21,二组,990103001001001",
        ],
    )
    half_year(
        tmp_path,
        SECOND,
        THIRD,
        ["1,,东村,990102001007,21,东村,990102003001", "2,,西村,990101001002,31,北村,990101001003"],
    )
    codes = {
        "990101001001": ("990102001007", "990102003001"),
        "990101001002": ("990101001002", "990101001003"),
        "990101001003": ("990101001003", "990101001003"),
        "990103001001001": ("990103001001002", "990103001001002"),
        "990103001001002": ("990103001001001", "990103001001001"),
        "990102": ("990102", "990102"),
    }
    first = migrate(database, migration_of(own_plan(tmp_path, FIRST, SECOND)), list(codes))
    assert first == {old: news[0] for old, news in codes.items()}
    second = migrate(database, migration_of(own_plan(tmp_path, SECOND, THIRD)), sorted(set(first.values())))
    whole = migrate(database, migration_of(own_plan(tmp_path, FIRST, THIRD)), list(codes))
    assert whole == {old: second[first[old]] for old in codes} == {old: news[1] for old, news in codes.items()}


def test_a_contradicting_list_makes_people_decide(database: Database, migration_of: MigrationOf, tmp_path: Path) -> None:
    """A village that is parted between two: no row is moved by guess."""
    lines = ["1,,东村,990101001001,41,东一村,990102001001", "2,,东村,990101001001,41,东二村,990102001002"]
    half_year(tmp_path, FIRST, SECOND, lines)
    assert migrate(database, migration_of(own_plan(tmp_path, FIRST, SECOND)), ["990101001001"]) == {"990101001001": "990101001001"}


def test_institutions_change_by_the_sites_list(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, tmp_path: Path
) -> None:
    """Two institutions exchange their codes, two become one, one is left alone; no row is left on a code that went out."""
    (tmp_path / "institutions.csv").write_text(
        "old_institution,new_institution\nJG1304281,JG1304071\nJG1,JG2\nJG2,JG1\nJG3,JG1304071\n", "utf-8"
    )
    settings = {"institution_changes": "institutions.csv"}
    plan = plan_of(*H16, kind="institution", village=None, settings=settings)
    migration = migration_of(plan)
    expected = {"JG1304281": "JG1304071", "JG1": "JG2", "JG2": "JG1", "JG3": "JG1304071", "JG9": "JG9"}
    assert migrate(database, migration, list(expected)) == expected
    assert [item.verdict for stage, item in migration.book.checks("proof") if item.number == 10] == ["pass"]


def test_rows_of_an_institution_that_was_split_wait_for_a_person(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, tmp_path: Path
) -> None:
    """Institution codes may begin like a county that was split; what may be chosen are the institutions of the site's list."""
    (tmp_path / "institutions.csv").write_text("old_institution,new_institution\n130421,JG4\n130421,JG5\nJG3,JG4\n", "utf-8")
    plan = plan_of(*H16, kind="institution", village=None, settings={"institution_changes": "institutions.csv"})
    database.fill(people([("130421", ""), ("JG3", "")], per_code=1))
    migration = migration_of(plan)
    for step in (migration.load, migration.baseline, migration.preflight):
        step()
    assert migration.rehearse()["waiting"] == 1
    (path,) = forms_out(migration, tmp_path)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    header = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, header["可选现代码"]).value == "JG4；JG5"
    for title, value in (("现代码", "JG9"), ("判定人", "li"), ("判定依据", "底册")):
        sheet.cell(2, header[title], value)
    book.save(path)
    with pytest.raises(RegionFileError, match="allowed: JG4, JG5"):
        form_in(migration, Path(path), "insured", actor="li")
    sheet.cell(2, header["现代码"], "JG5")
    book.save(path)
    assert form_in(migration, Path(path), "insured", actor="li") == 1
    approved(migration).migrate()
    assert migration.prove()["failed"] == 0
    assert {row[2] for row in database.rows()} == {"JG4", "JG5"}


def test_codes_and_villages_of_one_table_move_together(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    """The county is decided by the village before the village column itself gets another code: both targets log first."""
    plan = plan_of(*H16)
    second = plan.settings.targets[0].model_copy(update={"id": "villages", "column": "village", "village": None})
    plan = replace(plan, settings=plan.settings.model_copy(update={"targets": (plan.settings.targets[0], second)}))
    database.fill(people([("130421", "130421102201"), ("130428", "130428100201")], per_code=2))
    migration = approved(migration_of(plan))
    migration.migrate()
    assert migration.prove()["failed"] == 0
    assert {(row[2], row[3][:6]) for row in database.rows()} == {("130402", "130402"), ("130407", "130407")}
