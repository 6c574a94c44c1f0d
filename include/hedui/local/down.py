"""``make down``: stops the embedded services, also those that a killed run has left."""

from __future__ import annotations

import sys
from contextlib import suppress

import psutil
from rich.console import Console

from hedui.errors import HeduiError
from hedui.local import processes
from hedui.local.home import Home, home_from_environment
from hedui.local.postgres import Postgres

_PATIENCE = 60.0


def holder(home: Home) -> psutil.Process | None:
    """The process that holds the installation; None where none does."""
    try:
        with processes.exclusive(home.lock, message="{pid}"):
            return None
    except HeduiError as error:
        with suppress(psutil.NoSuchProcess, ValueError):
            return psutil.Process(int(str(error)))
    return None


def stop_all(home: Home) -> bool:
    """Stops whatever runs below ``home``, and says whether anything did."""
    found = False
    server = holder(home) if home.lock.exists() else None
    if server is not None:
        found = True
        processes.stop([server], patience=_PATIENCE)
    left = processes.strays(home.airflow)
    processes.stop(left)
    postgres = Postgres(home.postgres)
    found = found or bool(left) or postgres.running
    postgres.stop()
    home.state.unlink(missing_ok=True)
    return found


def main() -> int:
    """Stops and says so."""
    console = Console()
    try:
        console.print("[green]✓[/] stopped" if stop_all(home_from_environment()) else "Nothing runs.")
    except HeduiError as error:
        console.print(f"[red]✗[/] {error}", highlight=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
