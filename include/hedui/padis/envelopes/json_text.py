"""A JSON object: the head's fields and a list of records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hedui.padis.envelopes import Sheet
from hedui.padis.errors import PackageError
from hedui.site.padis_profile import Json


def write(spec: Json, names: Sequence[str], rows: Sequence[Sequence[str]], head: Mapping[str, str]) -> bytes:
    """The object in UTF-8; every value is text."""
    content: dict[str, Any] = {spec.head: dict(head)} if head else {}
    content[spec.records] = [dict(zip(names, row, strict=True)) for row in rows]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def read(spec: Json, content: bytes) -> Sheet:
    """Head and records; the head's fields may also stand at the top."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise PackageError("The file is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise PackageError("The file must be a JSON object.")
    records = found.get(spec.records) or []
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise PackageError(f'"{spec.records}" must be a list of objects.')
    inner = found.get(spec.head)
    top = {name: value for name, value in found.items() if name not in (spec.records, spec.head)}
    return Sheet(
        rows=tuple(_texts(record) for record in records), head=_texts({**top, **(inner if isinstance(inner, dict) else {})})
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    scalars = {name: value for name, value in values.items() if not isinstance(value, dict | list)}
    return {name: "" if value is None else str(value) for name, value in scalars.items()}
