"""Digests, signatures and encryption of finished files: built in, by an external engine, or by a plug-in.

A plug-in is an entry point: group ``hedui.padis.signers`` gives ``sign(content: bytes, *, key: str) -> bytes``, group
``hedui.padis.ciphers`` gives ``encrypt(content: bytes, *, key: str) -> bytes``. That is how SM2 and certificates come in.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final, cast

from hedui.digests.keys import new_hash, secret
from hedui.padis.errors import PadisError
from hedui.site.padis_profile import Encryption, Signature

SIGNERS: Final = "hedui.padis.signers"
CIPHERS: Final = "hedui.padis.ciphers"
ENGINE_SECONDS: Final = 120
NONCE: Final = {"sm4-gcm": 12, "sm4-cbc": 16}
KEY_BYTES: Final = 16


def sha256(content: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()


def sm3(content: bytes) -> str:
    """SM3 in hex digits."""
    return str(new_hash("sm3", content).digest().hex())


def sign(content: bytes, how: Signature | None) -> str:
    """The signature in Base64; empty where the profile wants none.

    Raises:
        PadisError: The engine is missing or fails.
    """
    if how is None:
        return ""
    if how.engine in ("hmac-sm3", "hmac-sha256"):
        algorithm = "sm3" if how.engine == "hmac-sm3" else "sha256"
        made = secret(how.key, algorithm).keyed("padis", "signature", "file").of(content)  # type: ignore[arg-type]
    elif how.engine == "command":
        made = _command(how.command, content)
    else:
        made = _plugin(SIGNERS, how.engine)(content, key=how.key)
    return base64.b64encode(made).decode("ascii")


def encrypt(content: bytes, how: Encryption | None) -> bytes:
    """The encrypted file; as it is where the profile wants no encryption.

    Raises:
        PadisError: The key or the engine is missing, or the engine fails.
    """
    if how is None:
        return content
    if how.engine in NONCE:
        return _sm4(content, how)
    if how.engine == "command":
        return _command(how.command, content)
    return _plugin(CIPHERS, how.engine)(content, key=how.key)


def decrypt_sm4(content: bytes, *, engine: str, key: str) -> bytes:
    """What :func:`encrypt` made with SM4: for the reference server and for looking at one's own files.

    Raises:
        PadisError: The key is missing or another one, or the file was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    size = NONCE[engine]
    nonce, body = content[:size], content[size:]
    try:
        if engine == "sm4-gcm":
            sealed = Cipher(algorithms.SM4(_key(key)), modes.GCM(nonce, body[-16:])).decryptor()
            return sealed.update(body[:-16]) + sealed.finalize()
        padded = Cipher(algorithms.SM4(_key(key)), modes.CBC(nonce)).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        return unpadder.update(padded.update(body) + padded.finalize()) + unpadder.finalize()
    except (InvalidTag, ValueError):
        raise PadisError("The file cannot be decrypted: it was changed, or the key is another one.") from None


def _sm4(content: bytes, how: Encryption) -> bytes:
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    nonce = os.urandom(NONCE[how.engine])
    if how.engine == "sm4-gcm":
        mode = modes.GCM(nonce)
        sealed = Cipher(algorithms.SM4(_key(how.key)), mode).encryptor()
        return nonce + sealed.update(content) + sealed.finalize() + sealed.tag
    padder = padding.PKCS7(128).padder()
    sealed_cbc = Cipher(algorithms.SM4(_key(how.key)), modes.CBC(nonce)).encryptor()
    return nonce + sealed_cbc.update(padder.update(content) + padder.finalize()) + sealed_cbc.finalize()


def _key(name: str) -> bytes:
    """The first 16 bytes of a sub-key of the secret, which is for this purpose alone."""
    return secret(name, "sm3").keyed("padis", "encryption", "file").of(b"sm4")[:KEY_BYTES]


def _command(command: tuple[str, ...], content: bytes) -> bytes:
    if not command:
        raise PadisError("The engine is an external command, but the profile has no `command`.")
    try:
        done = subprocess.run(list(command), input=content, capture_output=True, timeout=ENGINE_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PadisError(f"The external engine {command[0]} did not run ({type(error).__name__}); check the profile.") from None
    if done.returncode or not done.stdout:
        raise PadisError(
            f"The external engine {command[0]} ended with {done.returncode} and {len(done.stdout)} bytes; see its log."
        )
    return done.stdout


def _plugin(group: str, name: str) -> Callable[..., bytes]:
    found = {point.name: point for point in entry_points(group=group)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none is installed"
        raise PadisError(f'There is no plug-in "{name}" in {group} ({known}); install its package or name another engine.')
    return cast(Callable[..., bytes], found[name].load())
