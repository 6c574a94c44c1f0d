"""Plain findings written as digests by the standard library's HMAC, to be held against what the blind comparison finds."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hedui.canonical.schemas import dataset
from hedui.digests.blind import FINDINGS, compare_blind
from hedui.digests.export import export_side
from hedui.digests.keys import secret
from unit.compare.bench import Bench

KEY = bytes(range(32))
VARIABLE = "HEDUI_DIGEST_KEY_TEST"
DAY = dt.date(2026, 6, 3)
CLEAR = ("insurance", "period")
IDENTITY = ("rule", "kind", "source", "severity", "agency", "right_source", "subject_key", "insurance", "period", "field")

Finding = tuple[Any, ...]


def expected_digest(comparison: str, purpose: str, field: str, value: str, *, algorithm: str = "sha256") -> str:
    """The digest of a value, written out."""
    label = "\0".join(("hedui/digests/1", comparison, purpose, field)).encode()
    return hmac.new(hmac.new(KEY, label, algorithm).digest(), value.encode(), algorithm).hexdigest()


def in_digests(bench: Bench, comparison_id: str, row: dict[str, Any]) -> Finding:
    """A plain finding as the blind comparison must find it."""
    comparison = next(item for item in bench.context.site.comparisons if item.id == comparison_id)
    key = [name for name in comparison.key if name not in CLEAR]
    filled = {key_map.to_field for key_map in comparison.key_maps if key_map.side == row["source"]}  # by a map, not by the row
    compared = {*comparison.key, *comparison.fields} - filled

    def one(field: str, value: str, purpose: str = "value") -> str:
        return expected_digest(comparison_id, purpose, field, value) if value else ""

    subject = row["subject_key"]
    if row["kind"] == "KEY":
        own = [name for name in dataset(row["dataset"]).key if name not in CLEAR]
        parts = subject.removeprefix("no:").split("/")
        named = [one(name, part, "value" if name in compared else "row") for name, part in zip(own, parts, strict=True)]
        subject = "no:" + "/".join(named)
    elif row["kind"] == "KEYMAP":
        subject = one(comparison.key_maps[0].from_field, subject)
    else:
        subject = "/".join(one(name, part) for name, part in zip(key, subject.split("/"), strict=True))
    values = None
    if row["field"]:
        sides = json.loads(row["side_values"])
        values = tuple((side, value and one(row["field"], value)) for side, value in sorted(sides.items()))
    return (*(subject if name == "subject_key" else row[name] for name in IDENTITY), values)


def blind(bench: Bench, comparison_id: str, folder: Path) -> Counter[Finding]:
    """Exports every side and compares the folders."""
    common = secret("test", "sha256")
    comparison = next(item for item in bench.context.site.comparisons if item.id == comparison_id)
    folders = [folder / side.source for side in comparison.sides]
    for side, out in zip(comparison.sides, folders, strict=True):
        export_side(bench.context, comparison_id, side.source, DAY, secret=common, out=out)
    compare_blind(bench.context, folders, secret=common, out=folder / "found")
    rows = pq.read_table(folder / "found" / FINDINGS).to_pylist()
    return Counter((*(row[name] for name in IDENTITY), _values(row)) for row in rows)


def _values(row: dict[str, Any]) -> tuple[tuple[str, str], ...] | None:
    return tuple(sorted(json.loads(row["side_values"]).items())) if row["field"] else None


def both_ways(bench: Bench, comparison_id: str) -> tuple[Counter[Finding], Counter[Finding]]:
    """The plain comparison's findings in digests, and the blind comparison's."""
    bench.run(comparison_id, DAY)
    plain = Counter(in_digests(bench, comparison_id, row) for row in bench.findings(comparison_id, DAY))
    with tempfile.TemporaryDirectory() as folder:
        return plain, blind(bench, comparison_id, Path(folder))
