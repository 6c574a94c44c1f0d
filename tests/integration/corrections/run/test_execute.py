"""A bundle is applied whole or not at all, once, and can be put back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hedui.context import Context
from hedui.corrections.bundle import freeze
from hedui.corrections.errors import BundleChangedError
from hedui.corrections.run import Standing, clean, execute, outcome_of, rollback
from hedui.corrections.run.errors import NotAppliedError, RunError, StaleError
from hedui.corrections.sql.statement import Load, Step
from integration.corrections.run.made import INSURED, Bundle, PostgresTable, bundle_of, expected, people, some_corrections, target


@pytest.fixture
def bundle(insured: PostgresTable) -> Bundle:
    insured.fill(people())
    return bundle_of(INSURED, people(), some_corrections(people()))


def test_it_is_applied_once_and_rolled_back_once(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    assert outcome_of(context, bundle).state is Standing.NOT_APPLIED
    done = execute(context, bundle, executor="engineer")
    assert (done.state, done.rows, done.already, done.by) == (Standing.APPLIED, 6, False, "engineer")
    after = expected(INSURED, people(), some_corrections(people()), bundle.id)
    assert insured.rows() == after
    again = execute(context, bundle, executor="somebody")
    assert (again.already, again.by, again.at) == (True, "engineer", done.at)
    assert outcome_of(context, bundle) == again
    undone = rollback(context, bundle, executor="engineer")
    assert (undone.state, undone.rows) == (Standing.ROLLED_BACK, 6)
    assert insured.rows() == people()
    assert rollback(context, bundle, executor="engineer").already
    with pytest.raises(NotAppliedError, match="rolled_back"):
        execute(context, bundle, executor="engineer")
    assert insured.rows() == people()


def test_what_was_not_applied_cannot_be_rolled_back(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    with pytest.raises(NotAppliedError, match="not_applied"):
        rollback(context, bundle, executor="engineer")
    assert insured.rows() == people()


def test_another_bundle_of_the_same_name_is_refused(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    execute(context, bundle, executor="engineer")
    after = insured.rows()
    for deed in (execute, rollback):
        with pytest.raises(BundleChangedError, match=r"dddddddddddd.*eeeeeeeeeeee"):
            deed(context, replace(bundle, digest="e" * 64), executor="engineer")
    assert insured.rows() == after


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE insured SET months = 8 WHERE person_no = '99000001'", id="value"),
        pytest.param("UPDATE insured SET months = NULL WHERE person_no = '99000001'", id="became-null"),
        pytest.param("UPDATE insured SET months = 5 WHERE person_no = '99000000'", id="was-null"),
        pytest.param("DELETE FROM insured WHERE person_no = '99000002'", id="row-gone"),
        pytest.param("UPDATE insured SET name = 'x' WHERE person_no = '99000005'", id="deleted-row-changed"),
        pytest.param("INSERT INTO insured (person_no, insurance) VALUES ('99900001', '310')", id="inserted-row-there"),
    ],
)
def test_stale_data_refuse_the_whole(context: Context, insured: PostgresTable, bundle: Bundle, change: str) -> None:
    insured.query(change)
    before = insured.rows()
    with pytest.raises(StaleError, match="instead of") as caught:
        execute(context, bundle, executor="engineer")
    assert not any(name in str(caught.value) for name in ("张三", "99000001", "99000005"))
    assert insured.rows() == before
    assert outcome_of(context, bundle).state is Standing.NOT_APPLIED


def test_what_was_changed_since_is_not_rolled_back(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    execute(context, bundle, executor="engineer")
    insured.query("UPDATE insured SET months = 999 WHERE person_no = '99000001'")
    before = insured.rows()
    with pytest.raises(StaleError):
        rollback(context, bundle, executor="engineer")
    assert insured.rows() == before
    assert outcome_of(context, bundle).state is Standing.APPLIED


def test_a_closed_bundle_leaves_its_backup_and_can_still_be_rolled_back(
    context: Context, insured: PostgresTable, bundle: Bundle
) -> None:
    execute(context, bundle, executor="engineer")
    clean(context, bundle)
    clean(context, bundle)
    work = {name[:7] for (name,) in insured.query("SELECT tablename FROM pg_tables WHERE tablename LIKE 'hedui%'")}
    assert work == {"hedui_b", "hedui_c"}
    rollback(context, bundle, executor="engineer")
    assert insured.rows() == people()


def test_progress_is_told_without_data(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    told: list[tuple[str, int, int | None]] = []
    execute(replace(context, progress=lambda *news: told.append(news)), bundle, executor="engineer")
    assert all(1 <= done <= (total or 0) for _, done, total in told)
    assert told[-1][1] == told[-1][2]
    assert any("备份" in label for label, _, _ in told)


def test_only_what_the_site_may_write_to_is_executed(context: Context, bundle: Bundle) -> None:
    elsewhere = replace(bundle, plan=replace(bundle.plan, target=target(mode="dispatch", connection=None)))
    with pytest.raises(RunError, match="dispatch the bundle"):
        execute(context, elsewhere, executor="engineer")


def test_a_value_that_does_not_fit_keeps_nothing_and_is_not_told(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    insured.query("ALTER TABLE insured ADD CONSTRAINT sane CHECK (months < 145)")
    with pytest.raises(RunError, match=r"CheckViolation.*constraint sane") as caught:
        execute(context, bundle, executor="engineer")
    assert "99000001" not in str(caught.value)
    assert insured.rows() == people()


def test_the_frozen_csv_is_loaded_exactly_as_its_rows_would_be(context: Context, insured: PostgresTable, tmp_path: Path) -> None:
    """Quotes, line breaks, backslashes, NULL and the empty text, moments: the server reads the file itself."""
    insured.fill(people())
    frozen = freeze(bundle_of(INSURED, people(), some_corrections(people())).plan, folder=tmp_path)
    (load,) = [item for item in frozen.statements(Step.STAGE) if isinstance(item, Load)]
    assert load.csv is not None
    execute(context, frozen, executor="engineer")
    assert insured.rows() == expected(INSURED, people(), some_corrections(people()), frozen.id)
    stage = insured.query(f"SELECT {', '.join(load.columns)} FROM {load.table}")
    assert sorted(stage, key=lambda row: int(str(row[1]))) == list(load.rows())


def test_a_csv_that_was_changed_is_refused_while_it_is_loaded(context: Context, insured: PostgresTable, tmp_path: Path) -> None:
    insured.fill(people())
    frozen = freeze(bundle_of(INSURED, people(), some_corrections(people())).plan, folder=tmp_path)
    (load,) = [item for item in frozen.statements(Step.STAGE) if isinstance(item, Load)]
    (file,) = (frozen.folder / "04_data").glob("hedui_s1*.csv")
    file.write_bytes(file.read_bytes().replace(b"144", b"145"))
    assert load.csv is not None
    with pytest.raises(BundleChangedError, match="differs"):
        list(load.csv())
