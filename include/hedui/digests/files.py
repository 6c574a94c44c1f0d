"""What agencies exchange: a folder with the digested rows and a manifest that says what they are, sealed under the common secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, get_type_hints

from hedui.digests.keys import ALGORITHMS, Secret, same
from hedui.errors import HeduiError

FORMAT: Final = "hedui-digests/1"
NORMALISER: Final = "1"
"""Version of how values are cleaned and written before they are digested: a change of it makes equal values differ."""

ROWS, MANIFEST = "rows.parquet", "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """The manifest of one side's digested rows.

    Attributes:
        format: Version of the layout.
        normaliser: Version of cleaning and writing; both sides must have the same.
        algorithm: ``HMAC-SM3`` or ``HMAC-SHA-256``.
        key_fingerprint: Tells which secret it was.
        comparison: The comparison's id.
        source: The side.
        dataset: Its canonical dataset.
        business_date: The day of the rows.
        key: The comparison's key fields.
        columns: Columns with their purpose: ``value``, ``row`` or ``clear``.
        map_from, map_to: Fields of the side's key map, or empty.
        rows: Rows in the file.
        rejected: Rows that could not be converted and are not in it.
        sha256: Digest of the file.
        seal: HMAC over all of this.
    """

    format: str
    normaliser: str
    algorithm: str
    key_fingerprint: str
    comparison: str
    source: str
    dataset: str
    business_date: str
    key: list[str]
    columns: dict[str, str]
    map_from: str
    map_to: str
    rows: int
    rejected: int
    sha256: str
    seal: str = ""

    @property
    def date(self) -> dt.date:
        """The business date."""
        return dt.date.fromisoformat(self.business_date)

    def sealed_by(self, secret: Secret) -> str:
        """The seal that the manifest must have."""
        content = {name: value for name, value in asdict(self).items() if name != "seal"}
        return secret.keyed(self.comparison, "seal", self.source).hex_of(json.dumps(content, ensure_ascii=True, sort_keys=True))


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_manifest(folder: Path, exchange: Exchange) -> Path:
    """Writes the manifest, the last file of a folder: one without it is not complete."""
    path = folder / MANIFEST
    path.write_text(json.dumps(asdict(exchange), ensure_ascii=False, sort_keys=True, indent=1) + "\n", "utf-8")
    return path


def read_exchange(folder: Path, *, secret: Secret | None) -> Exchange:
    """The manifest of a folder whose file is what the manifest says.

    Args:
        folder: The folder as it was received.
        secret: The common secret, to check the seal; None for one who compares without it.

    Raises:
        HeduiError: The folder is not complete, was changed, or was made by another version or under another secret.
    """
    exchange = _parsed(folder)
    if exchange.format != FORMAT or exchange.normaliser != NORMALISER:
        found = f"format {exchange.format}, normaliser {exchange.normaliser}"
        raise HeduiError(f"{folder}: {found}; this version reads {FORMAT}, {NORMALISER}. Let both agencies use the same release.")
    if exchange.algorithm not in ALGORITHMS.values():
        raise HeduiError(f"{folder}: unknown algorithm {exchange.algorithm[:40]}; known are {', '.join(ALGORITHMS.values())}.")
    rows = folder / ROWS
    if not rows.exists():
        raise HeduiError(f"{folder} has no {ROWS}; ask for the whole folder.")
    if file_digest(rows) != exchange.sha256:
        raise HeduiError(f"{rows} is not the file that its manifest describes; it was changed or cut on the way, ask for it again.")
    if secret is not None:
        if not same(secret.fingerprint, exchange.key_fingerprint) or ALGORITHMS[secret.algorithm] != exchange.algorithm:
            raise HeduiError(
                f"{folder} was made with {exchange.algorithm} and the key {exchange.key_fingerprint}, not with "
                f"{ALGORITHMS[secret.algorithm]} and {secret.fingerprint}; both agencies need the same secret and algorithm."
            )
        if not same(exchange.sealed_by(secret), exchange.seal):
            raise HeduiError(f"{folder / MANIFEST} does not bear the seal of the common key: it was changed; ask for it again.")
    return exchange


def _parsed(folder: Path) -> Exchange:
    path = folder / MANIFEST
    try:
        raw: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise HeduiError(f"{folder} has no {MANIFEST}; name a folder that `hedui digests export` has made.") from None
    except (ValueError, UnicodeDecodeError):
        raise HeduiError(f"{path} is not JSON; ask for the folder again.") from None
    hints = get_type_hints(Exchange)
    names = [field.name for field in fields(Exchange)]
    if not isinstance(raw, dict) or sorted(raw) != sorted(names):
        raise HeduiError(f"{path} does not have the entries of {FORMAT}; ask for the folder again.")
    for name in names:
        if not isinstance(raw[name], getattr(hints[name], "__origin__", hints[name])):
            raise HeduiError(f"{path}: {name} is a {type(raw[name]).__name__}; ask for the folder again.")
    return Exchange(**raw)
