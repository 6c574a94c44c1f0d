"""``make up``: starts :mod:`hedui.local.serve` in the background, waits until the UI answers, prints who may log in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from hedui.errors import HeduiError
from hedui.local.home import Home, home_from_environment
from hedui.local.run import DEMO_SITE
from hedui.site import load_site

_LONGEST_START = 900.0


def login_table(home: Home) -> Table:
    """Users with their passwords and what they may do."""
    passwords: dict[str, str] = json.loads(home.passwords.read_text(encoding="utf-8"))
    table = Table("角色", "用户", "密码", "Airflow 权限")
    for role in load_site(DEMO_SITE).roles:
        table.add_row(role.name, role.id, passwords[role.id], role.airflow_role)
    return table


def wait_for_url(home: Home, server: subprocess.Popen[bytes], console: Console) -> str:
    """The UI's address once it answers.

    Raises:
        HeduiError: The server ends, or is not ready in time.
    """
    log = home.logs / "serve.log"
    deadline = time.monotonic() + _LONGEST_START
    with console.status("Airflow and the demo world are being started …"):
        while time.monotonic() < deadline:
            if home.state.exists():
                return str(json.loads(home.state.read_text(encoding="utf-8"))["url"])
            if server.poll() is not None:
                lines = log.read_text(encoding="utf-8").strip().splitlines()
                raise HeduiError(lines[-1].removeprefix("✗ ") if lines else f"The server ended at once; see {log}.")
            time.sleep(0.5)
    server.terminate()
    raise HeduiError(f"Airflow is not ready after {_LONGEST_START / 60:.0f} minutes; see {home.logs}.")


def main() -> int:
    """Starts the server unless it runs already."""
    console = Console()
    home = home_from_environment()
    try:
        home.create()
        if not home.state.exists() or not _alive(json.loads(home.state.read_text(encoding="utf-8"))["pids"]):
            home.state.unlink(missing_ok=True)
            with (home.logs / "serve.log").open("wb") as log:
                server = subprocess.Popen(
                    [sys.executable, "-m", "hedui.local.serve"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            wait_for_url(home, server, console)
    except HeduiError as error:
        console.print(f"[red]✗[/] {error}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\n[yellow]Still starting in the background; `make down` stops it.[/]")
        return 130
    url = json.loads(home.state.read_text(encoding="utf-8"))["url"]
    console.print(f"Airflow: [link={url}]{url}[/link]  (`make down` stops it)")
    console.print(login_table(home))
    return 0


def _alive(pids: dict[str, int]) -> bool:
    for pid in pids.values():
        try:
            os.kill(pid, 0)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
