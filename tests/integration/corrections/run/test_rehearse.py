"""A rehearsal runs on a copy, shows what would go wrong, and leaves the target untouched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hedui.context import Context
from hedui.corrections.model import Operation
from hedui.corrections.run import Standing, outcome_of, rehearse
from hedui.corrections.run.errors import RehearsalFailedError
from integration.corrections.run.made import INSURED, Bundle, Correction, PostgresTable, bundle_of, people, some_corrections


@pytest.fixture
def bundle(insured: PostgresTable) -> Bundle:
    insured.fill(people())
    return bundle_of(INSURED, people(), some_corrections(people()))


def tables_of(table: PostgresTable) -> list[tuple[object, ...]]:
    """The names of all tables beside it."""
    return table.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")


def test_a_sound_bundle_passes_and_the_target_is_untouched(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    tables = tables_of(insured)
    rehearsal = rehearse(context, bundle, judged=False)  # no source of the site reads the made-up table
    assert (rehearsal.ok, rehearsal.reasons) == (True, ())
    assert dict(rehearsal.lines) == {
        "改动行数": "6",
        "演练执行": "通过",
        "改动恰为所拟": "通过",
        "演练回退": "通过",
        "回退后与原状一致": "通过",
    }
    rehearsal.require()
    assert insured.rows() == people()
    assert tables_of(insured) == tables
    assert outcome_of(context, bundle).state is Standing.NOT_APPLIED


def test_stale_data_fail_it(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    insured.query("UPDATE insured SET months = 8 WHERE person_no = '99000001'")
    rehearsal = rehearse(context, bundle)
    assert not rehearsal.ok
    assert rehearsal.reasons == ("参保登记：修改累计月数，现值与原值一致的行：应为 2，实为 1",)
    with pytest.raises(RehearsalFailedError, match="现值与原值一致的行"):
        rehearsal.require()


def test_a_constraint_of_the_target_fails_it(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    insured.query("ALTER TABLE insured ADD CONSTRAINT sane CHECK (months < 145)")
    rehearsal = rehearse(context, bundle)
    assert len(rehearsal.reasons) == 1
    assert "constraint sane" in rehearsal.reasons[0]


def test_a_value_too_long_for_the_column_fails_it(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    too_long = bundle_of(INSURED, people(), [Correction(Operation.UPDATE, people()[0][:2], {"name": "长" * 101})])
    rehearsal = rehearse(context, too_long)
    assert not rehearsal.ok
    assert "长长" not in rehearsal.reasons[0]


def test_a_rehearsal_is_of_one_digest(context: Context, bundle: Bundle) -> None:
    assert rehearse(context, replace(bundle, digest="f" * 64)).digest == "f" * 64


def test_generated_and_defaulted_columns_are_copied(context: Context, insured: PostgresTable, bundle: Bundle) -> None:
    insured.query("ALTER TABLE insured ADD COLUMN twice bigint GENERATED ALWAYS AS (months * 2) STORED")
    insured.query("ALTER TABLE insured ADD COLUMN kind text NOT NULL DEFAULT 'a'")
    without_delete = [item for item in some_corrections(people()) if item.operation is not Operation.DELETE]
    rehearsal = rehearse(context, bundle_of(INSURED, people(), without_delete), judged=False)
    assert (rehearsal.ok, rehearsal.reasons) == (True, ())
