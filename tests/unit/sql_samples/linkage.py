"""Samples of linkage: the parameters of small linkages as they are run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hedui import engine
from unit.compare.bench import tiny_context
from unit.linkage.conftest import LinkBench, linked_site
from unit.linkage.people import other_digit, person, valid
from unit.sql_samples import Samples

BASE = valid("99010119900307471")


def record(folder: Path) -> Samples:
    """Links three tiers, and one of them with itself, and keeps what is rendered of linkage."""
    found: Samples = {}
    render = engine.render

    def recorded(name: str, **parameters: Any) -> str:
        if name.startswith("linkage/"):
            found.setdefault(name, []).append(parameters)
        return render(name, **parameters)

    bench = LinkBench(tiny_context(linked_site(within=["a"]), folder))
    with patch.object(engine, "render", recorded):
        bench.link("three", [person(BASE), person(other_digit(BASE, 15))], [person(BASE)], [])
    return found


with tempfile.TemporaryDirectory() as _folder:
    SAMPLES: Samples = record(Path(_folder))
