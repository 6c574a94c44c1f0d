"""Receivers quote what they refuse: names, numbers and addresses of a record are masked in the reason before anybody reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, text

from hedui.padis.fields import MASKS, kinds

CONTENT: Final = "SELECT id, kind, content FROM hedui.padis_record WHERE id = ANY(CAST(:ids AS bigint[]))"


def masked_reasons(connection: Connection, reasons: Mapping[int, str]) -> dict[int, str]:
    """The reasons by the records' numbers in the ledger, without the records' own personal values in clear."""
    spoken = [number for number, reason in reasons.items() if reason]
    masked = dict(reasons)
    for row in connection.execute(text(CONTENT), {"ids": spoken}).mappings() if spoken else ():
        reason = masked[row["id"]]
        for value, hidden in _personal(row["kind"], row["content"]):
            reason = reason.replace(value, hidden)
        masked[row["id"]] = reason
    return masked


def _personal(kind: str, content: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Personal values with their masks, the longest first: a name may be part of an address."""
    fields = kinds()[kind].fields.values()
    found = [(value, field.mask) for field in fields if field.mask in MASKS and len(value := content.get(field.name, "")) > 1]
    for value, mask in sorted(found, key=lambda one: -len(one[0])):
        yield value, MASKS[mask](value) or ""
