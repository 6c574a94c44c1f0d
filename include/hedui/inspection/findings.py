"""What is abnormal becomes cases: findings in the scope ``inspection:<system>``, which the next inspection keeps or closes."""

from __future__ import annotations

import json
from typing import Final

import pyarrow as pa

from hedui import engine
from hedui.cases.record import merge_partition
from hedui.context import Context
from hedui.findings import FINDING_COLUMNS, fingerprint_sql
from hedui.inspection.checks import CHECKS
from hedui.inspection.model import Inspection
from hedui.lake import Manifest, Partition
from hedui.rules import rule

RULE: Final = "K04"
ABNORMAL: Final = pa.schema([(name, pa.string()) for name in ("subject_key", "side_values", "evidence")])


def scope(system: str) -> str:
    """The scope of a system's cases."""
    return f"inspection:{system}"


def write_findings(context: Context, made: Inspection, *, agency: str) -> int:
    """Writes the findings of an inspection and merges them into the ledger.

    What was not looked at this time, or could not be measured, keeps the findings that the inspection before had of it.

    Args:
        context: The step's context.
        made: The inspection.
        agency: Who acts on the cases.

    Returns:
        How many findings there are.
    """
    own = scope(made.system)
    partition = context.findings(own, made.date)
    new = engine.render(
        "inspection/findings.sql",
        date=made.date,
        scope=own,
        rule=RULE,
        severity=context.site.rule_setting(RULE).severity or rule(RULE).severity,
        agency=agency,
        fingerprint=fingerprint_sql(
            scope=engine.literal(own),
            rule=engine.literal(RULE),
            subject_key="subject_key",
            insurance="NULL",
            period="NULL",
            field="NULL",
        ),
    )
    carried = _carried(context, made, partition)
    query = f"SELECT * FROM ({new}) AS n UNION ALL SELECT * FROM ({carried}) AS c ORDER BY subject_key" if carried else new
    with context.lake.writer(partition) as writer, engine.connect(threads=1) as connection:
        connection.register("abnormal", _abnormal(made))
        target = writer.new_file()
        connection.execute(f"COPY (\n{query}\n) TO {engine.literal(target)} (FORMAT parquet, COMPRESSION zstd)")
        row = connection.execute(f"SELECT count(*) FROM {engine.parquet([target])}").fetchone()
        count = int(row[0]) if row else 0
        writer.commit(Manifest(rows=count, meta={"inspection": made.number, "inputs": {}}))
    merge_partition(context, own, made.date)
    return count


def blind(made: Inspection) -> list[str]:
    """Beginnings of the keys that an inspection says nothing of: what could not be measured, and checks of wider inspections."""
    wider = {f"{code}/" for code in CHECKS.keys() - set(made.checks)}
    return sorted(wider | {item.key for item in made.of("unmeasured")})


def _abnormal(made: Inspection) -> pa.Table:
    rows = [
        {
            "subject_key": item.key,
            "side_values": json.dumps({"standard": item.standard, "measured": item.measured}, ensure_ascii=False),
            "evidence": json.dumps({"inspection": made.number, "handling": item.handling}, ensure_ascii=False),
        }
        for item in made.of("abnormal")
    ]
    return pa.Table.from_pylist(rows, schema=ABNORMAL)


def _carried(context: Context, made: Inspection, partition: Partition) -> str:
    """The query of what carries on; empty where nothing does."""
    parts = blind(made)
    before = [date for date in context.lake.dates("findings", *partition.parts) if date < made.date]
    if not parts or not before:
        return ""
    files = context.lake.files(context.findings(scope(made.system), before[-1]))
    return engine.render(
        "inspection/carried.sql", date=made.date, columns=list(FINDING_COLUMNS), before=engine.parquet(files), parts=parts
    )
