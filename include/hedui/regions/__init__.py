"""Region codes: every version since 1984, mappings between them, and half-yearly migrations that prove themselves."""

from __future__ import annotations
