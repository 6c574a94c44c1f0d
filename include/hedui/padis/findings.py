"""Refused records as findings, so that the ledger makes cases of them: opened by a refusal, cleared when the correction is acknowledged.

A receiver's refusal is rule F25. What the office's own checks hold back is named by what is wrong: F12 (region), F08 (date after the
report), F20 (after the window for corrections), F03 (anything else that must be there and in order). What the ledger shows beside is in
:mod:`hedui.padis.suspects`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from hedui import engine
from hedui.canonical.schemas import datasets
from hedui.context import Context
from hedui.findings import fingerprint_sql
from hedui.lake import Manifest
from hedui.padis.fields import Kind, kinds
from hedui.padis.office import Office
from hedui.padis.standing import Refused, refused
from hedui.padis.suspects import OVER, Suspect, refused_tables, suspects

SCHEMA: Final = pa.schema(
    [
        (name, pa.date32() if name == "origin_date" else pa.string())
        for name in (
            *("rule", "severity", "dataset", "subject_key", "region", "period", "field", "side_values", "origin_date"),
            "evidence",
        )
    ]
)


MONTHLY: Final = "padis:monthly"
"""Scope of the findings about monthly tables."""


def scope(kind: Kind) -> str:
    """The scope of the findings about a kind's records."""
    return f"padis:{kind}"


def write_findings(office: Office, kind: Kind, *, date: dt.date) -> int:
    """Writes what is wrong with a kind's records as the findings of ``date``; none is written, too, so that cases clear.

    Returns:
        Findings.
    """
    waiting = [_row(office, one) for one in refused(office) if one.kind == kind]
    others = [_other(office, one, kinds()[kind].dataset) for one in suspects(office, kind, date=date)]
    return _write(office, scope(kind), [*waiting, *others], subject_type="person", date=date)


def write_table_findings(office: Office, *, date: dt.date) -> int:
    """Writes the monthly tables that were refused as the findings of ``date``."""
    rows = [_other(office, one, "birth") for one in refused_tables(office)]
    return _write(office, MONTHLY, rows, subject_type="group", date=date)


def _write(office: Office, own: str, rows: list[dict[str, Any]], *, subject_type: str, date: dt.date) -> int:
    settings = office.settings
    how = {"subject_type": subject_type, "source": settings.source, "agency": settings.agency}
    return write_rows(office.context, own, rows, date=date, **how)


def write_rows(
    context: Context, own: str, rows: Sequence[Mapping[str, Any]], *, subject_type: str, source: str, agency: str, date: dt.date
) -> int:
    """Writes rows of :data:`SCHEMA` as the findings of a scope and date; those of rules that the site has switched off are left out.

    Returns:
        Findings.
    """
    columns = {name: name for name in ("subject_key", "period", "field")}
    fingerprint = fingerprint_sql(scope=engine.literal(own), rule="rule", insurance="NULL", **columns)
    query = engine.render(
        "padis/findings.sql", date=date, scope=own, source=source, agency=agency, subject_type=subject_type, fingerprint=fingerprint
    )
    enabled = [dict(row) for row in rows if context.site.rule_setting(row["rule"]).enabled]
    with context.lake.writer(context.findings(own, date)) as writer, engine.connect(threads=1) as connection:
        connection.register("refused", pa.Table.from_pylist(enabled, schema=SCHEMA))
        connection.execute(f"COPY (\n{query}\n) TO {engine.literal(writer.new_file())} (FORMAT parquet, COMPRESSION zstd)")
        writer.commit(Manifest(rows=len(enabled), meta={"inputs": {}}))
    return len(enabled)


def _other(office: Office, one: Suspect, dataset: str) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": office.context.site.rule_severity(one.rule),
        "dataset": dataset if dataset in datasets() else None,
        "subject_key": one.key,
        "region": one.region or None,
        "period": one.period or None,
        "field": None,
        "side_values": json.dumps({office.settings.source: one.said}, ensure_ascii=False),
        "origin_date": one.event_date,
        "evidence": json.dumps(one.evidence, ensure_ascii=False),
    }


def rule_of(one: Refused) -> str:
    """The rule that a refused record is a finding of."""
    if one.by == "receiver":
        return "F25"
    spec = kinds()[one.kind]
    if any(OVER in reason for reason in one.reasons):
        return "F20"
    if any("晚于" in reason for reason in one.reasons):
        return "F08"
    if one.fields and all(name in spec.fields and spec.fields[name].type == "region" for name in one.fields):
        return "F12"
    return "F03"


def _row(office: Office, one: Refused) -> dict[str, Any]:
    rule = rule_of(one)
    said = {office.settings.source: "；".join(one.reasons)}
    return {
        "rule": rule,
        "severity": office.context.site.rule_severity(rule),
        "dataset": name if (name := kinds()[one.kind].dataset) in datasets() else None,
        "subject_key": one.business_key,
        "region": one.region or None,
        "period": one.period or None,
        "field": one.fields[0] if len(set(one.fields)) == 1 else None,
        "side_values": json.dumps(said, ensure_ascii=False),
        "origin_date": one.event_date,
        "evidence": json.dumps(
            {"batch": one.batch, "line": one.line, "code": one.code, "version": one.version}, ensure_ascii=False
        ),
    }
