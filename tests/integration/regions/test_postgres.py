"""Migrations in PostgreSQL: half-years, splits by village, swaps, resuming, other writers, rollback."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hedui.regions.errors import ConcurrentWriterError, RegionError, RegionFileError, StopError, WindowClosedError
from hedui.regions.mapping import region_map
from hedui.regions.migrate.book import STATES
from hedui.regions.migrate.page import digest_of
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.queue import form_in, forms_out
from hedui.regions.migrate.run import Migration
from hedui.regions.model import Change
from hedui.regions.store import SHIPPED, Store
from integration.regions.conftest import Database, approved, people

PlanOf = Callable[..., Plan]
MigrationOf = Callable[..., Migration]
H16 = (dt.date(2016, 6, 30), dt.date(2016, 12, 31))
H17 = (dt.date(2017, 6, 30), dt.date(2017, 12, 31))
QUIET = (dt.date(2006, 6, 30), dt.date(2006, 12, 31))


def villages(name: str) -> list[tuple[str, str]]:
    """(region, village) of a shipped village map, before."""
    with gzip.open(SHIPPED / f"village_map_{name}.csv.gz", "rt", encoding="utf-8") as handle:
        return [(row["old_code"][:6], row["old_code"]) for row in csv.DictReader(handle)]


def moves(database: Database, before: list[tuple[Any, ...]]) -> Counter[tuple[str, str]]:
    """Rows by old and new code; everything but the code must be as it was."""
    after = database.rows()
    assert [row[:2] + row[3:] for row in after] == [row[:2] + row[3:] for row in before]
    return Counter((old[2], new[2]) for old, new in zip(before, after, strict=True) if old[2] != new[2])


def test_a_half_year_is_migrated_proved_and_rolled_back(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, store: Store
) -> None:
    """Everyone of the whole table, one row or two in each county: whole rows move, rows without a place wait."""
    database.fill(people([(code, "") for code in store.table(H16[0]).rows], per_code=1))
    before = database.rows()
    migration = approved(migration_of(plan_of(*H16)))
    moved = migration.migrate()["moved"]
    whole = {row.old_code: row.new_code for row in store.changes_between(*H16) if row.scope == "whole"}
    rows = Counter(row[2] for row in before)
    expected = {(old, new): rows[old] for old, new in whole.items() if old != new}
    assert moves(database, before) == expected
    assert moved == sum(expected.values())
    assert migration.prove()["failed"] == 0
    parts = {row.old_code for row in store.changes_between(*H16) if row.scope == "part"}
    assert set(database.regions()) - set(store.table(H16[1]).rows) <= parts
    migration.roll_back()
    assert database.rows() == before
    assert {item.verdict for _, item in migration.book.checks("rollback")} == {"pass"}


def test_handan_is_split_village_by_village(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    """The approval of 2016: townships that statistics file under development zones go where the documents say."""
    database.fill(people(villages("handan_2016"), per_code=1))
    before = database.rows()
    migration = approved(migration_of(plan_of(*H16)))
    migration.migrate()
    migration.prove()
    towns: dict[str, set[tuple[str, str]]] = {}
    for old, new in zip(before, database.rows(), strict=True):
        towns.setdefault(old[3][:9], set()).add((old[2], new[2]))
    assert all(len(found) == 1 for found in towns.values())
    by_town = {town: next(iter(found))[1] for town, found in towns.items()}
    hanshan = ["130421102", "130421200", "130421203", "130427101", "130427102", "130427202", "130427203", "130427206"]
    congtai = ["130421100", "130421201", "130421202", "130421212", "130429104", "130429210"]
    fuxing = ["130427106", "130427205"]
    for towns_of, county in ((hanshan, "130402"), (congtai, "130403"), (fuxing, "130404")):
        assert {by_town[town] for town in towns_of if town in by_town} == {county}
    rest = {town: county for town, county in by_town.items() if town not in (*hanshan, *congtai, *fuxing)}
    stays = {"130427": "130427", "130428": "130407", "130429": "130408"}
    assert rest
    assert all(county == stays[town[:6]] for town, county in rest.items())


def test_linan_moves_as_a_whole_and_villages_follow_their_map(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf
) -> None:
    """临安 2017: the county column is one to one; a column of village codes follows the village map."""
    database.fill(people(villages("hangzhou_linan_2017"), per_code=1))
    second = {"id": "villages", "column": "village", "village": None, "name": "村级代码"}
    plan = plan_of(*H17)
    both = (plan.settings.targets[0], plan.settings.targets[0].model_copy(update=second))
    plan = replace(plan, settings=plan.settings.model_copy(update={"targets": both}))
    before = database.rows()
    migration = approved(migration_of(plan))
    migration.migrate()
    migration.prove()
    after = database.rows()
    with gzip.open(SHIPPED / "village_map_hangzhou_linan_2017.csv.gz", "rt", encoding="utf-8") as handle:
        expected = {row["old_code"]: row["new_code"] for row in csv.DictReader(handle)}
    assert {row[2] for row in after} == {"330112"}
    assert [row[3] for row in after] == [expected[row[3]] for row in before]
    migration.roll_back()
    assert database.rows() == before


def special(name: str) -> list[Change]:
    """The change rows of a renumbering of its own."""
    with (SHIPPED / "special" / f"{name}_map.csv").open(encoding="utf-8") as handle:
        return [
            Change(
                from_date=H16[0],
                to_date=H16[1],
                **{column: row[column] for column in ("old_code", "old_name", "new_code", "new_name", "kind")},  # type: ignore[arg-type]
                scope="whole",
                level="county",
            )
            for row in csv.DictReader(handle)
        ]


@pytest.mark.parametrize("name", ["rotation_nbs_hainan_2006_2007", "swap_mca_jilin_2002_2003", "swap_mca_shaoguan_2002_2003"])
def test_swaps_and_rotations_migrate_in_one_pass(database: Database, plan_of: PlanOf, migration_of: MigrationOf, name: str) -> None:
    """Every row gets the code of its own county, though other counties get and give the same codes at once."""
    changes = special(name)
    plan = plan_of(*H16, settings={"batch_rows": 7})
    mapping = region_map(changes, start=H16[0], end=H16[1])
    codes = frozenset(code for row in changes for code in (row.old_code, row.new_code))
    resolver = replace(
        plan.resolver,
        mapping=mapping,
        known=codes | plan.resolver.known,
        before=frozenset(row.old_code for row in changes),
        allocator=type(plan.resolver.allocator)(mapping),
    )
    plan = replace(plan, mapping=mapping, resolver=resolver, stops=())
    database.fill(people([(row.old_code, "") for row in changes], per_code=4))
    before = database.rows()
    migration = approved(migration_of(plan))
    migration.migrate()
    migration.prove()
    expected = {row.old_code: row.new_code for row in changes}
    assert [row[2] for row in database.rows()] == [expected[row[2]] for row in before]
    migration.roll_back()
    assert database.rows() == before


def test_rows_that_nothing_decides_wait_and_a_filled_form_decides_them(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, tmp_path: Path
) -> None:
    from openpyxl import load_workbook

    database.fill(people([("130421", ""), ("130429", "130429104001"), ("110101", "")], per_code=1))
    migration = migration_of(plan_of(*H16, settings={"accept_queue": False}))
    for step in (migration.load, migration.baseline, migration.preflight):
        step()
    assert migration.rehearse()["waiting"] == 1
    accept = tuple(stop.id for stop in migration.plan.open_stops)
    with pytest.raises(StopError, match="6 一对多待判定队列"):
        migration.approve(by="chen", note="同意", page_digest=digest_of(migration.page()), accept=accept)
    (path,) = forms_out(migration, tmp_path)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    header = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, header["可选现代码"]).value == "130402 邯山区；130403 丛台区"
    sheet.cell(2, header["现代码"], "130404")
    book.save(path)
    with pytest.raises(RegionFileError) as refused:
        form_in(migration, Path(path), "insured", actor="li")
    assert "现代码 '130404' is not allowed here; allowed: 130402, 130403" in str(refused.value)
    assert "判定人 is empty" in str(refused.value)
    for title, value in (("现代码", "130403"), ("判定人", "li"), ("判定依据", "户籍底册")):
        sheet.cell(2, header[title], value)
    book.save(path)
    assert form_in(migration, Path(path), "insured", actor="li") == 1
    before = database.rows()
    approved(migration)
    migration.migrate()
    assert moves(database, before) == {("130421", "130403"): 1, ("130429", "130403"): 2}
    assert migration.prove()["failed"] == 0


def test_township_address_and_institution_decide_in_this_order(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, tmp_path: Path
) -> None:
    """邯郸县 2016, parted between 邯山 (130402) and 丛台 (130403): the first key that says something decides.

    Township, address and institution of a row contradict each other, so that the order shows.
    """
    (tmp_path / "addresses.csv").write_text("pattern,county\n河沙,130402\n丛台,130403\n", "utf-8")
    (tmp_path / "institutions.csv").write_text("institution,county\nJG02,130402\nJG03,130403\n", "utf-8")
    places = {
        ("130421102", "丛台某路", "JG03"): ("130402", "township"),
        ("130421999", "河沙某村", "JG03"): ("130402", "address"),
        ("", "丛台某路", "JG02"): ("130403", "address"),
        ("", "某地", "JG02"): ("130402", "institution"),
        ("130421999", "", "JG03"): ("130403", "institution"),
        ("", "某地", "JG09"): ("130421", "queue"),
    }
    database.fill(people([("130421", str(number)) for number in range(len(places))], per_code=1))
    with database.connect() as connection:
        connection.execute("ALTER TABLE insured ADD town text, ADD address text, ADD office text")
        for number, place in enumerate(places):
            connection.execute("UPDATE insured SET town = %s, address = %s, office = %s WHERE village = %s", (*place, str(number)))
    before = database.rows()
    settings = {"addresses": "addresses.csv", "institutions": "institutions.csv"}
    columns = {"village": None, "township": "town", "address": "address", "institution": "office"}
    migration = approved(migration_of(plan_of(*H16, settings=settings, **columns)))
    migration.migrate()
    assert migration.prove()["failed"] == 0
    assert [row[2] for row in database.rows()] == [places[row[9:12]][0] for row in before]
    decided = Counter((new, method) for _, _, new, method, count in migration.book.moves() for _ in range(count))
    assert decided == Counter(("" if way == "queue" else county, way) for row in before for county, way in [places[row[9:12]]])
    migration.roll_back()
    assert database.rows() == before


def test_closed_periods_keep_their_codes(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    rows = people([("330185", "")], per_code=6)
    database.fill([replace(row, period="201512" if number % 2 else "201706") for number, row in enumerate(rows)])
    migration = approved(migration_of(plan_of(*H17, closed={"column": "period", "before": "201601"})))
    migration.migrate()
    migration.prove()
    assert {(row[8], row[2]) for row in database.rows()} == {("201512", "330185"), ("201706", "330112")}


def test_a_run_without_changes_passes_and_still_verifies(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, store: Store
) -> None:
    database.fill(people([(code, "") for code in list(store.table(QUIET[0]).rows)[:40]]))
    migration = approved(migration_of(plan_of(*QUIET)))
    assert migration.migrate() == {"moved": 0}
    assert migration.prove()["failed"] == 0
    assert [item for _, item in migration.book.checks("proof") if item.number == 9]


def test_codes_without_a_rule_stop_the_run(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    database.fill(people([("130421", "130421102001"), ("999999", ""), ("13042", "")], per_code=1))
    migration = migration_of(plan_of(*H16))
    for step in (migration.load, migration.baseline, migration.preflight):
        step()
    (check,) = [item for _, item in migration.book.checks("preflight") if item.title == "失效代码均有映射"]
    assert (check.verdict, check.difference) == ("fail", "2")
    assert "999999" in check.detail
    assert "13042 " in check.detail


def test_stops_must_be_accepted_by_name(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    """The half-year of 1987 whose list abolishes a code that the table still has."""
    database.fill(people([("420703", "")], per_code=1))
    migration = migration_of(plan_of(dt.date(1986, 12, 31), dt.date(1987, 6, 30)))
    for step in (migration.load, migration.baseline, migration.preflight, migration.rehearse):
        step()
    page = migration.page()
    assert "`lingering:420703`" in page
    with pytest.raises(StopError, match="lingering:420703"):
        migration.approve(by="chen", note="同意", page_digest=digest_of(page))
    migration.approve(by="chen", note="已核对批复", page_digest=digest_of(page), accept=("lingering:420703",))
    migration.migrate()
    assert set(database.regions()) == {"422121"}


def test_what_was_approved_is_what_runs(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    database.fill(people([("130428", "")]))
    migration = migration_of(plan_of(*H16))
    with pytest.raises(RegionError, match="no region migration"):
        migration.migrate()
    for step in (migration.load, migration.baseline, migration.preflight, migration.rehearse):
        step()
    with pytest.raises(RegionError, match=r"is rehearsed \(已演练\)"):
        migration.migrate()
    with pytest.raises(RegionError, match="page has changed"):
        migration.approve(by="chen", note="同意", page_digest="0" * 64)
    with pytest.raises(RegionError, match="needs a name and a note"):
        migration.approve(by="chen", note=" ", page_digest=digest_of(migration.page()))
    assert set(database.regions()) == {"130428"}


def test_rows_written_after_the_rehearsal_stop_the_run(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    database.fill(people([("130428", "")]))
    migration = approved(migration_of(plan_of(*H16)))
    with database.connect() as connection:
        connection.execute("INSERT INTO insured VALUES ('99888', '110', '130428', '', '99U1', 1, 1, '2016-01-01', '201606')")
    with pytest.raises(StopError, match="someone has written to it"):
        migration.migrate()
    assert set(database.regions()) == {"130428"}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE insured SET region = '110101' WHERE person_no = (SELECT max(person_no) FROM insured)", id="code"),
        pytest.param("DELETE FROM insured WHERE person_no = (SELECT max(person_no) FROM insured)", id="row"),
    ],
)
def test_a_writer_between_log_and_batch_is_detected(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, statement: str
) -> None:
    """The batch of the changed row is refused; batches before it stay and can be rolled back."""
    database.fill(people([("130428", "")], per_code=20))

    def write(label: str, done: int, total: int | None) -> None:
        if done == 1:
            with database.connect() as connection:
                connection.execute(statement)

    migration = approved(migration_of(plan_of(*H16, settings={"batch_rows": 5}), progress=write))
    with pytest.raises(ConcurrentWriterError, match=r"batch 5 has 5 logged rows, [34] still hold"):
        migration.migrate()
    assert STATES[migration.book.read().state] == "迁移中"


@pytest.mark.parametrize(
    ("statement", "title"),
    [
        pytest.param("UPDATE insured SET paid_fen = paid_fen + 1 WHERE person_no = '9900000000'", "全表金额（分）守恒", id="money"),
        pytest.param("UPDATE insured SET unit_no = '99U9' WHERE person_no = '9900000100'", "未涉及区划内容不变", id="untouched"),
        pytest.param(
            "INSERT INTO insured VALUES ('99777','110','130428','','99U1',1,1,'2016-01-01','201606')",
            "开放期间无失效代码",
            id="dead",
        ),
    ],
)
def test_a_writer_between_the_batches_is_detected_by_the_proof(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, statement: str, title: str
) -> None:
    database.fill(people([("130428", ""), ("110101", "")]))
    migration = approved(migration_of(plan_of(*H16)))
    migration.migrate()
    with database.connect() as connection:
        connection.execute(statement)
    with pytest.raises(StopError, match=title):
        migration.prove()
    assert migration.book.read().state == "migrated"


def test_batches_start_only_inside_the_window_and_rest_between(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf
) -> None:
    database.fill(people([("130428", "")], per_code=20))
    clock = [dt.datetime(2026, 7, 1, 21, 0, tzinfo=dt.UTC)]  # 05:00 in Shanghai
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        clock[0] += dt.timedelta(minutes=40)

    settings = {"batch_rows": 10, "pause_seconds": 2, "window": {"begins": "20:00", "ends": "06:00"}}
    migration = approved(migration_of(plan_of(*H16, settings=settings), now=lambda: clock[0], sleep=rest))
    with pytest.raises(WindowClosedError, match=r"It is 06:20; batches start only between 20:00 and 06:00"):
        migration.migrate()
    assert database.regions() == {"130407": 20, "130428": 10}
    assert rests == [2, 2]
    clock[0] = dt.datetime(2026, 7, 2, 13, 0, tzinfo=dt.UTC)
    assert migration.migrate() == {"moved": 30}
    assert migration.prove()["failed"] == 0
