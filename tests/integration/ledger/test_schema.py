from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from hedui.errors import LedgerError
from hedui.ledger import schema
from hedui.ledger.arrow import fetch_arrow
from hedui.ledger.database import begin, session
from hedui.ledger.models import Base, Scope

NewDatabase = Callable[[], str]


def test_an_empty_database_is_refused_then_upgraded(new_database: NewDatabase) -> None:
    url = new_database()
    with pytest.raises(LedgerError, match="no schema yet; run `hedui ledger upgrade`"):
        schema.check(url)
    assert schema.upgrade(url) == schema.head()
    schema.check(url)
    assert schema.upgrade(url) == schema.head()


def test_the_migrations_make_what_the_models_say(new_database: NewDatabase) -> None:
    url = new_database()
    schema.upgrade(url)
    with begin(url) as connection:
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "version_table_schema": "hedui", "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_table_and_column_has_a_chinese_comment() -> None:
    for table in Base.metadata.tables.values():
        for comment in (table.comment, *(column.comment for column in table.columns)):
            assert comment
            assert any("\u4e00" <= character <= "\u9fff" for character in comment)


@pytest.mark.parametrize(
    ("revision", "message"),
    [pytest.param("9999", "newer version", id="newer"), pytest.param("0000", "does not know", id="foreign")],
)
def test_a_database_of_another_version_is_refused(new_database: NewDatabase, revision: str, message: str) -> None:
    url = new_database()
    schema.upgrade(url)
    with begin(url) as connection:
        connection.execute(text("UPDATE hedui.alembic_version SET version_num = :revision"), {"revision": revision})
    for refused in (schema.check, schema.upgrade):
        with pytest.raises(LedgerError, match=message):
            refused(url)


def test_an_old_schema_is_named_with_its_cure(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    url = new_database()
    schema.upgrade(url)
    newest = schema.head()
    monkeypatch.setattr(schema, "head", lambda: "9999")
    with pytest.raises(LedgerError, match=f"at revision {newest}, this version needs 9999; run `hedui ledger upgrade`"):
        schema.check(url)


def test_two_upgrades_at_once(new_database: NewDatabase) -> None:
    url = new_database()
    errors: list[BaseException] = []

    def upgrade() -> None:
        try:
            schema.upgrade(url)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    schema.check(url)


def test_an_unreachable_database_is_an_error_with_its_cure(tmp_path) -> None:
    url = f"postgresql+psycopg2://postgres:secret@/postgres?host={tmp_path}"
    for failing in (schema.check, lambda url: fetch_arrow(url, "SELECT 1", {})):
        with pytest.raises(LedgerError, match="cannot be reached") as caught:
            failing(url)
        assert "secret" not in str(caught.value)


def test_errors_carry_no_values(new_database: NewDatabase) -> None:
    url = new_database()
    schema.upgrade(url)
    with session(url) as orm:
        orm.add(Scope(name="990101199001011234"))
    with pytest.raises(LedgerError, match="SQLSTATE 23505") as caught, session(url) as orm:
        orm.add(Scope(name="990101199001011234"))
    assert "9901" not in str(caught.value)
    assert caught.value.__suppress_context__
    with pytest.raises(LedgerError, match="SQLSTATE 22008") as caught:
        fetch_arrow(url, "SELECT CAST(:x AS date)", {"x": "990101199001011234"})
    assert "9901" not in str(caught.value)


def test_a_missing_schema_is_named(new_database: NewDatabase) -> None:
    with pytest.raises(LedgerError, match="run `hedui ledger upgrade`"), begin(new_database()) as connection:
        connection.execute(text("SELECT 1 FROM hedui.scope"))


def test_arrow_parameters_are_quoted(new_database: NewDatabase) -> None:
    hostile = "a'); DROP TABLE x; -- %s \\ :d"
    table = fetch_arrow(new_database(), "SELECT :x AS one, 'b' IN :y AS two", {"x": hostile, "y": ("a'b", "b")})
    assert table.to_pylist() == [{"one": hostile, "two": True}]
