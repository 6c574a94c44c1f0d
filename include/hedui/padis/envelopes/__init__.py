"""How records are written and read back: one function each way per envelope, chosen by the profile.

Everything here is a file of bounded size (the profile caps its records), so that it is made and read whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hedui.site.padis_profile import Delimited, Json, Xlsx, Xml
from hedui.site.padis_profile import Envelope as Spec


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a file holds.

    Attributes:
        rows: Values by name on the wire, in the file's order.
        head: Fields of the head, where the envelope has one.
    """

    rows: tuple[Mapping[str, str], ...]
    head: Mapping[str, str] = field(default_factory=dict)


def write(spec: Spec, *, names: Sequence[str], rows: Sequence[Sequence[str]], head: Mapping[str, str]) -> bytes:
    """A file.

    Args:
        spec: The envelope.
        names: Names of the fields in order; nothing else is written.
        rows: Their values.
        head: Fields of the head by name, where the envelope has one.
    """
    from hedui.padis.envelopes import delimited, json_text, workbook, xml_text

    if isinstance(spec, Delimited):
        return delimited.write(spec, names, rows)
    if isinstance(spec, Xml):
        return xml_text.write(spec, names, rows, head)
    if isinstance(spec, Json):
        return json_text.write(spec, names, rows, head)
    return workbook.write(spec, names, rows)


def read(spec: Spec, content: bytes) -> Sheet:
    """What a file holds.

    Raises:
        PackageError: It is not in the envelope that was agreed; the message says where.
    """
    from hedui.padis.envelopes import delimited, json_text, workbook, xml_text

    if isinstance(spec, Delimited):
        return delimited.read(spec, content)
    if isinstance(spec, Xml):
        return xml_text.read(spec, content)
    if isinstance(spec, Json):
        return json_text.read(spec, content)
    assert isinstance(spec, Xlsx)
    return workbook.read(spec, content)
