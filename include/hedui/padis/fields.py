"""The canonical fields of what is reported, and how their values are written as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from ruamel.yaml import YAML

from hedui.security.masking import mask_address, mask_birth_date, mask_certificate, mask_id_number, mask_key, mask_name

Kind = Literal["birth", "registration"]
FieldType = Literal["text", "code", "region", "date", "time", "int", "number"]

META: Final[dict[str, str]] = {
    "action": "报告类型",
    "version": "版本号",
    "key": "幂等键",
    "original_key": "原记录幂等键",
    "reason": "变更或撤销原因",
    "sender": "上报区划",
    "period": "报告期",
    "report_date": "上报日期",
    "line": "行号",
    "event_date": "事件日期",
}
"""What a profile may name beside the record's own fields: facts of the report. ``line`` is the record's number in its file, from 1."""

MASKS: Final[dict[str, Callable[[str | None], str | None]]] = {
    "name": mask_name,
    "id_number": mask_id_number,
    "certificate": mask_certificate,
    "address": mask_address,
    "birth_date": mask_birth_date,
    "key": mask_key,
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a record.

    Attributes:
        name: English name.
        identifier: The data set's identifier.
        label: Chinese label.
        type: How its text is written: dates ``2026-06-03``, times ``2026-06-03T08:15:00``, regions as codes.
        mask: Name of its mask where it is personal; a newborn is a minor, so dates of birth show the year only.
    """

    name: str
    identifier: str
    label: str
    type: FieldType
    mask: str = ""

    def masked(self, value: str | None) -> str | None:
        """The value as it may be shown."""
        return MASKS[self.mask](value) if self.mask else value


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """A kind of record.

    Attributes:
        name: ``birth`` or ``registration``.
        label: Chinese name.
        dataset: The canonical dataset that it is taken from.
        key: The field that names the record for good (business key).
        event: The field with the event's date or time.
        region: The field with the region that the record is counted in.
        withdrawn: The column of canonical data that says why the record is void, where it is.
        fields: By name, in order.
    """

    name: Kind
    label: str
    dataset: str
    key: str
    event: str
    region: str
    withdrawn: str
    fields: dict[str, Field]


@cache
def kinds() -> dict[str, RecordKind]:
    """All kinds by name."""
    raw = YAML(typ="safe").load(files("hedui.padis").joinpath("fields.yaml").read_text("utf-8"))
    return {
        name: RecordKind(
            name=name,
            label=spec["label"],
            dataset=spec["dataset"],
            key=spec["key"],
            event=spec["event"],
            region=spec["region"],
            withdrawn=spec["withdrawn"],
            fields={
                field: Field(name=field, identifier=row[0], label=row[1], type=row[2], mask=row[3] if len(row) > 3 else "")
                for field, row in spec["fields"].items()
            },
        )
        for name, spec in raw.items()
    }


def text_of(value: Any) -> str:
    """A canonical value as text; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip().replace("\0", "")
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)


def date_of(text: str) -> dt.date | None:
    """The day of a date's or time's text; None where it is none."""
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
