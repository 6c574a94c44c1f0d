"""A frozen bundle as one file to be carried, and the signed cover that travels beside it."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from hedui.corrections.dispatch.seal import seal, unseal
from hedui.digests.files import file_digest

MANIFEST: Final = "manifest.json"
OURS: Final = frozenset({"07_receipts", "08_decisions"})
"""Folders of a bundle that come to be after it was frozen; they are not dispatched."""
_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What goes with a packed bundle, signed.

    Attributes:
        bundle: The bundle's id.
        parent: The bundle of the round before; empty in the first.
        round: 1, 2, …
        target: Id of the system that is to be corrected.
        sender: Name of the site.
        file: Name of the packed file.
        size: Its bytes.
        digest: Its SHA-256.
        manifest: SHA-256 of the manifest in it, which in turn names every other file's.
        changes: Rows that change.
        due: Day on which the receipt is due, ISO.
    """

    bundle: str
    parent: str
    round: int
    target: str
    sender: str
    file: str
    size: int
    digest: str
    manifest: str
    changes: int
    due: str


def write_cover(cover: Cover, *, key: bytes) -> bytes:
    """The cover as a signed document."""
    return seal(asdict(cover), key=key, purpose="cover")


def read_cover(document: bytes, *, key: bytes) -> Cover:
    """The cover of a signed document.

    Raises:
        ReceiptFormatError: It is none. ForgedReceiptError: the signature does not hold.
    """
    return Cover(**unseal(document, key=key, purpose="cover"))


def pack(folder: Path, into: Path) -> str:
    """Packs a frozen bundle into a ZIP file; the same bundle gives the same bytes.

    Returns:
        SHA-256 of the file.
    """
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in OURS and not path.is_symlink()
    )
    with zipfile.ZipFile(into, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in files:
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", date_time=_BEGINNING)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            with archive.open(entry, "w", force_zip64=path.stat().st_size > 2**31) as out, path.open("rb") as handle:
                _copy(handle, out)
    return file_digest(into)


def _copy(source: BinaryIO, out: object) -> None:
    while block := source.read(_BLOCK):
        out.write(block)  # type: ignore[attr-defined]
