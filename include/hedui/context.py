"""What every step works with: the site, the lake, where connections and reports are, and who hears of progress."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hedui.errors import HeduiError
from hedui.lake import Lake, Partition
from hedui.security.urls import is_plain
from hedui.site import Site, load_site
from hedui.workdays import Workdays

Progress = Callable[[str, int, int | None], None]
"""Called as ``progress(label, done, total)``; total is None while it is not known."""


def connection_from_environment(name: str) -> str:
    """The SQLAlchemy URL of a connection, from the environment variable ``HEDUI_CONN_<NAME>``.

    Raises:
        HeduiError: The variable is not set.
    """
    variable = f"HEDUI_CONN_{name.upper()}"
    try:
        return os.environ[variable]
    except KeyError:
        raise HeduiError(f"No connection {name}: set {variable} to its URL, or add the Airflow connection {name}.") from None


def no_progress(label: str, done: int, total: int | None) -> None:
    """Reports nothing."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """A step's surroundings.

    Attributes:
        site: The validated site.
        lake: Where partitions are.
        reports: Folder of finished workbooks, below it one folder per business date.
        inbox: What relative paths of file sources start from: a folder (with a ``/``), a URL without user, password and options, or the
            name of a connection.
        ledger_url: SQLAlchemy URL of the ledger (PostgreSQL).
        connection: Gives the SQLAlchemy URL of a named connection; DAGs pass one that asks Airflow.
        progress: Hears of progress on long work.
        memory_limit: DuckDB's memory limit for one step.
        threads: DuckDB's threads for one step.
    """

    site: Site
    lake: Lake
    reports: Path
    inbox: str
    ledger_url: str = field(repr=False)
    connection: Callable[[str], str] = field(default=connection_from_environment, repr=False)
    progress: Progress = no_progress
    memory_limit: str = "4GB"
    threads: int = 2
    workdays: Workdays = field(init=False)

    def __post_init__(self) -> None:
        if not is_plain(self.inbox):
            raise HeduiError(
                "HEDUI_INBOX is a URL with a user, a password or options, which logs and messages would show: set HEDUI_CONN_<NAME> to it, "
                "or add an Airflow connection, and HEDUI_INBOX to the connection's name."
            )
        if not is_plain(self.lake.root):
            raise HeduiError(
                "HEDUI_LAKE is a URL with a user, a password or options, which logs and messages would show: leave them out and give them "
                "by the environment of its driver (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and so on)."
            )
        object.__setattr__(self, "workdays", Workdays(calendar=self.site.calendar))

    def canonical(self, dataset: str, source: str, date: dt.date) -> Partition:
        """Address of a canonical partition."""
        return Partition(layer="canonical", parts=(dataset, source), date=date)

    def findings(self, scope: str, date: dt.date) -> Partition:
        """Address of a findings partition."""
        return Partition(layer="findings", parts=(scope,), date=date)


def context_from_environment(
    *, connection: Callable[[str], str] | None = None, progress: Progress = no_progress, site: Site | None = None
) -> Context:
    """The context that the environment describes; ``site`` where the caller has loaded it already.

    Reads ``HEDUI_SITE`` (a site's folder), ``HEDUI_LAKE``, ``HEDUI_REPORTS``, ``HEDUI_INBOX``, and the connection ``hedui_ledger``.

    Raises:
        HeduiError: A variable is missing, or holds a password that belongs into a connection. SiteError: the site has mistakes.
    """

    def need(variable: str) -> str:
        value = os.environ.get(variable)
        if not value:
            raise HeduiError(f"{variable} is not set; `make run` and `make up` set it, elsewhere see docs/operations.md.")
        return value

    resolve = connection or connection_from_environment
    return Context(
        site=site or load_site(Path(need("HEDUI_SITE"))),
        lake=Lake(need("HEDUI_LAKE")),
        reports=Path(need("HEDUI_REPORTS")),
        inbox=need("HEDUI_INBOX"),
        ledger_url=resolve("hedui_ledger"),
        connection=resolve,
        progress=progress,
        memory_limit=os.environ.get("HEDUI_MEMORY_LIMIT", "4GB"),
        threads=int(os.environ.get("HEDUI_THREADS", "2")),
    )
