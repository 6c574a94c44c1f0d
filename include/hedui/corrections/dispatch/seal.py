"""Signed notes: a JSON document with a keyed digest over its content, for covers that go out and receipts that come in.

The key is shared with the other side and stands in an environment variable, never in a file of the site. What a signature is for is part
of what is signed: a cover of ours cannot come back as a receipt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

from hedui.corrections.dispatch.errors import ForgedReceiptError, ReceiptFormatError
from hedui.security import signing
from hedui.security.signing import ALGORITHM, canonical, holds, signature

__all__ = ["MOST_BYTES", "Purpose", "canonical", "seal", "signing_key", "unseal"]

Purpose = Literal["cover", "receipt"]
MOST_BYTES: Final = 64 * 1024 * 1024


def signing_key(variable: str) -> bytes:
    """The key that the environment variable holds.

    Raises:
        SigningKeyError: It is not set, or has fewer than 16 characters.
    """
    meaning = "the key that was agreed with the other side"
    return signing.signing_key(variable, meaning=meaning, refusal="Nothing is dispatched unsigned.")


def seal(content: Mapping[str, Any], *, key: bytes, purpose: Purpose) -> bytes:
    """The document: content, algorithm and signature; the same content gives the same bytes."""
    document = {"algorithm": ALGORITHM, "content": dict(content), "signature": signature(content, key=key, purpose=purpose)}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def unseal(document: bytes, *, key: bytes, purpose: Purpose) -> dict[str, Any]:
    """The content of a document whose signature holds.

    Raises:
        ReceiptFormatError: It is not such a document. ForgedReceiptError: the signature does not hold.
    """
    try:
        parsed = json.loads(document[:MOST_BYTES])
        content, given = parsed["content"], parsed["signature"]
        if parsed["algorithm"] != ALGORITHM or not isinstance(content, dict) or not isinstance(given, str):
            raise ValueError
        held = holds(given, content, key=key, purpose=purpose)
    except (ValueError, KeyError, TypeError, RecursionError):  # also half of a surrogate pair, which no encoding takes
        raise ReceiptFormatError(
            f"It is not a signed {purpose}: expected JSON with content, algorithm {ALGORITHM} and signature."
        ) from None
    if not held:
        raise ForgedReceiptError(
            "The signature does not hold: it was made with another key, or the content was changed afterwards."
        )
    return content
