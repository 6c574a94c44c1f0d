"""What must stop a migration before a row is touched: constraints of the database, tables that look wrong, queues that would mix."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.regions.errors import ConcurrentWriterError, RegionError, StopError
from hedui.regions.migrate import postgres_text
from hedui.regions.migrate.page import digest_of
from hedui.regions.migrate.plan import Plan, make_plan
from hedui.regions.migrate.run import Migration
from hedui.regions.store import SHIPPED, Store
from hedui.site.regions import RegionSettings
from integration.regions.conftest import TARGET, Database, approved, people
from integration.regions.test_postgres import H16

PlanOf = Callable[..., Plan]
MigrationOf = Callable[..., Migration]


def prepared(migration: Migration) -> Migration:
    for step in (migration.load, migration.baseline, migration.preflight, migration.rehearse):
        step()
    return migration


def failed(migration: Migration) -> dict[str, str]:
    return {item.title: item.detail for _, item in migration.book.checks() if item.verdict == "fail"}


def test_foreign_keys_must_know_the_new_codes_and_stay_whole(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, store: Store
) -> None:
    """The site's own table of regions lacks a new code: the preflight says which; with it the migration runs and every key is whole."""
    database.fill(people([("130428", ""), ("110101", "")], per_code=3))
    with database.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS sys_region; CREATE TABLE sys_region (code text PRIMARY KEY)")
        for code in store.table(H16[0]).rows:
            connection.execute("INSERT INTO sys_region VALUES (%s)", (code,))
        connection.execute("ALTER TABLE insured ADD CONSTRAINT insured_region FOREIGN KEY (region) REFERENCES sys_region (code)")
    reference = {
        **{"name": "参保地", "connection": "db", "table": "insured", "column": "region"},
        **{"to_table": "sys_region", "to_column": "code"},
    }
    migration = prepared(migration_of(plan_of(*H16, settings={"references": (reference,)})))
    assert failed(migration) == {"外键 insured_region": "sys_region 缺少现代码：130407；先在该表登记"}
    with database.connect() as connection:
        connection.execute("INSERT INTO sys_region VALUES ('130407')")
    approved(migration)
    migration.migrate()
    assert migration.prove()["failed"] == 0
    assert set(database.regions()) == {"130407", "110101"}
    (orphans,) = [item for stage, item in migration.book.checks("proof") if item.title == "外部引用完整"]
    assert (orphans.before, orphans.after, orphans.verdict) == ("0", "0", "pass")


def test_a_reference_that_loses_its_code_fails_the_proof(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, store: Store
) -> None:
    database.fill(people([("130428", "")], per_code=3))
    with database.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS inbox; CREATE TABLE inbox AS SELECT DISTINCT region FROM insured")
    reference = {
        "name": "待办箱",
        "connection": "db",
        "table": "inbox",
        "column": "region",
        "to_table": "insured",
        "to_column": "region",
    }
    migration = approved(migration_of(plan_of(*H16, settings={"references": (reference,)})))
    migration.migrate()
    with pytest.raises(StopError, match="12 外部引用完整 待办箱"):
        migration.prove()


def test_rows_that_would_collide_in_a_unique_key_fail_the_rehearsal(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf
) -> None:
    """A person in both districts of a merger, and a key of person and district: the copy has that key, too."""
    period = (dt.date(2015, 6, 30), dt.date(2015, 12, 31))  # 闸北 → 静安
    rows = people([("310106", ""), ("310108", "")], per_code=1)
    database.fill(rows)
    with database.connect() as connection:
        connection.execute("DELETE FROM insured WHERE insurance = '310'")
        connection.execute("UPDATE insured SET person_no = '9900000000', insurance = region")
        connection.execute("CREATE UNIQUE INDEX person_region ON insured (person_no, region)")
    migration = prepared(migration_of(plan_of(*period)))
    (detail,) = failed(migration).values()
    assert "UniqueViolation" in detail
    assert set(database.regions()) == {"310106", "310108"}


