"""Connections that are lost at the COMMIT, rows that others hold, and two runs of one bundle at once."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hedui.context import Context
from hedui.corrections.model import Dialect
from hedui.corrections.run import Outcome, Standing, execute, outcome_of, rollback
from hedui.corrections.run.errors import OutcomeUnknownError, TransientTargetError
from hedui.corrections.run.session import open_session
from hedui.local.postgres import Postgres
from hedui.sources.postgres_connect import connect
from integration.corrections.run.made import INSURED, PostgresTable, bundle_of, expected, people, some_corrections
from integration.corrections.run.proxy import Moment, Proxy

BUNDLE = bundle_of(INSURED, people(), some_corrections(people()))
AFTER = expected(INSURED, people(), some_corrections(people()), BUNDLE.id)


DEEDS: dict[str, Callable[..., Outcome]] = {"execute": execute, "rollback": rollback}


def last_commit(context_of: Callable[[str], Context], insured: PostgresTable, server: Postgres, deed: str) -> int:
    """The number of the last COMMIT of a deed; afterwards all is ready for it once more."""
    start(context_of(insured.url), insured, deed)
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder), server.socket_folder, lose=(10**6, "before"))
        DEEDS[deed](context_of(through(insured.url, server, folder)), BUNDLE, executor="engineer")
        proxy.close()
    start(context_of(insured.url), insured, deed)
    return proxy.commits - 1


def start(context: Context, insured: PostgresTable, deed: str) -> None:
    insured.fill(people())
    if deed == "rollback":
        execute(context, BUNDLE, executor="engineer")


def through(url: str, server: Postgres, folder: str) -> str:
    return url.replace(str(server.socket_folder), folder)


@pytest.mark.parametrize("deed", ["execute", "rollback"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_whose_connection_is_lost_is_asked_from_the_target(
    context: Context,
    context_of: Callable[[str], Context],
    insured: PostgresTable,
    postgres_server: Postgres,
    deed: str,
    moment: Moment,
) -> None:
    last = last_commit(context_of, insured, postgres_server, deed)
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder), postgres_server.socket_folder, lose=(last, moment))
        outcome = DEEDS[deed](context_of(through(insured.url, postgres_server, folder)), BUNDLE, executor="engineer")
        proxy.close()
    assert proxy.lost == 1
    assert outcome.already is (moment == "after")
    assert outcome.by == "engineer"
    assert insured.rows() == (AFTER if deed == "execute" else people())
    assert outcome_of(context, BUNDLE).state is (Standing.APPLIED if deed == "execute" else Standing.ROLLED_BACK)


def test_where_nobody_can_be_asked_the_outcome_is_called_unknown(
    context: Context, context_of: Callable[[str], Context], insured: PostgresTable, postgres_server: Postgres
) -> None:
    last = last_commit(context_of, insured, postgres_server, "execute")
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder), postgres_server.socket_folder, lose=(last, "after"))
        url = through(insured.url, postgres_server, folder)
        gone = {"db": url}

        def connection(name: str) -> str:
            if proxy.lost:
                gone["db"] = url.replace(folder, f"{folder}/gone")
            return gone[name]

        context_lost = context_of(url)
        object.__setattr__(context_lost, "connection", connection)
        with pytest.raises(OutcomeUnknownError, match="only the target knows"):
            execute(context_lost, BUNDLE, executor="engineer")
        proxy.close()
    assert execute(context, BUNDLE, executor="engineer").already
    assert insured.rows() == AFTER


def test_two_runs_at_once_apply_once(context: Context, insured: PostgresTable) -> None:
    insured.fill(people())
    outcomes: list[Outcome] = []
    runs = [threading.Thread(target=lambda: outcomes.append(execute(context, BUNDLE, executor="engineer"))) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(outcome.already for outcome in outcomes) == [False, True, True, True]
    assert insured.rows() == AFTER
    assert insured.query("SELECT count(*) FROM hedui_correction_journal WHERE state = 'applied'") == [(1,)]


def test_sessions_that_make_the_same_table_at_once_all_find_it(target_url: str) -> None:
    """PostgreSQL answers the late ones in three ways: the table is there, its row type is there, a key of its catalogue is taken."""
    start, made, failures = threading.Barrier(6), 15, []

    def define() -> None:
        try:
            with closing(open_session(target_url, dialect=Dialect.POSTGRESQL, name="db")) as session:
                for number in range(made):
                    start.wait()
                    session.define(f"CREATE TABLE at_once_{number} (id bigint PRIMARY KEY)")
        except Exception as error:
            failures.append(error)
            start.abort()

    runs = [threading.Thread(target=define) for _ in range(start.parties)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert failures == []
    with closing(connect(target_url)) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'at_once_%'").fetchone()
    assert found == (made,)


def test_execution_and_rollback_at_once_come_one_after_the_other(context: Context, insured: PostgresTable) -> None:
    insured.fill(people())
    execute(context, BUNDLE, executor="engineer")
    outcomes: list[Outcome] = []
    deeds = (execute, rollback, rollback)
    runs = [threading.Thread(target=lambda deed=deed: _tried(outcomes, deed, context)) for deed in deeds]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert insured.rows() == people()
    assert sum(outcome.state is Standing.ROLLED_BACK and not outcome.already for outcome in outcomes) == 1


def _tried(outcomes: list[Outcome], deed: Callable[..., Outcome], context: Context) -> None:
    from hedui.corrections.run.errors import NotAppliedError

    try:
        outcomes.append(deed(context, BUNDLE, executor="engineer"))
    except NotAppliedError:  # an execution that comes after the rollback
        assert deed is execute


def test_rows_that_others_hold_are_waited_for_and_then_left(
    context: Context, insured: PostgresTable, no_waiting: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hedui.corrections.run import postgres

    monkeypatch.setattr(postgres, "_SETTINGS", postgres._SETTINGS.replace("30s", "100ms"))
    insured.fill(people())
    with closing(connect(insured.url)) as other:
        other.execute("SELECT 1 FROM insured WHERE person_no = '99000001' FOR UPDATE")
        with pytest.raises(TransientTargetError, match=r"55P03.*tried 5 times"):
            execute(context, BUNDLE, executor="engineer")
    assert no_waiting == [1, 5, 15, 30]
    assert insured.rows() == people()
    assert execute(context, BUNDLE, executor="engineer").rows == 6


def test_a_deadlock_is_taken_up_again(context: Context, insured: PostgresTable, no_waiting: list[float]) -> None:
    insured.fill(people())
    insured.query("DROP SEQUENCE IF EXISTS hedui_tries")
    insured.query("CREATE SEQUENCE hedui_tries")
    insured.query(
        "CREATE OR REPLACE FUNCTION hedui_deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('hedui_tries') = 1 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF; RETURN NULL; END $$"
    )
    insured.query("CREATE TRIGGER strikes BEFORE UPDATE ON insured FOR EACH STATEMENT EXECUTE FUNCTION hedui_deadlock()")
    assert execute(context, BUNDLE, executor="engineer").rows == 6
    assert no_waiting == [1]
    assert insured.rows() == AFTER
