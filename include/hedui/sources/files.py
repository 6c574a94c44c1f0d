"""Files below the inbox: which ones are each dataset's of a date, whether they are complete, and whether they change while being read."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from hedui.errors import SourceError, SourceIncompleteError, SourceMissingError
from hedui.site.models import Source
from hedui.site.readers import FileReader, SqlReader
from hedui.sources.inbox import Place, said
from hedui.sources.inbox_names import Segment, is_pattern, segments
from hedui.sources.inbox_steady import SteadyFile
from hedui.sources.waiting import incomplete, marker_of, modified_at

STATE = ("size", "mtime", "ino", "ETag", "LastModified")
COPY_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class InboxFile:
    """A file as it was found when the inbox was opened.

    Attributes:
        path: Below the inbox.
        parts: What its name says.
        misnamed: Its name was probably meant to fit the template and does not.
        state: What tells this file from another at the same path.
        modified: When it was last changed.
    """

    path: str
    parts: dict[str, str] = field(default_factory=dict)
    misnamed: bool = False
    state: dict[str, Any] = field(default_factory=dict)
    modified: dt.datetime | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.state.get("size") or 0)


class Inbox:
    """The files of one source for one date, all there and complete when the inbox was opened.

    Raises:
        SourceMissingError: A dataset has no file. SourceIncompleteError: A file is not complete yet.
    """

    def __init__(self, *, place: Place, source: Source, date: dt.date) -> None:
        if isinstance(source.reader, SqlReader):
            raise SourceError(f"Source {source.id} is read from a database and has no files.")
        self._place = place
        self._source = source.id
        self._reader: FileReader = source.reader
        paths = {name: self._reader.path if spec.path is None else spec.path for name, spec in source.datasets.items()}
        self._templates = {
            name: segments(path, dataset=name, table=source.datasets[name].table, date=date) for name, path in paths.items()
        }
        self._files = {
            name: self._find(name, template, many=self._reader.packets and is_pattern(paths[name]))
            for name, template in self._templates.items()
        }
        if not any(self._files.values()):
            raise SourceMissingError(f"Source {self._source}: no packet for {date} is in the inbox.")
        for path in sorted({file.path for files in self._files.values() for file in files}):
            self._check_complete(path)

    def files(self, dataset: str) -> tuple[InboxFile, ...]:
        """The dataset's files in the order of their names."""
        return self._files[dataset]

    def place(self, dataset: str) -> str:
        """The path where the dataset's files of the date are, ``*`` for what differs."""
        return "/".join("*" if segment.literal is None else segment.literal for segment in self._templates[dataset])

    @contextmanager
    def open(self, file: InboxFile, *, anywhere: bool = False) -> Iterator[Digesting]:
        """A file's bytes; on exit it must still be the file that was found when the inbox was opened.

        Args:
            file: Which one.
            anywhere: It will be read here and there: from a distance it is copied to local disk first.

        Raises:
            SourceError: The file cannot be read, or it was replaced meanwhile.
        """
        try:
            with self._handle(file) as handle:
                if anywhere and not self._place.local:
                    with self._copy(handle, file) as copy:
                        yield copy
                else:
                    watched = Digesting(handle)
                    yield watched
                    watched.finish()
        except FileNotFoundError:
            raise self._missing(file.path) from None
        except self._place.errors as error:
            raise self._unreadable(file.path, error) from error
        self._check_same(file)

    def _handle(self, file: InboxFile) -> Any:
        if self._place.local:
            return self._place.fs.open(self._full(file.path), "rb")
        return SteadyFile(place=self._place, path=self._full(file.path), unchanged=lambda: self._check_same(file))

    def _check_same(self, file: InboxFile) -> None:
        if _state(self._info(file.path)) != file.state:
            raise SourceError(f"Source {self._source}: {file.path} changed while it was read; read it again later.")

    @contextmanager
    def _copy(self, handle: BinaryIO, file: InboxFile) -> Iterator[Digesting]:
        with tempfile.TemporaryFile() as target:
            try:
                shutil.copyfileobj(handle, target, COPY_BYTES)
            except OSError as error:
                raise self._unreadable(file.path, error) from error
            target.seek(0)
            watched = Digesting(target)
            yield watched
            watched.finish()

    def _find(self, dataset: str, template: list[Segment], *, many: bool) -> tuple[InboxFile, ...]:
        if not many:
            path = "/".join(segment.literal or "" for segment in template)
            parts = {name: value for segment in template for name, value in (segment.parts(segment.literal or "") or {}).items()}
            if not self._reader.packets or not self._reader.may_be_absent or self._exists(path):
                return (self._file(path, parts, dataset=dataset),)
            return ()
        found = sorted(self._walk("", template, {}), key=lambda file: file.path)
        if not found and not self._reader.may_be_absent:
            raise SourceMissingError(f"Source {self._source}: no packet of {dataset} is in the inbox.")
        return tuple(self._file(file.path, file.parts, misnamed=file.misnamed) for file in found)

    def _walk(self, folder: str, template: list[Segment], parts: dict[str, str]) -> Iterator[InboxFile]:
        """The files below a folder that fit the rest of a template."""
        segment, rest = template[0], template[1:]
        if segment.literal is not None and rest:
            more = segment.parts(segment.literal) or {}
            yield from self._walk(f"{folder}{segment.literal}/", rest, parts | more)
            return
        for name, kind in self._list(folder):
            more_parts = segment.parts(name)
            if rest:
                if kind == "directory" and more_parts is not None:
                    yield from self._walk(f"{folder}{name}/", rest, parts | more_parts)
            elif kind != "directory" and (more_parts is not None or segment.loose.fullmatch(name)):
                yield InboxFile(path=f"{folder}{name}", parts=parts | (more_parts or {}), misnamed=more_parts is None)

    def _list(self, folder: str) -> list[tuple[str, str]]:
        """Names and kinds in a folder, without hidden files and markers."""
        try:
            found = self._place.fs.ls(self._full(folder).rstrip("/"), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except self._place.errors as error:
            raise self._unreadable(folder or ".", error) from error
        names = [(str(info["name"]).rstrip("/").rsplit("/", 1)[-1], str(info.get("type"))) for info in found]
        markers = self._markers({name for name, _ in names})
        return [(name, kind) for name, kind in names if not name.startswith(".") and name not in markers]

    def _markers(self, names: set[str]) -> set[str]:
        complete = self._reader.complete
        return {marker for name in names if complete and (marker := marker_of(name, complete)) in names and marker}

    def _file(self, path: str, parts: dict[str, str], *, misnamed: bool = False, dataset: str = "") -> InboxFile:
        info = self._info(path, dataset)
        return InboxFile(path=path, parts=parts, misnamed=misnamed, state=_state(info), modified=modified_at(info))

    def _check_complete(self, path: str) -> None:
        if self._reader.complete is None:
            return
        reason = incomplete(path=path, modified=modified_at(self._info(path)), complete=self._reader.complete, exists=self._exists)
        if reason is not None:
            raise SourceIncompleteError(
                f"Source {self._source}: {path} is not complete yet: {reason}. It is read by the next run that finds it complete."
            )

    def _exists(self, path: str) -> bool:
        try:
            return bool(self._place.fs.exists(self._full(path)))
        except self._place.errors as error:
            raise self._unreadable(path, error) from error

    def _info(self, path: str, dataset: str = "") -> dict[str, Any]:
        try:
            info: dict[str, Any] = self._place.fs.info(self._full(path))
        except FileNotFoundError:
            raise self._missing(path, dataset) from None
        except self._place.errors as error:
            raise self._unreadable(path, error) from error
        if info.get("type") == "directory":
            raise SourceError(f"Source {self._source}: {path} is a folder; a file was expected.")
        if self._place.local:
            self._check_trusted(path, info)
        return info

    def _check_trusted(self, path: str, info: dict[str, Any]) -> None:
        """Who may only drop files must not make us read others, or wait for ever."""
        if info.get("type") != "file":
            raise SourceError(f"Source {self._source}: {path} is no file (a pipe or device); remove it from the inbox.")
        full = self._full(path)
        folder = os.path.realpath(os.path.dirname(full))
        if info.get("islink") and os.path.commonpath([folder, os.path.realpath(full)]) != folder:
            raise SourceError(f"Source {self._source}: {path} is a link to a file elsewhere; put the file itself into the inbox.")

    def _full(self, path: str) -> str:
        return f"{self._place.base}/{path}"

    def _missing(self, path: str, dataset: str = "") -> SourceMissingError:
        what = f" ({dataset})" if dataset else ""
        return SourceMissingError(f"Source {self._source}: the file {path}{what} is not in the inbox.")

    def _unreadable(self, path: str, error: Exception) -> SourceError:
        return SourceError(f"Source {self._source}: {path} cannot be read: {said(error)}. Reading it again later may help.")


def _state(info: dict[str, Any]) -> dict[str, Any]:
    return {key: info.get(key) for key in STATE}


class Digesting(io.RawIOBase, BinaryIO):
    """A readable file that computes the digest of what is read from its beginning to its end."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._sha = hashlib.sha256()
        self._position = 0  # up to where the digest is complete

    def readable(self) -> bool:  # noqa: D102
        return True

    def seekable(self) -> bool:  # noqa: D102
        return True

    def read(self, size: int = -1) -> bytes:  # noqa: D102
        start = self._handle.tell()
        chunk: bytes = self._handle.read(size)
        if start <= self._position < start + len(chunk):
            self._sha.update(chunk[self._position - start :])
            self._position = start + len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: D102
        if whence == 0 and offset < 0:
            raise ValueError("negative position")
        self._handle.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:  # noqa: D102
        return int(self._handle.tell())

    def finish(self) -> None:
        """Reads what the reader skipped, so that the digest is of the whole file."""
        self._handle.seek(self._position)
        while chunk := self._handle.read(COPY_BYTES):
            self._sha.update(chunk)
            self._position += len(chunk)

    @property
    def size(self) -> int:
        """Bytes that the digest is of."""
        return self._position

    @property
    def sha256(self) -> str:
        """The digest so far; after :meth:`finish`, of the whole file."""
        return self._sha.hexdigest()
