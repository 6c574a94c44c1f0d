"""The lake: partitions of Parquet files that are replaced whole, each with a manifest that says what it holds.

Layout below the root (a folder, or an object store through fsspec)::

    <layer>/<part>/…/<YYYY-MM-DD>/manifest.json      the pointer: which files are the partition's
    <layer>/<part>/…/<YYYY-MM-DD>/<version>/*.parquet

A writer fills a new version's folder and then replaces the manifest, which is atomic on a filesystem and on an object store: a reader
sees the old partition or the new one and never half of one, and a killed writer leaves only an unreferenced folder that the next
write of the partition removes.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import duckdb
import fsspec
from fsspec.core import url_to_fs

from hedui import __version__, engine
from hedui.errors import LakeError

Layer = Literal["raw", "canonical", "findings", "residual", "checks", "regions", "statistics"]


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Address of a partition.

    Attributes:
        layer: ``raw``, ``canonical``, ``findings`` …
        parts: Folder names below the layer: raw (source, dataset), canonical (dataset, source), findings (scope), residual (comparison).
        date: Business date.
    """

    layer: Layer
    parts: tuple[str, ...]
    date: dt.date

    @property
    def path(self) -> str:
        """Path below the lake's root. ``:`` in scope names becomes ``=`` (not allowed in some stores)."""
        return "/".join((self.layer, *(part.replace(":", "=") for part in self.parts), self.date.isoformat()))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a partition holds.

    Attributes:
        rows: Rows in the ``data`` files.
        rejected: Rows in the ``rejects`` files.
        control_totals: Sum in fen per money field.
        digest: SHA-256 over the content of all files in name order; equal content has an equal digest.
        files: Paths below the partition's folder by name: ``data``, ``rejects``, ``left``, ``right`` …
        code_version: Version of Hedui that wrote it.
        meta: Anything small that the step wants to keep (balances, engine, counts); no personal data.
    """

    rows: int
    rejected: int = 0
    control_totals: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    files: dict[str, list[str]] = field(default_factory=dict)
    code_version: str = __version__
    meta: dict[str, Any] = field(default_factory=dict)


class PartitionWriter:
    """A new version of a partition being written; nothing is visible before :meth:`commit`."""

    def __init__(self, lake: Lake, partition: Partition) -> None:
        self._lake = lake
        self._partition = partition
        self._version = f"v-{uuid.uuid4().hex[:12]}"
        self._files: dict[str, list[str]] = {}
        self.committed: Manifest | None = None

    def new_file(self, name: str = "data", *, suffix: str = ".parquet") -> str:
        """Full path (URL for object stores) of a further file of the group ``name``; the caller writes it."""
        files = self._files.setdefault(name, [])
        relative = f"{self._version}/{name}-{len(files):04d}{suffix}"
        files.append(relative)
        return self._lake.full_path(self._partition, relative)

    def commit(self, manifest: Manifest) -> Manifest:
        """Makes the version the partition's content and removes older versions.

        Returns:
            The manifest with ``files`` and ``digest`` filled in.
        """
        digest = hashlib.sha256()
        for name in sorted(self._files):
            for relative in self._files[name]:
                digest.update(name.encode())
                with self._lake.fs.open(self._lake.full_path(self._partition, relative), "rb") as handle:
                    while chunk := handle.read(1 << 20):
                        digest.update(chunk)
        self.committed = replace(manifest, files=self._files, digest=digest.hexdigest())
        self._lake.put_manifest(self._partition, self.committed)
        self._lake.remove_versions(self._partition, keep=self._version)
        return self.committed


class Lake:
    """Partitions below a root path or fsspec URL (``s3://bucket/lake``)."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self.fs: fsspec.AbstractFileSystem
        self.fs, self._base = url_to_fs(self.root)
        self._local = self.fs.protocol in ("file", "local") or "file" in self.fs.protocol
        if not self._local:
            engine.use_store(self.fs)

    def full_path(self, partition: Partition, relative: str = "") -> str:
        """Full path of a file of a partition, fit for DuckDB and pyarrow."""
        path = f"{self.root}/{partition.path}"
        return f"{path}/{relative}" if relative else path

    def manifest(self, partition: Partition) -> Manifest | None:
        """The partition's manifest, or None where there is no such partition."""
        path = self.full_path(partition, "manifest.json")
        try:
            with self.fs.open(path, "rb") as handle:
                return Manifest(**json.loads(handle.read()))
        except FileNotFoundError:
            return None

    def files(self, partition: Partition, name: str = "data") -> list[str]:
        """Full paths of a group of the partition's files; empty where the group is empty.

        Raises:
            LakeError: There is no such partition.
        """
        manifest = self.manifest(partition)
        if manifest is None:
            raise LakeError(f"The lake has no partition {partition.path}; run the step that writes it first.")
        return [self.full_path(partition, relative) for relative in manifest.files.get(name, [])]

    def dates(self, layer: Layer, *parts: str) -> list[dt.date]:
        """Business dates that have a partition, in order."""
        probe = Partition(layer=layer, parts=parts, date=dt.date.min)
        folder = self.full_path(probe).rsplit("/", 1)[0]
        try:
            names = [entry.rstrip("/").rsplit("/", 1)[-1] for entry in self.fs.ls(folder, detail=False)]
        except FileNotFoundError:
            return []
        dates = [dt.date.fromisoformat(name) for name in names if len(name) == 10 and name[:4].isdigit()]
        return sorted(date for date in dates if self.manifest(replace(probe, date=date)) is not None)

    @contextmanager
    def writer(self, partition: Partition) -> Iterator[PartitionWriter]:
        """Opens a new version of a partition; unless it is committed, its files are removed on exit.

        Raises:
            LakeError: The disk is full; the partition is as it was.
        """
        writer = PartitionWriter(self, partition)
        self.fs.makedirs(self.full_path(partition, writer._version), exist_ok=True)
        try:
            yield writer
        except (OSError, duckdb.IOException) as error:
            if not _disk_is_full(error):
                raise
            raise LakeError(
                f"The lake's disk is full; partition {partition.path} stays as it was. Make room and run the step again."
            ) from error
        finally:
            if writer.committed is None:
                self.fs.rm(self.full_path(partition, writer._version), recursive=True)

    def remove(self, partition: Partition) -> None:
        """Removes a partition (its manifest first, so that no reader sees a part of it)."""
        path = self.full_path(partition)
        if self.manifest(partition) is not None:
            self.fs.rm(self.full_path(partition, "manifest.json"))
        if self.fs.exists(path):
            self.fs.rm(path, recursive=True)

    def put_manifest(self, partition: Partition, manifest: Manifest) -> None:
        """Replaces the manifest in one atomic step."""
        path = self.full_path(partition, "manifest.json")
        body = json.dumps(asdict(manifest), ensure_ascii=False, sort_keys=True, indent=1).encode()
        if not self._local:
            with self.fs.open(path, "wb") as handle:
                handle.write(body)
            return
        temporary = f"{path}.{uuid.uuid4().hex[:8]}.tmp"
        with open(temporary, "wb") as handle:
            handle.write(body)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)

    def remove_versions(self, partition: Partition, *, keep: str) -> None:
        """Removes every version of a partition but ``keep``, also those that killed writers left."""
        folder = self.full_path(partition)
        for entry in self.fs.ls(folder, detail=False):
            name = entry.rstrip("/").rsplit("/", 1)[-1]
            if name.startswith("v-") and name != keep:
                self.fs.rm(entry, recursive=True)


def _disk_is_full(error: OSError | duckdb.IOException) -> bool:
    """Whether writing failed for want of room; DuckDB tells it only in its text."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(error, "errno", None) in full or any(os.strerror(code) in str(error) for code in full)
