"""The embedded PostgreSQL: starts from nothing, survives kill -9 of itself and of its starter, leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hedui.local.postgres import DATABASES, Postgres

SERVE = """
import sys, time
from pathlib import Path
from hedui.local.postgres import Postgres
server = Postgres(Path(sys.argv[1]))
server.start()
server.query("hedui", "CREATE TABLE kept AS SELECT 42 AS value")
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hedui-test-") as folder:
        yield Path(folder) / "data"


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))


def test_it_starts_with_its_databases_and_stops(data: Path) -> None:
    server = Postgres(data)
    server.start()
    try:
        assert set(DATABASES) <= set(server.query("postgres", "SELECT datname FROM pg_database").split())
        assert server.query("postgres", "SHOW listen_addresses") == ""
        process = postmaster(data)
        server.start()
        assert postmaster(data) == process
    finally:
        server.stop()
    assert not server.running
    assert not process.is_running()


def test_a_killed_starter_takes_the_server_along_and_the_next_one_finds_the_data(data: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", SERVE, str(data)], stdout=subprocess.PIPE)
    assert starter.stdout
    assert starter.stdout.readline() == b"up\n"
    process = postmaster(data)
    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert psutil.wait_procs([process], timeout=30)[1] == []
    server = Postgres(data)
    server.start()
    try:
        assert server.query("hedui", "SELECT value FROM kept") == "42"
    finally:
        server.stop()


def test_a_killed_server_recovers(data: Path) -> None:
    server = Postgres(data)
    server.start()
    server.query("hedui", "CREATE TABLE kept AS SELECT 42 AS value")
    process = postmaster(data)
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=30)
    assert not server.running
    server = Postgres(data)
    server.start()
    try:
        assert server.query("hedui", "SELECT value FROM kept") == "42"
    finally:
        server.stop()


def test_a_stale_pid_file_of_another_process_is_not_believed(data: Path) -> None:
    server = Postgres(data)
    server.start()
    server.stop()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    assert not server.running
    server.start()
    server.stop()
    assert not server.running


def test_an_initialisation_that_was_killed_is_begun_again(data: Path) -> None:
    (data / "new" / "base").mkdir(parents=True)
    (data / "postgresql.conf").write_text("half")
    server = Postgres(data)
    server.start()
    server.stop()
    assert (data / "PG_VERSION").read_text().strip() == "18"
