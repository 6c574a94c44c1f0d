"""The blind comparison: sides that are folders of digests go through the same pass as sides that are rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb

from hedui import engine
from hedui.compare.balance import check_rows, prove_snapshot
from hedui.compare.plan import MapPlan, SidePlan, side_stubs
from hedui.compare.snapshot import make_sides, match, raise_findings
from hedui.compare.write import ORDER, fetch_one
from hedui.context import Context
from hedui.digests.columns import CLEAR, MAPPED
from hedui.digests.export import snapshot_comparison
from hedui.digests.files import ROWS, Exchange, file_digest, read_exchange
from hedui.digests.keys import Secret
from hedui.errors import HeduiError
from hedui.lake import Manifest
from hedui.site.models import SnapshotComparison

FINDINGS, SUMMARY = "findings.parquet", "summary.json"


@dataclass(frozen=True, kw_only=True)
class BlindResult:
    """What a blind comparison found.

    Attributes:
        comparison: The comparison's id.
        business_date: The day of the rows.
        algorithm: Algorithm of the digests.
        key_fingerprint: Which secret they were made under.
        seal_checked: Whether the one who compared held the secret and checked the seals.
        findings: Number of findings.
        balance: Rows per side and class.
        inputs: SHA-256 of each side's file.
        sha256: SHA-256 of the findings' file.
    """

    comparison: str
    business_date: str
    algorithm: str
    key_fingerprint: str
    seal_checked: bool
    findings: int
    balance: dict[str, dict[str, int]]
    inputs: dict[str, str]
    sha256: str = ""


def compare_blind(context: Context, folders: Sequence[Path], *, secret: Secret | None, out: Path) -> BlindResult:
    """Compares exported sides and writes the findings, whose keys and values are digests, and a summary into ``out``.

    Args:
        context: The site, which has the comparison.
        folders: One folder per side, as ``export_side`` made them; in any order.
        secret: The common secret, to check the seals; None for one who must not have it.
        out: Folder of the results; made where it is missing.

    Raises:
        HeduiError: A folder is damaged, or they do not belong together. ConservationError: the balance does not foot.
    """
    exchanges = [(read_exchange(folder, secret=secret), folder) for folder in folders]
    if not exchanges:
        raise HeduiError("Name the exported folders, one per side of the comparison.")
    first = exchanges[0][0]
    # the day of the last change and linkage need values, not digests
    comparison = snapshot_comparison(context, first.comparison).model_copy(update={"return_flow": None, "linkage": None})
    sides = _sides(context, comparison, exchanges)
    out.mkdir(parents=True, exist_ok=True)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        connection.execute("SET preserve_insertion_order = false")
        make_sides(connection, comparison, sides)
        check_rows(connection, comparison.id, sides)
        rows = [int(fetch_one(connection, f"SELECT count(*) FROM side_{side.index}")[0]) for side in sides]
        match(connection, comparison, sides, rows)
        balance = prove_snapshot(connection, comparison.id, sides, rows)
        count = raise_findings(connection, context, comparison, sides, first.date)
        connection.execute("SET preserve_insertion_order = true")
        _copy(connection, out / FINDINGS)
    result = BlindResult(
        comparison=comparison.id,
        business_date=first.business_date,
        algorithm=first.algorithm,
        key_fingerprint=first.key_fingerprint,
        seal_checked=secret is not None,
        findings=count,
        balance=balance,
        inputs={exchange.source: exchange.sha256 for exchange, _ in exchanges},
        sha256=file_digest(out / FINDINGS),
    )
    (out / SUMMARY).write_text(json.dumps(asdict(result), ensure_ascii=False, sort_keys=True, indent=1) + "\n", "utf-8")
    return result


def _copy(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    target = engine.literal(str(path))
    connection.execute(f"COPY (SELECT * FROM findings ORDER BY {ORDER}) TO {target} (FORMAT parquet, COMPRESSION zstd)")


def _sides(context: Context, comparison: SnapshotComparison, exchanges: Sequence[tuple[Exchange, Path]]) -> tuple[SidePlan, ...]:
    """The sides in the comparison's order, each reading its folder.

    Raises:
        HeduiError: The folders do not belong together, or do not cover the comparison.
    """
    first = exchanges[0][0]
    for name in ("comparison", "business_date", "algorithm", "key_fingerprint"):
        values = sorted({str(getattr(exchange, name)) for exchange, _ in exchanges})
        if len(values) > 1:
            raise HeduiError(f"The folders differ in {name}: {', '.join(value[:60] for value in values)}; export them alike.")
    by_source = {exchange.source: (exchange, folder) for exchange, folder in exchanges}
    wanted = [side.source for side in comparison.sides]
    if sorted(by_source) != sorted(wanted) or len(exchanges) != len(wanted):
        found = ", ".join(sorted(exchange.source for exchange, _ in exchanges))
        raise HeduiError(f"{comparison.id} compares {', '.join(wanted)}; the folders are of {found}. Name one folder per side.")
    return tuple(_side(stub, *by_source[stub.source], comparison) for stub in side_stubs(context, comparison, first.date))


def _side(stub: SidePlan, exchange: Exchange, folder: Path, comparison: SnapshotComparison) -> SidePlan:
    columns = set(exchange.columns)
    needed = {name for name in comparison.key if name != exchange.map_to} | ({MAPPED} if exchange.map_from else set())
    if tuple(exchange.key) != comparison.key or exchange.dataset != stub.dataset or not needed <= columns:
        raise HeduiError(
            f"{folder}: made for {exchange.dataset} by the key {', '.join(exchange.key)}; here {comparison.id} compares "
            f"{stub.dataset} by {', '.join(comparison.key)}. Let both agencies use the same comparison."
        )
    relation = engine.parquet([str(folder / ROWS)])
    rules = {key_map.side: key_map.rule for key_map in comparison.key_maps}
    key_map = None
    if exchange.map_from:
        pairs = engine.render(
            "digests/key_map.sql", relation=relation, from_field=exchange.map_from, to_field=exchange.map_to, mapped=MAPPED
        )
        key_map = MapPlan(
            relation=f"({pairs.strip().rstrip(';')})",
            from_field=exchange.map_from,
            to_field=exchange.map_to,
            rule=rules.get(exchange.source, "U12"),
        )
    values = {name for name, purpose in exchange.columns.items() if purpose == "value"} - {MAPPED}
    return replace(
        stub,
        relation=relation,
        where={},
        placeholders=(),
        mapped=frozenset(values | (columns & set(CLEAR)) | ({exchange.map_to} if exchange.map_from else set())),
        key_map=key_map,
        own_insurance=stub.own_insurance and "insurance" in columns,
        own_period=stub.own_period and "period" in columns,
        region=None,
        manifest=Manifest(rows=exchange.rows, rejected=exchange.rejected),
        digested=True,
    )
