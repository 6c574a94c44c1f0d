"""Keyed digests: HMAC-SM3 or HMAC-SHA-256 under a secret that both agencies hold, one sub-key per comparison, purpose and field.

A field's sub-key is the HMAC of the field's name, so that equal values of different fields, purposes or comparisons have nothing in
common. The secret comes from the environment and goes nowhere else: not into files, logs, arguments or error messages.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from hedui.errors import HeduiError

Algorithm = Literal["sm3", "sha256"]
ALGORITHMS: Final[dict[str, str]] = {"sm3": "HMAC-SM3", "sha256": "HMAC-SHA-256"}
"""What manifests call the algorithms."""

LABEL: Final = "hedui/digests/1"
BLOCK: Final = 64
"""Bytes of a block of both hashes."""

KEY_BYTES: Final = 32
FINGERPRINT_DIGITS: Final = 16


@dataclass(frozen=True, kw_only=True)
class Secret:
    """The agencies' common secret.

    Attributes:
        name: Its name: ``HEDUI_DIGEST_KEY_<NAME>`` holds it.
        algorithm: The hash under the HMAC.
    """

    name: str
    algorithm: Algorithm
    _key: bytes

    def __repr__(self) -> str:
        return f"Secret(name={self.name!r}, algorithm={self.algorithm!r})"

    @property
    def fingerprint(self) -> str:
        """Tells secrets apart without telling anything of them: the start of an HMAC of a fixed text."""
        return self.keyed("", "fingerprint", "").hex_of("")[:FINGERPRINT_DIGITS]

    def keyed(self, comparison: str, purpose: str, field: str) -> Keyed:
        """The digests of one field."""
        label = "\0".join((LABEL, comparison, purpose, field)).encode()
        return Keyed(key=Keyed(key=self._key, algorithm=self.algorithm).of(label), algorithm=self.algorithm)


class Keyed:
    """An HMAC whose key has been taken in once: the state after the key's block is copied for each value."""

    def __init__(self, *, key: bytes, algorithm: Algorithm) -> None:
        block = (new_hash(algorithm, key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
        self._inner = new_hash(algorithm, bytes(byte ^ 0x36 for byte in block))
        self._outer = new_hash(algorithm, bytes(byte ^ 0x5C for byte in block))

    def of(self, value: bytes) -> bytes:
        """The digest of bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return bytes(outer.digest())

    def hex_of(self, value: str) -> str:
        """The digest of a text, in 64 hex digits."""
        return self.of(value.encode()).hex()


def new_hash(algorithm: Algorithm, data: bytes) -> Any:
    """A hash object over ``data``: OpenSSL's through hashlib, SM3 through ``cryptography`` where hashlib's OpenSSL lacks it."""
    try:
        return hashlib.new(algorithm, data)
    except ValueError:
        return _Cryptography(data)


class _Cryptography:
    """SM3 of the package ``cryptography`` with hashlib's methods."""

    def __init__(self, data: bytes | None = None) -> None:
        from cryptography.hazmat.primitives import hashes

        if data is not None:
            self._hash = hashes.Hash(hashes.SM3())
            self._hash.update(data)

    def copy(self) -> _Cryptography:
        other = _Cryptography()
        other._hash = self._hash.copy()
        return other

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.copy().finalize()


def secret(name: str, algorithm: Algorithm) -> Secret:
    """The secret called ``name``, from the environment.

    Raises:
        HeduiError: It is not set, or it is not 32 bytes in hex digits. The message never has it.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name):
        raise HeduiError("The name of a key has letters, digits and _ only, as it is part of an environment variable.")
    variable = f"HEDUI_DIGEST_KEY_{name.upper()}"
    text = os.environ.get(variable, "").strip()
    if not text:
        raise HeduiError(f"{variable} is not set; both agencies set it to the same secret, made once by `openssl rand -hex 32`.")
    if not re.fullmatch(r"[0-9A-Fa-f]{64,}", text) or len(text) % 2:
        raise HeduiError(
            f"{variable} has {len(text)} characters or something other than hex digits; it must be {KEY_BYTES} bytes or more in hex, "
            "as `openssl rand -hex 32` prints them."
        )
    return Secret(name=name.lower(), algorithm=algorithm, _key=bytes.fromhex(text))


def same(one: str, other: str) -> bool:
    """Whether two digests are equal, in time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
