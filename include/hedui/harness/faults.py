"""What goes wrong with packets on purpose: with what they declare, and with their bytes."""

from __future__ import annotations

from dataclasses import replace

from hedui.errors import HeduiError
from hedui.harness.packets import Draft
from hedui.harness.scenario import Fault

ENTITY = '<!DOCTYPE Package [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
OTHER_ENCODING = {"utf-8": "gb18030", "utf-8-sig": "gb18030"}
BROKEN = b"\xff\xff"


def spoil_draft(draft: Draft, fault: Fault, *, agreed: str) -> Draft:
    """The draft with what the fault changes before it is written.

    Args:
        draft: A draft in order.
        fault: What goes wrong.
        agreed: The encoding that was agreed on.

    Raises:
        HeduiError: The fault needs something that the packet does not have.
    """
    if fault.name == "wrong_count":
        return replace(draft, declared_rows=draft.declared_rows + 1)
    if fault.name == "wrong_total":
        if not draft.declared_totals:
            raise HeduiError("The fault wrong_total needs a carrier that declares totals; the source's reader has none.")
        field = fault.field or next(iter(draft.declared_totals))
        return replace(draft, declared_totals={**draft.declared_totals, field: f"{draft.declared_totals[field]}1"})
    if fault.name == "missing_head":
        if fault.field not in draft.head:
            raise HeduiError(
                f"The fault missing_head names the field {fault.field}; the head has {', '.join(draft.head) or 'none'}."
            )
        return replace(draft, head={name: value for name, value in draft.head.items() if name != fault.field})
    if fault.name == "other_encoding":
        return replace(draft, encoding=OTHER_ENCODING.get(agreed, "utf-8"))
    return draft


def spoil_bytes(content: bytes, fault: Fault) -> bytes:
    """The bytes with what the fault changes after they were written."""
    if fault.name == "cut":
        return content[: max(1, int(len(content) * fault.share))]
    if fault.name == "broken_character":
        middle = content.rfind(b"\n", 0, len(content) // 2 + 1) + 1 or len(content) // 2
        return content[:middle] + BROKEN + content[middle:]
    if fault.name == "entity":
        declaration, _, rest = content.partition(b"?>")
        return declaration + b"?>" + ENTITY.encode("ascii") + rest
    if fault.name == "garbage":
        return bytes(range(256)) * 4
    return content
