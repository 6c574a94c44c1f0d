"""Starting services so that they end with their starter, stopping them whole, and finding what a killed run has left."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from hedui.errors import HeduiError

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Makes this process the parent of its descendants' orphans, so that stopping its children stops those too."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """To be called in a new child before it runs its program: it gets the signal when its parent dies, however it dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def spawn(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Starts a service with its output in ``log``; the previous output is kept beside it as ``*.1``.

    The service leads its own session (a Ctrl-C at the terminal reaches only us, and we stop it in order) and gets SIGTERM when this
    process dies, however it dies.
    """
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own command line
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )


def family(pids: Iterable[int]) -> list[psutil.Process]:
    """The processes with these ids and all their descendants, parents first."""
    members: dict[int, psutil.Process] = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for member in (process, *process.children(recursive=True)):
                members.setdefault(member.pid, member)
    return list(members.values())


def session(leader: int) -> list[psutil.Process]:
    """The processes of the session that ``leader`` leads or has led: what a dead service has forked is still in it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == leader:
                found.append(process)
    return found


def strays(folder: Path) -> list[psutil.Process]:
    """Airflow processes that work in ``folder``: descendants of a run that was killed keep it as their working directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            command = " ".join(process.cmdline())
            if process.pid != os.getpid() and ("airflow" in command or "hedui.local" in command) and Path(process.cwd()) == folder:
                found.append(process)
    return found


def stop(processes: Iterable[psutil.Process], *, patience: float = 20.0) -> None:
    """Asks the processes to end, and ends those that have not after ``patience`` seconds."""
    alive = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            alive.append(process)
    _, alive = psutil.wait_procs(alive, timeout=patience)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5.0)


@contextmanager
def exclusive(lock: Path, *, message: str) -> Iterator[None]:
    """Holds ``lock`` for the block; it is free again when the process ends, however it ends.

    Raises:
        HeduiError: Another process holds it (with ``message``).
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise HeduiError(message.format(pid=handle.read().strip() or "?")) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextmanager
def reserved_port(*, wanted: int | None = None, first: int = 8080, count: int = 40) -> Iterator[int]:
    """Reserves a TCP port that nothing listens on for the block: ``wanted``, or the first free one from ``first`` on.

    A service binds its port long after we have chosen it; until then a lock file keeps other installations of ours away from it.

    Raises:
        HeduiError: ``wanted`` is taken, or all ports of the range are.
    """
    for port in [wanted] if wanted else range(first, first + count):
        with ExitStack() as held:
            try:
                held.enter_context(exclusive(Path(tempfile.gettempdir()) / f"hedui-port-{port}.lock", message="{pid}"))
            except (HeduiError, PermissionError):
                continue
            if _is_free(port):
                yield port
                return
    if wanted:
        raise HeduiError(f"Port {wanted} is taken; unset HEDUI_PORT to let Hedui choose, or set it to a free port.")
    raise HeduiError(f"All ports from {first} to {first + count - 1} are taken; set HEDUI_PORT to a free port.")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
