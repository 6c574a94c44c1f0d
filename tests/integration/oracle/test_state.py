"""One state of the database over all queries, and over sessions where the SCN may be read; what breaks is read again whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import oracledb
import pytest
from sqlalchemy.engine import make_url

from hedui.errors import SourceError, SourceFormatError
from hedui.sources import oracle, retry
from hedui.sources.oracle import OracleSession, oracle_session
from hedui.sources.oracle_connect import close, connect
from hedui.sources.retry import TransientSourceError, read_again

FIRST, SECOND = "hedui_first", "hedui_second"
ROWS = 2500


@pytest.fixture(scope="module")
def two_tables(oracle_url, running_emulator, new_tables) -> None:
    """On the emulator in any case: errors are made there."""
    for url in {oracle_url, running_emulator.url}:
        new_tables({FIRST: {"n": "NUMBER(10)"}, SECOND: {"n": "NUMBER(10)"}}, url=url)
        connection = connect(make_url(url), "s", "UTC")
        with connection.cursor() as cursor:
            for table in (FIRST, SECOND):
                cursor.executemany(f"INSERT INTO {table} (n) VALUES (:1)", [(n,) for n in range(ROWS)], batch_size=500)
        connection.commit()
        close(connection)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch, two_tables) -> None:
    monkeypatch.setattr(oracle, "BATCH_ROWS", 1000)


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retry, "pause", made.append)
    return made


@pytest.fixture(params=["scn=yes", "scn=no"], ids=["by its number", "in one transaction"])
def url(request, oracle_url) -> str:
    return f"{oracle_url}&{request.param}"


def opened(url: str) -> Any:
    return oracle_session(url=make_url(url), source="s", timezone="Asia/Shanghai", tables=[FIRST, SECOND])


def numbers(session: OracleSession, table: str) -> list[int]:
    kinds = session.kinds(table, ["n"])
    query = f"SELECT {session.item('n', kinds['n'])} FROM {session.quote_table(table)}"
    return sorted(int(value) for [array] in session.stream(query, ["n"]) for value in array.to_pylist())


def both(url: str) -> Callable[[], list[list[int]]]:
    def read() -> list[list[int]]:
        with opened(url) as session:
            return [numbers(session, FIRST), numbers(session, SECOND)]

    return read


EXPECTED = [list(range(ROWS))] * 2


@pytest.fixture
def change(run_sql, oracle_url, running_emulator) -> Iterator[Callable[..., None]]:
    """Commits a change of the second table; undone after the test."""

    def make(url: str = oracle_url) -> None:
        run_sql(f"DELETE FROM {SECOND} WHERE n < 10", f"INSERT INTO {SECOND} (n) VALUES (99999)", url=url)

    yield make
    for url in {oracle_url, running_emulator.url}:
        run_sql(
            f"DELETE FROM {SECOND} WHERE n = 99999 OR n < 10",
            *(f"INSERT INTO {SECOND} (n) VALUES ({n})" for n in range(10)),
            url=url,
        )


def test_all_queries_see_the_state_of_the_beginning(url, change):
    with opened(url) as session:
        first = numbers(session, FIRST)
        change()
        second = numbers(session, SECOND)
        assert (session.identity["scn"] is not None) == url.endswith("scn=yes")
    assert [first, second] == EXPECTED

    with opened(url) as session:
        assert 99999 in numbers(session, SECOND), "a new snapshot sees what has been committed"


def test_the_transaction_is_read_only(oracle_url):
    with pytest.raises(SourceError) as caught, opened(f"{oracle_url}&scn=no") as session:
        session._state.connection.cursor().execute(f"DELETE FROM {FIRST}")
    assert type(caught.value) is SourceError
    assert both(oracle_url)() == EXPECTED


def test_a_table_that_is_not_there(oracle_url):
    with pytest.raises(SourceFormatError, match="ORA-00942: a table or column does not exist"), opened(oracle_url) as session:
        session.kinds("hedui_no_such_table", ["n"])


def test_a_wrong_password_is_not_tried_again(oracle_url, pauses):
    url = make_url(oracle_url).set(password="wrong-99")
    with pytest.raises(SourceError, match="Oracle refuses the user") as caught:
        read_again(both(url.render_as_string(hide_password=False)), source="s")
    assert type(caught.value) is SourceError
    assert pauses == []
    assert "wrong-99" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "at", "cause"),
    [
        pytest.param(60, "statement", "transaction", id="deadlock"),
        pytest.param(54, "statement", "transaction", id="resource busy"),
        pytest.param(8177, "statement", "transaction", id="serialization"),
        pytest.param(1555, "statement", "snapshot", id="snapshot too old"),
        pytest.param(1555, "fetch", "snapshot", id="snapshot too old half way"),
        pytest.param(3113, "fetch", "connection", id="connection lost half way"),
        pytest.param(28, "fetch", "connection", id="session killed half way"),
        pytest.param(12514, "connect", "connection", id="service not registered"),
        pytest.param(12541, "connect", "connection", id="no listener"),
    ],
)
def test_what_breaks_is_read_again_whole(emulator, url, pauses, code, at, cause):
    emulator.fault(code, "" if at == "connect" else rf"SELECT n FROM {SECOND}(?!.*1 = 0)", at=at)

    assert read_again(both(emulator_url(emulator, url)), source="s") == EXPECTED
    assert emulator.raised == [code]
    assert pauses == [retry.PAUSES[cause][0]]


def emulator_url(emulator: Any, url: str) -> str:
    return f"{emulator.url}&{url.rsplit('&', 1)[1]}"


@pytest.mark.parametrize("code", [3113, 28], ids=["connection lost", "session killed"])
@pytest.mark.parametrize("where", ["1 = 0", rf"SELECT n FROM {SECOND}(?!.*1 = 0)"], ids=["describing", "first rows"])
def test_another_session_reads_the_same_state(emulator, change, code, where):
    reading = both_with_a_change(f"{emulator.url}&scn=yes", lambda: change(emulator.url), lambda: emulator.fault(code, where))

    assert reading() == EXPECTED
    assert emulator.raised == [code]
    assert emulator.connects == 3, "the reader's two sessions and the one that changed the table"


def both_with_a_change(url: str, *between: Callable[[], None]) -> Callable[[], list[list[int]]]:
    def read() -> list[list[int]]:
        with opened(url) as session:
            first = numbers(session, FIRST)
            for act in between:
                act()
            return [first, numbers(session, SECOND)]

    return read


def test_without_the_number_a_lost_session_ends_the_try(emulator, change):
    emulator.hide_scn()
    reading = both_with_a_change(emulator.url, lambda: change(emulator.url), lambda: emulator.fault(3113, SECOND))

    with pytest.raises(TransientSourceError) as caught:
        reading()
    assert caught.value.cause == "connection"
    assert "SET TRANSACTION READ ONLY" in emulator.statements
    assert not any("AS OF SCN" in statement for statement in emulator.statements)


def test_a_table_that_cannot_be_read_by_the_number_takes_it_from_all(emulator):
    emulator.fault(1031, rf"FROM {SECOND} AS OF SCN", times=2)

    assert both(emulator.url)() == EXPECTED
    assert not any("AS OF SCN" in statement and "1 = 0" not in statement for statement in emulator.statements)


def test_tries_end(emulator, pauses):
    emulator.fault(1555, f"FROM {SECOND}", at="fetch", times=99)

    with pytest.raises(TransientSourceError, match=r"ORA-01555\. It was tried 3 times"):
        read_again(both(emulator.url), source="s")
    assert pauses == list(retry.PAUSES["snapshot"])


def test_a_lost_connection_is_closed_without_touching_its_limits(emulator):
    connection = connect(make_url(emulator.url), "s", "UTC")
    assert connection.call_timeout == 900_000
    emulator.fault(3113, "DUAL")
    with pytest.raises(oracledb.DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM DUAL")

    close(connection)
    close(connection)


def test_limits_of_time_come_from_the_url(oracle_url):
    connection = connect(make_url(f"{oracle_url}&call_timeout=1.5"), "s", "UTC")
    assert connection.call_timeout == 1500
    close(connection)


def test_a_server_that_does_not_answer_ends_in_time(silent_port):
    url = f"oracle+oracledb://u:p@127.0.0.1:{silent_port}?service_name=s&login_timeout=0.2"
    with pytest.raises(TransientSourceError, match=r"does not answer the login within 0\.2 seconds") as caught, opened(url):
        pass
    assert caught.value.cause == "connection"


def test_days_are_the_sites_whatever_zone_the_session_has(oracle_url, new_tables, run_sql):
    new_tables({"hedui_days": {"at_time": "TIMESTAMP(6) WITH TIME ZONE", "n": "NUMBER(10)"}})
    run_sql(
        "INSERT INTO hedui_days (at_time, n) VALUES (TIMESTAMP '2026-06-02 16:00:00 +00:00', 1)",
        "INSERT INTO hedui_days (at_time, n) VALUES (TIMESTAMP '2026-06-03 15:59:59 +00:00', 2)",
        "INSERT INTO hedui_days (at_time, n) VALUES (TIMESTAMP '2026-06-03 16:00:00 +00:00', 3)",
    )
    with oracle_session(url=make_url(oracle_url), source="s", timezone="Asia/Shanghai", tables=["hedui_days"]) as session:
        kinds = session.kinds("hedui_days", ["n", "at_time"])
        first, following = (session.day(name, str(day), kinds["at_time"]) for name, day in DAYS.items())
        query = f"SELECT n FROM {session.quote_table('hedui_days')} WHERE at_time >= {first} AND at_time < {following} ORDER BY n"
        assert [array.to_pylist() for [array] in session.stream(query, ["n"])] == [["1", "2"]]


DAYS = {"first": dt.date(2026, 6, 3), "next": dt.date(2026, 6, 4)}
