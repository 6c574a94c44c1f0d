"""The make targets say what they do, and the scripts behind them are well formed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TARGETS = ["run", "up", "down", "test", "test-full", "lint", "bench", "lock", "help"]


@pytest.mark.parametrize("target", TARGETS)
def test_help_lists_the_target(target: str) -> None:
    done = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(rf"^  make {target} +\S.+$", done.stdout, flags=re.MULTILINE), done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_can_be_planned(target: str) -> None:
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", [".ci/run", "docker/init.sh"])
def test_shell_scripts_parse_and_can_be_executed(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False).returncode == 0
