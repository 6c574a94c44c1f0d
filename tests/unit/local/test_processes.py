from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hedui.errors import HeduiError
from hedui.local import processes

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


@pytest.fixture
def taken_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_refused_by_name(taken_port: int) -> None:
    with (
        pytest.raises(HeduiError, match=f"Port {taken_port} is taken; unset HEDUI_PORT"),
        processes.reserved_port(wanted=taken_port),
    ):
        pass


def test_without_a_wish_the_next_free_port_is_taken(taken_port: int) -> None:
    with processes.reserved_port(first=taken_port, count=20) as port:
        assert taken_port < port < taken_port + 20


def test_two_installations_never_choose_the_same_port(taken_port: int) -> None:
    with processes.reserved_port(first=taken_port, count=20) as one:
        with processes.reserved_port(first=taken_port, count=20) as other:
            assert one < other
        with processes.reserved_port(first=taken_port, count=20) as again:
            assert again == other


def test_a_full_range_is_refused(taken_port: int) -> None:
    with pytest.raises(HeduiError, match="All ports from"), processes.reserved_port(first=taken_port, count=1):
        pass


def test_the_lock_is_held_once_names_its_holder_and_is_free_again(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        processes.exclusive(lock, message="held by {pid}"),
        pytest.raises(HeduiError, match=f"held by {os.getpid()}"),
        processes.exclusive(lock, message="held by {pid}"),
    ):
        pass
    with processes.exclusive(lock, message="held by {pid}"):
        assert lock.read_text(encoding="ascii") == str(os.getpid())


def test_a_service_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys, time\nfrom pathlib import Path\nfrom hedui.local.processes import spawn\n"
            f"folder = Path({str(tmp_path)!r})\n"
            f"child = spawn({SLEEP!r}, environment=os.environ, folder=folder, log=folder / 'log')\n"
            "print(child.pid, flush=True)\ntime.sleep(600)",
        ],
        stdout=subprocess.PIPE,
    )
    assert starter.stdout
    child = psutil.Process(int(starter.stdout.readline()))
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    gone, alive = psutil.wait_procs([child], timeout=20)
    assert (gone, alive) == ([child], [])


def test_output_of_the_service_before_is_kept_beside(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    for word in ("first", "second"):
        processes.spawn([sys.executable, "-c", f"print('{word}')"], environment=os.environ, folder=tmp_path, log=log).wait()
    assert (log.read_text(), (tmp_path / "service.log.1").read_text()) == ("second\n", "first\n")


def test_only_airflow_processes_in_the_folder_are_strays(tmp_path: Path) -> None:
    mine = subprocess.Popen([*SLEEP, "airflow"], cwd=tmp_path, stdout=subprocess.PIPE)
    elsewhere = subprocess.Popen([*SLEEP, "airflow"], cwd=tmp_path.parent, stdout=subprocess.PIPE)
    other = subprocess.Popen([*SLEEP, "editor"], cwd=tmp_path, stdout=subprocess.PIPE)
    try:
        for process in (mine, elsewhere, other):
            assert process.stdout
            process.stdout.readline()
        assert [process.pid for process in processes.strays(tmp_path)] == [mine.pid]
    finally:
        for process in (mine, elsewhere, other):
            process.kill()
            process.communicate()


def test_a_process_that_ignores_the_request_is_ended_all_the_same() -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    processes.stop([psutil.Process(process.pid)], patience=0.5)
    assert not psutil.pid_exists(process.pid)
    process.communicate()


def test_what_a_dead_service_has_forked_is_found_by_its_session(tmp_path: Path) -> None:
    forks = "import os, time\nif os.fork() == 0:\n    os.setpgid(0, 0)\n    print(os.getpid(), flush=True)\ntime.sleep(600)"
    log = tmp_path / "service.log"
    service = processes.spawn([sys.executable, "-c", forks], environment=os.environ, folder=tmp_path, log=log)
    try:
        while not log.read_text().endswith("\n"):
            assert service.poll() is None
        service.kill()
        service.wait()
        left = processes.session(service.pid)
        assert [process.pid for process in left] == [int(log.read_text())]
    finally:
        processes.stop(processes.session(service.pid), patience=1.0)
    assert processes.session(service.pid) == []
