"""Fingerprints: the same for the same subject, different where any part differs, never dependent on NULL."""

from __future__ import annotations

import hashlib

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from hedui.engine import literal
from hedui.findings import fingerprint_sql

PART = st.one_of(st.none(), st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0|"), max_size=12))


@given(*[PART] * 6)
def test_the_fingerprint_is_the_md5_of_its_parts(
    scope: str | None, rule: str | None, key: str | None, insurance: str | None, period: str | None, field: str | None
) -> None:
    parts = (scope, rule, key, insurance, period, field)
    names = ("scope", "rule", "subject_key", "insurance", "period", "field")
    sql = fingerprint_sql(**{name: literal(part) for name, part in zip(names, parts, strict=True)})
    with duckdb.connect() as connection:
        row = connection.execute(f"SELECT {sql}").fetchone()
    assert row == (hashlib.md5("|".join(part or "" for part in parts).encode()).hexdigest(),)
