"""Resolving: an agency finds its own subjects among the digests of a blind comparison's findings; the others' stay digests."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from hedui import engine
from hedui.compare.write import fetch_one
from hedui.context import Context
from hedui.digests.columns import CLEAR, MAPPED, Column, exported
from hedui.digests.export import digest_rows, digesters, exporting_side, side_view, snapshot_comparison
from hedui.digests.keys import Secret
from hedui.errors import HeduiError
from hedui.findings import FINDING_COLUMNS

PLAIN = "p_"
"""Begins the names of columns in the clear."""


def resolve_findings(
    context: Context, findings: Path, comparison_id: str, source: str, date: dt.date, *, secret: Secret, out: Path
) -> tuple[int, int]:
    """Writes the findings with this side's subjects in the clear: personal data, which stay at home.

    Args:
        context: The site and the lake with the side's canonical partition of the day.
        findings: ``findings.parquet`` of a blind comparison.
        comparison_id: The comparison.
        source: The side.
        date: The business date that was compared.
        secret: The common secret.
        out: The file to write.

    Returns:
        How many findings there are, and how many of them are about subjects of this side.

    Raises:
        HeduiError: ``findings`` is no file of findings, ``out`` exists, or the comparison or the side does not exist.
    """
    _check_files(findings, out)
    comparison = snapshot_comparison(context, comparison_id)
    side = exporting_side(context, comparison, source, date)
    filled = side.key_map.to_field if side.key_map else None
    keys = [MAPPED if name == filled else name for name in comparison.key if name not in CLEAR]
    number = side.key_map.from_field if side.key_map else None
    wanted = {*keys, *side.own_key, *([number] if number else [])}
    columns = tuple(column for column in exported(comparison, side) if column.name in wanted)
    keyed = digesters(secret, comparison_id, columns)
    plain: tuple[Column, ...] = tuple(replace(column, name=f"{PLAIN}{column.name}", purpose="clear") for column in columns)
    with (
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection,
        tempfile.TemporaryDirectory(prefix=".digests-", dir=out.parent) as scratch,
    ):
        side_view(connection, comparison, side)
        rows = Path(scratch) / "rows.parquet"
        digest_rows(context, connection, (*columns, *plain), keyed, target=rows)
        query = engine.render(
            "digests/resolved.sql",
            findings=engine.parquet([str(findings)]),
            rows=engine.parquet([str(rows)]),
            keys=keys,
            own=list(side.own_key),
            number=number,
            columns=list(FINDING_COLUMNS),
        )
        target = engine.literal(str(out))
        connection.execute(f"COPY ({query.strip().rstrip(';')}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        relation = engine.parquet([str(out)])
        total, known = fetch_one(connection, f"SELECT count(*), count(*) FILTER (WHERE known) FROM {relation}")
    return int(total), int(known)


def _check_files(findings: Path, out: Path) -> None:
    try:
        names = pq.read_schema(findings).names
    except (OSError, ValueError):
        raise HeduiError(f"{findings} cannot be read as Parquet; name findings.parquet of `hedui digests compare`.") from None
    if names != list(FINDING_COLUMNS):
        raise HeduiError(f"{findings} does not have the columns of findings; name findings.parquet of `hedui digests compare`.")
    if out.exists():
        raise HeduiError(f"{out} exists; name another file, so that nothing is overwritten.")
