"""Brings a ledger's database to the schema of this version, and says when it is not."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hedui.errors import LedgerError
from hedui.ledger.database import LOCK_SCHEMA, begin
from hedui.ledger.models import SCHEMA


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("hedui.ledger") / "migrations").replace("%", "%%"))
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA}).get_current_revision()


@cache
def _revisions() -> tuple[str, ...]:
    """Revisions in the package, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def head() -> str:
    """The revision that this version of Hedui needs."""
    return _revisions()[0]


def upgrade(url: str) -> str:
    """Creates or upgrades the schema in one transaction; two at once wait for each other.

    Returns:
        The revision reached.

    Raises:
        LedgerError: The database cannot be reached, refuses, or is newer than this version.
    """
    with begin(url, lock=LOCK_SCHEMA) as connection:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        _refuse_unknown(_current(connection))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head()


def check(url: str) -> None:
    """Raises unless the database has exactly the schema that this version needs.

    Raises:
        LedgerError: It is empty, older or newer, with the cure in the message.
    """
    with begin(url) as connection:
        current = _current(connection)
    _refuse_unknown(current)
    if current is None:
        raise LedgerError("The ledger's database has no schema yet; run `hedui ledger upgrade`.")
    if current != head():
        raise LedgerError(f"The ledger's schema is at revision {current}, this version needs {head()}; run `hedui ledger upgrade`.")


def _refuse_unknown(current: str | None) -> None:
    if current is not None and current not in _revisions():
        raise LedgerError(
            f"The ledger's schema is at revision {current}, which this version of Hedui does not know: the database was upgraded by a "
            "newer version. Run that version, or restore the backup from before the upgrade."
        )
