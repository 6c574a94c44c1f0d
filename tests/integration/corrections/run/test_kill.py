"""Runs that are killed at any point of their talk with the target leave it as it was or as it should be, and can be started again."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from hedui.context import Context
from hedui.corrections.run import Standing, execute, outcome_of, rollback
from integration.corrections.run.made import INSURED, Bundle, PostgresTable, bundle_of, expected, people, some_corrections

VICTIM = Path(__file__).with_name("victim.py")
BUNDLE = bundle_of(INSURED, people(), some_corrections(people()))
BEFORE = people()
AFTER = expected(INSURED, people(), some_corrections(people()), BUNDLE.id)


class Victims:
    """A process that runs deeds in children of its own, each of which dies where it is told to."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bundle.pickle"
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, str(VICTIM)], stdin=PIPE, stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
        )

    def _ask(self, bundle: Bundle, url: str, deed: str, moment: int) -> dict[str, int]:
        self._file.write_bytes(pickle.dumps(bundle))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(self._file), url, deed, moment]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer

    def kill(self, bundle: Bundle, url: str, deed: str, moment: int) -> None:
        assert self._ask(bundle, url, deed, moment)["signal"] == signal.SIGKILL

    def moments(self, bundle: Bundle, url: str, deed: str) -> int:
        """How many moments there are in a run that nobody kills."""
        answer = self._ask(bundle, url, deed, -1)
        assert (answer["signal"], answer["code"]) == (0, 0)
        return answer["moments"]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    made = Victims(tmp_path_factory.mktemp("victims"))
    yield made
    made.close()


def kill_at(context: Context, insured: PostgresTable, victims: Victims, deed: str, moment: int) -> None:
    insured.fill(BEFORE)
    if deed == "rollback":
        execute(context, BUNDLE, executor="engineer")
    start, end = (BEFORE, AFTER) if deed == "execute" else (AFTER, BEFORE)
    victims.kill(BUNDLE, insured.url, deed, moment)
    standing = outcome_of(context, BUNDLE).state  # waits for what is left of the killed session
    done = standing is (Standing.APPLIED if deed == "execute" else Standing.ROLLED_BACK)
    assert insured.rows() == (end if done else start)
    outcome = (execute if deed == "execute" else rollback)(context, BUNDLE, executor="engineer")
    assert outcome.already is done
    assert insured.rows() == end


@pytest.mark.parametrize("deed", ["execute", "rollback"])
def test_killed_at_the_moments_that_matter(context: Context, insured: PostgresTable, victims: Victims, deed: str) -> None:
    """Before and after the COMMIT, and in the middle."""
    insured.fill(BEFORE)
    if deed == "rollback":
        execute(context, BUNDLE, executor="engineer")
    total = victims.moments(BUNDLE, insured.url, deed)
    for moment in (total // 2, total - 2, total - 1):
        kill_at(context, insured, victims, deed, moment)


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["execute", "rollback"])
def test_killed_at_every_moment(context: Context, insured: PostgresTable, victims: Victims, deed: str) -> None:
    insured.fill(BEFORE)
    if deed == "rollback":
        execute(context, BUNDLE, executor="engineer")
    for moment in range(victims.moments(BUNDLE, insured.url, deed)):
        kill_at(context, insured, victims, deed, moment)
