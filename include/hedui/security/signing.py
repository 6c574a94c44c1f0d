"""Keyed digests (HMAC-SHA-256) over JSON content: who shares the key can tell what was written with it from what was not.

The key stands in an environment variable, never in a file of the site. What a signature is for is part of what is signed: a note of one
kind cannot pass for one of another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from hedui.errors import HeduiError

ALGORITHM: Final = "hmac-sha256"
MINIMUM_KEY: Final = 16


class SigningKeyError(HeduiError):
    """There is no key to sign with, or it is too short: nothing leaves unsigned, and no signature can be believed."""


def signing_key(variable: str, *, meaning: str, refusal: str) -> bytes:
    """The key that the environment variable holds.

    Args:
        variable: The variable's name.
        meaning: Which key it is to be set to, for the error.
        refusal: What does not happen without it, for the error.

    Raises:
        SigningKeyError: It is not set, or has fewer than 16 characters.
    """
    key = os.environ.get(variable, "").strip().encode()
    if len(key) < MINIMUM_KEY:
        state = f"has {len(key)} characters" if key else "is not set"
        raise SigningKeyError(f"{variable} {state}; set it to {meaning}, at least {MINIMUM_KEY} characters. {refusal}")
    return key


def canonical(content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys and no blanks."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signature(content: Mapping[str, Any], *, key: bytes, purpose: str) -> str:
    """The keyed digest over a content for a purpose, as hex."""
    return hmac.new(key, f"hedui {purpose}\n".encode() + canonical(content), hashlib.sha256).hexdigest()


def holds(given: str, content: Mapping[str, Any], *, key: bytes, purpose: str) -> bool:
    """Whether a signature is that of the content."""
    return hmac.compare_digest(signature(content, key=key, purpose=purpose).encode(), given.encode())
