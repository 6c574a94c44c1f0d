"""Samples of the digests' SQL: the parameters of a small exchange as it is run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hedui import engine
from hedui.digests.blind import FINDINGS, compare_blind
from hedui.digests.export import export_side
from hedui.digests.keys import secret
from hedui.digests.resolve import resolve_findings
from unit.compare.bench import Bench, tiny_context
from unit.compare.maps import MAPPED_SITE
from unit.digests.kit import DAY, KEY, VARIABLE
from unit.sql_samples import Samples

UNIT = {"unit_no": "U1", "tax_unit_no": "T1", "name": "甲公司"}


def record(folder: Path) -> Samples:
    """Exchanges units whose numbers go through a map, and keeps what is rendered of digests."""
    found: Samples = {}
    render = engine.render

    def recorded(name: str, **parameters: Any) -> str:
        if name.startswith("digests/"):
            found.setdefault(name, []).append(parameters)
        return render(name, **parameters)

    bench = Bench(tiny_context(MAPPED_SITE, folder))
    for name, source in (("unit", "sb"), ("unit", "tax"), ("unit_map", "map")):
        bench.put(name, source, DAY, [UNIT])
    with patch.object(engine, "render", recorded), patch.dict(os.environ, {VARIABLE: KEY.hex()}):
        common = secret("test", "sm3")
        for source in ("sb", "tax"):
            export_side(bench.context, "units", source, DAY, secret=common, out=folder / source)
        compare_blind(bench.context, [folder / "sb", folder / "tax"], secret=common, out=folder / "found")
        for source in ("sb", "tax"):
            out = folder / f"{source}.parquet"
            resolve_findings(bench.context, folder / "found" / FINDINGS, "units", source, DAY, secret=common, out=out)
    return found


with tempfile.TemporaryDirectory() as _folder:
    SAMPLES: Samples = record(Path(_folder))
