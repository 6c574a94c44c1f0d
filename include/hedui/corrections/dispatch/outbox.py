"""The outbox: a folder or a server that fsspec writes to. A file appears there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from hedui.context import Context
from hedui.corrections.dispatch.errors import DispatchConflictError, DispatchError, OutboxFullError
from hedui.site.corrections import Outbox
from hedui.sources.inbox import Place, open_place, said

_BLOCK: Final = 1024 * 1024
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_SFTP: Final = frozenset({14, 15})  # SSH_FX_NO_SPACE_ON_FILESYSTEM, SSH_FX_QUOTA_EXCEEDED


@contextmanager
def open_folder(context: Context, target: str, outbox: Outbox, folder: str) -> Iterator[Place]:
    """The folder, open for reading and writing: below its connection, as it stands where it is a URL or absolute, else beside the inbox.

    Raises:
        SourceError: It cannot be reached. DispatchError: nothing is beside the inbox.
    """
    if outbox.connection is not None:
        with open_place(context, target, outbox.connection, below="" if folder == "." else folder) as place:
            yield place
    elif "://" in folder or folder.startswith("/"):
        with open_place(context, target, folder) as place:
            yield place
    else:
        with open_place(context, target, None) as place:
            parent, below, _ = place.base.rpartition("/")
            if not below:
                raise DispatchError(
                    f"{target}: there is no place for {folder} beside the inbox, which is a whole store; give the outbox a connection."
                )
            place.base = f"{parent}/{folder}"
            yield place


def put(place: Place, name: str, source: Path) -> bool:
    """Puts a file there under another name first, and renames it when it is whole.

    Returns:
        Whether it was put: False where the same content was there already.

    Raises:
        OutboxFullError: There is no room. DispatchError: writing failed otherwise; in both cases nothing is left there.
        DispatchConflictError: Another content is there under the name.
    """
    path = f"{place.base}/{name}"
    try:
        if place.fs.exists(path):
            if _same(place, path, source):
                return False
            raise DispatchConflictError(
                f"The outbox already has {name} with another content; it is not overwritten. Ask the other side what it is."
            )
        _write(place, path, source)
    except place.errors as error:
        with suppress(*place.errors):
            place.fs.rm(f"{path}.part")
        if _is_full(error):
            raise OutboxFullError(
                f"The outbox has no room for {name} ({source.stat().st_size:,} bytes); free some, then dispatch it again."
            ) from None
        raise DispatchError(f"{name} could not be put into the outbox ({said(error)}); dispatch it again.") from None
    return True


def _write(place: Place, path: str, source: Path) -> None:
    partial = f"{path}.part"
    place.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    with source.open("rb") as handle, place.fs.open(partial, "wb") as out:
        while block := handle.read(_BLOCK):
            out.write(block)
    place.fs.invalidate_cache()
    size = place.fs.size(partial)
    if size != source.stat().st_size:
        raise OSError(errno.EIO, f"only {size:,} bytes arrived")
    place.fs.mv(partial, path)


def _same(place: Place, path: str, source: Path) -> bool:
    if place.fs.size(path) != source.stat().st_size:
        return False
    there = hashlib.sha256()
    with place.fs.open(path, "rb") as handle:
        while block := handle.read(_BLOCK):
            there.update(block)
    with source.open("rb") as handle:
        return there.digest() == hashlib.file_digest(handle, "sha256").digest()


def _is_full(error: BaseException) -> bool:
    chain: Any = error
    while chain is not None:
        if getattr(chain, "errno", None) in _FULL or getattr(chain, "code", None) in _FULL_SFTP:
            return True
        chain = chain.__cause__ or chain.__context__
    return False


def listed(place: Place, pattern: str, *, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files that match, by name; a larger one comes with its first ``most_bytes`` bytes.

    Raises:
        DispatchError: They cannot be read.
    """
    try:
        place.fs.invalidate_cache()
        if not place.fs.exists(place.base):
            return
        for path in sorted(place.fs.glob(f"{place.base}/{pattern}")):
            with place.fs.open(path, "rb") as handle:
                yield path.rsplit("/", 1)[-1], handle.read(most_bytes)
    except place.errors as error:
        raise DispatchError(f"The folder of receipts cannot be read ({said(error)}); it is looked at again later.") from None
