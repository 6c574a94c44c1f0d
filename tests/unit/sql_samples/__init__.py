"""Sample parameters of every SQL file: a module per subject with ``SAMPLES``, file → list of parameter sets."""

from __future__ import annotations

import importlib
from typing import Any

from hedui import engine

Samples = dict[str, list[dict[str, Any]]]


def every() -> Samples:
    """The samples of all subjects; a subject is a folder of ``include/sql``."""
    found: Samples = {}
    for folder in sorted(path.name for path in engine.SQL_ROOT.iterdir() if path.is_dir()):
        try:
            module = importlib.import_module(f"unit.sql_samples.{folder}")
        except ModuleNotFoundError:
            continue
        found |= module.SAMPLES
    return found