def test_checks_of_the_table_are_rehearsed_and_triggers_are_named(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf
) -> None:
    database.fill(people([("130428", "")], per_code=1))
    with database.connect() as connection:
        connection.execute("ALTER TABLE insured ADD CONSTRAINT old_counties CHECK (region LIKE '1304__' AND region <> '130407')")
        connection.execute("CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        connection.execute("CREATE TRIGGER stamped BEFORE UPDATE ON insured FOR EACH ROW EXECUTE FUNCTION stamp()")
    migration = prepared(migration_of(plan_of(*H16)))
    assert "old_counties" in failed(migration)["数据库约束容许新代码"]
    assert [item.verdict for _, item in migration.book.checks("preflight") if item.title == "触发器 stamped"] == ["note"]


@pytest.mark.parametrize(
    ("name", "stops"),
    [
        pytest.param("mca_201612", {"unexplained:130604", "misnamed:360704"}, id="a dead code and a wrong name"),
        pytest.param("mca_201512", {"unexplained:130604", "misnamed:513201"}, id="a dead code, a wrong and a late name"),
    ],
)
def test_a_published_table_with_known_errors_stops_the_run(
    database: Database, migration_of: MigrationOf, tmp_path: Path, store: Store, name: str, stops: set[str]
) -> None:
    """The site takes the table as it was published: nothing moves until a person has named each of its errors."""
    end = store.latest(store.published[name].date)
    start = max(day for day in store.dates if day < end)
    (tmp_path / "regions").mkdir()
    source = next(SHIPPED.glob(f"published/{name}.*"))
    with gzip.open(source, "rb") if source.suffix == ".gz" else source.open("rb") as handle:
        (tmp_path / "regions" / f"codes_{end}.csv").write_bytes(handle.read())
    settings = RegionSettings.model_validate({"targets": (TARGET,), "accept_queue": True})
    database.fill(people([("110101", "")], per_code=1))
    migration = prepared(migration_of(make_plan(settings, folder=tmp_path, start=start, end=end)))
    assert {stop.id for stop in migration.plan.open_stops} >= stops
    page = migration.page()
    with pytest.raises(StopError, match="not accepted") as refused:
        migration.approve(by="chen", note="同意", page_digest=digest_of(page))
    assert any(stop in str(refused.value) for stop in stops)
    assert all(f"`{stop}`" in page for stop in stops)


def test_rows_that_wait_on_a_reused_code_stop_the_run(database: Database, migration_of: MigrationOf, tmp_path: Path) -> None:
    """A code is parted and at once given to another county: rows that wait on it could not be told from those that came."""
    regions = tmp_path / "regions"
    regions.mkdir()
    first, last = dt.date(2030, 6, 30), dt.date(2030, 12, 31)
    for day, codes in ((first, "12"), (last, "134")):
        rows = "".join(f"99010{number},{number}县,county,990100\n" for number in codes)
        text = f"code,name,level,parent\n990000,和省,province,\n990100,和对市,prefecture,990000\n{rows}"
        (regions / f"codes_{day}.csv").write_text(text, "utf-8")
    head = "from_date,to_date,old_code,old_name,new_code,new_name,kind,scope,level\n"
    lines = [
        ("990101", "1县", "990103", "3县", "split", "part"),
        ("990101", "1县", "990104", "4县", "split", "part"),
        ("990102", "2县", "990101", "1县", "recode", "whole"),
    ]
    text = "".join(f"{first},{last},{','.join(line)},county\n" for line in lines)
    (regions / f"changes_{last}.csv").write_text(head + text, "utf-8")
    settings = RegionSettings.model_validate({"targets": (TARGET,), "accept_queue": True})
    database.fill(people([("990101", ""), ("990102", "")], per_code=1))
    migration = prepared(migration_of(make_plan(settings, folder=tmp_path, start=first, end=last)))
    assert failed(migration) == {"待判定行的原代码未被另作他用": "990101已另作他用，1行须先判定"}


def test_a_person_gives_the_rows_of_an_abolished_code_to_any_code(
    database: Database, migration_of: MigrationOf, tmp_path: Path
) -> None:
    """No rule leads there, so the decision itself joins both codes: the proof holds, and the rollback restores the baseline."""
    regions = tmp_path / "regions"
    regions.mkdir()
    first, last = dt.date(2030, 6, 30), dt.date(2030, 12, 31)
    for day, codes in ((first, "12"), (last, "2")):
        rows = "".join(f"99010{number},{number}县,county,990100\n" for number in codes)
        text = f"code,name,level,parent\n990000,和省,province,\n990100,和对市,prefecture,990000\n{rows}"
        (regions / f"codes_{day}.csv").write_text(text, "utf-8")
    head = "from_date,to_date,old_code,old_name,new_code,new_name,kind,scope,level\n"
    (regions / f"changes_{last}.csv").write_text(f"{head}{first},{last},990101,1县,,,abolish,whole,county\n", "utf-8")
    settings = RegionSettings.model_validate({"targets": (TARGET,)})
    database.fill(people([("990101", ""), ("990102", "")], per_code=1))
    before = database.rows()
    migration = prepared(migration_of(make_plan(settings, folder=tmp_path, start=first, end=last)))
    assert list(failed(migration)) == ["一对多待判定队列"]
    key = "\x1f".join(next(row for row in before if row[2] == "990101")[:2])
    decision = {"row_key": key, "old_code": "990101", "new_code": "990102", "decided_by": "li", "basis": "批复"}
    migration.book.put_decisions("insured", [decision])
    approved(migration)
    assert migration.migrate() == {"moved": 1}
    assert migration.prove()["failed"] == 0
    assert set(database.regions()) == {"990102"}
    migration.roll_back()
    assert database.rows() == before


def test_rows_that_someone_holds_locked_end_the_batch(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that does not commit: the batch gives up after its time, nothing of it is kept, the next call goes on."""
    monkeypatch.setattr(postgres_text, "LOCK_SECONDS", 1)
    database.fill(people([("130428", "")], per_code=4))
    migration = approved(migration_of(plan_of(*H16, settings={"batch_rows": 2})))
    with database.connect() as writer, writer.transaction():
        writer.execute("SELECT 1 FROM insured WHERE person_no = (SELECT max(person_no) FROM insured) FOR UPDATE")
        with pytest.raises(ConcurrentWriterError, match="locked for 1 seconds"):
            migration.migrate()
        assert database.regions()["130428"] <= 2
    assert migration.migrate()["moved"] == sum(database.regions().values())
    assert migration.prove()["failed"] == 0


def test_weights_that_do_not_fit_are_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "weights.csv").write_text("old_code,new_code,share,scheme\n130421,130402,0.7,a\n130421,130403,0.7,a\n", "utf-8")
    settings = RegionSettings.model_validate({"targets": (TARGET,), "weights": "weights.csv"})
    with pytest.raises(RegionError, match=r"add up to 1\.400000"):
        make_plan(settings, folder=tmp_path, start=H16[0], end=H16[1])
