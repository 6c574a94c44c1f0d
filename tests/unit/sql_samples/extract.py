"""Samples of the queries that read a source's database."""

from __future__ import annotations

from unit.sql_samples import Samples

TABLE = {"items": ['"aac001"', 'CAST("aac006" AS VARCHAR)'], "table": '"shebao"."ac01"'}
SAMPLES: Samples = {
    "extract/current.sql": [TABLE],
    "extract/date.sql": [TABLE | {"column": '"aae418"', "first": "DATE '2026-06-03'", "next": "DATE '2026-06-04'"}],
    "extract/validity.sql": [TABLE | {"valid_from": '"ksrq"', "valid_to": '"jsrq"', "next": "DATE '2026-06-04'"}],
}
