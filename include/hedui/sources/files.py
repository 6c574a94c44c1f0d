"""Files below the inbox: where each dataset's file of a date is, whether it is there, and whether it changes while it is read."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import fsspec
from fsspec.core import url_to_fs

from hedui.context import Context
from hedui.errors import SourceError, SourceMissingError
from hedui.site.models import Source, SqlReader
from hedui.sources.base import Packet


def paths(source: Source, date: dt.date) -> dict[str, str]:
    """Path below the inbox by dataset, for one business date."""
    found: dict[str, str] = {}
    for dataset, spec in source.datasets.items():
        if isinstance(source.reader, SqlReader):
            raise SourceError(f"Source {source.id} is read from a database and has no files.")
        template = spec.path if spec.path is not None else source.reader.path
        found[dataset] = template.format(dataset=dataset, table=spec.table, date=date)
    return found


class Inbox:
    """The files of one source for one date, all there when the inbox was opened.

    Raises:
        SourceMissingError: One of the files is not there.
    """

    def __init__(self, *, context: Context, source: Source, date: dt.date) -> None:
        self._source = source.id
        self._paths = paths(source, date)
        root = context.inbox.rstrip("/")
        self._fs: fsspec.AbstractFileSystem
        self._fs, base = url_to_fs(root)
        self._full = {dataset: f"{base}/{path}" for dataset, path in self._paths.items()}
        self._before = {dataset: self._state(dataset) for dataset in self._full}
        self._digests: dict[str, str] = {}

    def path(self, dataset: str) -> str:
        """The dataset's path below the inbox."""
        return self._paths[dataset]

    @contextmanager
    def open(self, dataset: str) -> Iterator[BinaryIO]:
        """The dataset's file; on exit it must still be the file that was found when the inbox was opened.

        Raises:
            SourceError: The file cannot be read, or it was replaced meanwhile.
        """
        try:
            with self._fs.open(self._full[dataset], "rb") as handle:
                watched = _Digesting(handle)
                yield watched
                self._digests[dataset] = watched.digest()
        except FileNotFoundError:
            raise self._missing(dataset) from None
        except OSError as error:
            raise SourceError(f"Source {self._source}: {self.path(dataset)} cannot be read: {error.strerror or error}.") from error
        if self._state(dataset) != self._before[dataset]:
            raise SourceError(f"Source {self._source}: {self.path(dataset)} changed while it was read; read it again later.")

    def identity(self, dataset: str) -> dict[str, Any]:
        """Size and, after reading, SHA-256 of the dataset's file."""
        identity: dict[str, Any] = {"size": self._before[dataset]["size"]}
        if dataset in self._digests:
            identity["sha256"] = self._digests[dataset]
        return identity

    def packet(self, dataset: str, *, rows: int) -> Packet:
        """The dataset's file as a packet."""
        identity = self.identity(dataset)
        return Packet(number=1, name=self.path(dataset), rows=rows, size=identity["size"], sha256=identity.get("sha256", ""))

    def _state(self, dataset: str) -> dict[str, Any]:
        try:
            info = self._fs.info(self._full[dataset])
        except FileNotFoundError:
            raise self._missing(dataset) from None
        except OSError as error:
            raise SourceError(f"Source {self._source}: the inbox cannot be read: {error.strerror or error}.") from error
        if info.get("type") == "directory":
            raise SourceError(f"Source {self._source}: {self.path(dataset)} is a folder; a file was expected.")
        return {key: info.get(key) for key in ("size", "mtime", "ino", "ETag", "LastModified")}

    def _missing(self, dataset: str) -> SourceMissingError:
        return SourceMissingError(f"Source {self._source}: the file {self.path(dataset)} ({dataset}) is not in the inbox.")


class _Digesting(io.RawIOBase, BinaryIO):
    """A readable file that computes the digest of what is read from its beginning to its end."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._sha = hashlib.sha256()
        self._position = 0  # up to where the digest is complete

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        start = self._handle.tell()
        chunk = self._handle.read(size)
        if start <= self._position < start + len(chunk):
            self._sha.update(chunk[self._position - start :])
            self._position = start + len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        return self._handle.tell()

    def digest(self) -> str:
        """SHA-256 of the whole file; what the reader skipped is read now."""
        self._handle.seek(self._position)
        while chunk := self._handle.read(1 << 20):
            self._sha.update(chunk)
            self._position += len(chunk)
        return self._sha.hexdigest()
