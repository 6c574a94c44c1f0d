"""A real Airflow on the embedded services, with a small demo world, in a folder of the session's own."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import backfill
from hedui.local.home import Home
from hedui.local.rest import Airflow, Run
from hedui.local.run import DEMO_SITE
from hedui.local.stack import Stack, running_stack
from hedui.local.world import World, prepare_world

PERSONS = 2000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Airflow, started; it ends with the file, so that it does not slow down what is tested after it."""
    # Not below pytest's temporary folder, see tests/conftest.py.
    with tempfile.TemporaryDirectory(prefix="hedui-live-") as folder, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
            patch.delenv(name)
        patch.setenv("HEDUI_PADIS_URL", f"http://127.0.0.1:{free_port()}")  # where the tests' reference server will listen
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        with running_stack(home=Home(root=Path(folder)), site=DEMO_SITE) as running:
            prepare_world(running.home, running.postgres, World(persons=PERSONS, seed=5), site=DEMO_SITE)
            running.start()
            yield running


@pytest.fixture
def airflow(stack: Stack) -> Iterator[Airflow]:
    """Airflow's REST API for the role engineer."""
    with stack.client() as client:
        yield client


@pytest.fixture(scope="module")
def nights(stack: Stack) -> dict[Any, Run]:
    """The demo's nights, run once."""
    with stack.client() as client:
        return backfill(stack, client)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium of the system's."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.fail("No Chromium on this machine; install it: apt-get install chromium fonts-noto-cjk", pytrace=False)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()
