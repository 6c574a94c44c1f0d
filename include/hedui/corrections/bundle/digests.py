"""Digests of files: SHA-256, and SM3 (GB/T 32905) where this machine's OpenSSL has it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

CHUNK: Final = 1 << 20
ALGORITHMS: Final = ("sha256", *(("sm3",) if "sm3" in hashlib.algorithms_available else ()))


def digests_of(path: Path, algorithms: tuple[str, ...] = ALGORITHMS) -> dict[str, str]:
    """The file's digests by algorithm."""
    made: list[Any] = [hashlib.new(name) for name in algorithms]
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            for digest in made:
                digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in zip(algorithms, made, strict=True)}
