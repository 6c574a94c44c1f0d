"""Coverage-guided fuzzing, for a bounded number of inputs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("atheris_readers.py")


@pytest.mark.parametrize("runs", [pytest.param(4_000, id="short"), pytest.param(400_000, id="long", marks=pytest.mark.slow)])
def test_no_input_crashes_a_reader(tmp_path, runs):
    # Through a shell that forks: Linux counts for a process what its parent had when it was started, and the fuzzer would take the memory
    # of the tests before it for its own.
    fork = ["sh", "-c", '"$@"; exit $?', "sh"]
    command = [*fork, sys.executable, str(HARNESS), f"-runs={runs}", "-max_len=600", "-seed=1", "-rss_limit_mb=1500", "-timeout=60"]
    done = subprocess.run([*command, "corpus"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-4000:]
    assert f"Done {runs} runs" in done.stderr
