"""Signed notes: a JSON document with a keyed digest over its content, for covers that go out and receipts that come in.

The key is shared with the other side and stands in an environment variable, never in a file of the site. What a signature is for is part
of what is signed: a cover of ours cannot come back as a receipt.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any, Final, Literal

from hedui.corrections.dispatch.errors import ForgedReceiptError, ReceiptFormatError, SigningKeyError

Purpose = Literal["cover", "receipt"]
ALGORITHM: Final = "hmac-sha256"
MINIMUM_KEY: Final = 16
MOST_BYTES: Final = 64 * 1024 * 1024


def signing_key(variable: str) -> bytes:
    """The key that the environment variable holds.

    Raises:
        SigningKeyError: It is not set, or has fewer than 16 characters.
    """
    key = os.environ.get(variable, "").strip().encode()
    if len(key) < MINIMUM_KEY:
        state = f"has {len(key)} characters" if key else "is not set"
        raise SigningKeyError(
            f"{variable} {state}; set it to the key that was agreed with the other side, at least {MINIMUM_KEY} characters. "
            "Nothing is dispatched unsigned."
        )
    return key


def canonical(content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys and no blanks."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signature(content: Mapping[str, Any], *, key: bytes, purpose: Purpose) -> str:
    """The keyed digest over a content for a purpose, as hex."""
    return hmac.new(key, f"hedui {purpose}\n".encode() + canonical(content), hashlib.sha256).hexdigest()


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
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ReceiptFormatError(
            f"It is not a signed {purpose}: expected JSON with content, algorithm {ALGORITHM} and signature."
        ) from None
    if not hmac.compare_digest(signature(content, key=key, purpose=purpose).encode(), given.encode()):
        raise ForgedReceiptError(
            "The signature does not hold: it was made with another key, or the content was changed afterwards."
        )
    return content
