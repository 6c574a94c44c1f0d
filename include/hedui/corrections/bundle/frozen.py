"""A frozen bundle as it is read back: verified whole when it is opened, and again while its data are read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from hedui.corrections.bundle import manifest as manifests
from hedui.corrections.bundle.datafiles import DATA
from hedui.corrections.bundle.digests import digests_of
from hedui.corrections.bundle.manifest import Manifest
from hedui.corrections.bundle.planfile import CHANGES, PLAN, REASONS, read_changes, read_head, read_reasons
from hedui.corrections.bundle.tables import rows_of
from hedui.corrections.errors import BundleChangedError
from hedui.corrections.model import BundlePlan, Change, Dialect, Target, Value
from hedui.corrections.sql.dialects import speech
from hedui.corrections.sql.shape import Shape
from hedui.corrections.sql.statement import Statement, Step
from hedui.corrections.sql.statements import StatementSet

LATER: Final = frozenset({"07_receipts", "08_decisions"})
"""Folders for what comes to be after the bundle was frozen; nothing in them is part of it."""
BLOCK: Final = 1 << 20
NEWLINE: Final = "0a"


def _none(shape: Shape) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class FrozenBundle:
    """A bundle whose files are what they were when it was frozen.

    Attributes:
        folder: Its folder, named by its id.
        digest: SHA-256 of its manifest, which names every other file's: the bundle's identity.
        manifest: What the manifest says.
    """

    folder: Path
    digest: str
    manifest: Manifest = field(repr=False)

    @property
    def id(self) -> str:
        """The bundle's id."""
        return self.manifest.id

    @cached_property
    def plan(self) -> BundlePlan:
        """The plan, exactly as it was frozen; all of its changes are in memory."""
        head = read_head((self.folder / PLAN).read_bytes())
        reasons = tuple(read_reasons(self._lines(REASONS)))
        return BundlePlan(**head, changes=tuple(self.changes()), reasons=reasons)

    @cached_property
    def target(self) -> Target:
        """The plan's target, without reading the changes."""
        target: Target = read_head((self.folder / PLAN).read_bytes())["target"]
        return target

    def changes(self) -> Iterator[Change]:
        """The changes one by one.

        Raises:
            BundleChangedError: At the end, where the file is not the frozen one.
        """
        return read_changes(self._lines(CHANGES))

    def _lines(self, name: str) -> Iterator[bytes]:
        """A file's lines; its digest is compared at the end, so whoever works on them must not commit before."""
        digest = hashlib.sha256()
        with (self.folder / name).open("rb") as file:
            for line in file:
                digest.update(line)
                yield line
        self._compare(name, digest.hexdigest())

    def statements(
        self, step: Step, copies: Mapping[str, str] | None = None, *, dialect: Dialect | None = None
    ) -> tuple[Statement, ...]:
        """The statements of a step, the same texts as in the frozen scripts.

        Args:
            step: The step.
            copies: Quoted names of copies by table: for a rehearsal upon them, with work tables of their own.
            dialect: Another dialect than the target's, for a rehearsal elsewhere.
        """
        statements = StatementSet(
            bundle=self.id,
            shapes=self.manifest.shapes,
            dialect=dialect or Dialect(self.manifest.dialect),
            unicode=self.manifest.unicode,
            copies=copies or {},
            rows=self._stage_rows,
            csv=self._csv if (dialect or self.manifest.dialect) == Dialect.POSTGRESQL else _none,
        )
        return statements.step(step)

    def _csv(self, shape: Shape) -> Callable[[], Iterator[bytes]] | None:
        """The frozen data file of a table's changes; none where its records end as only SQL*Loader reads them."""
        if self.manifest.document["data"]["record_end"] != NEWLINE:
            return None
        name = f"{DATA}/{speech(Dialect(self.manifest.dialect)).work(shape.work_name('S', self.id))}.csv"
        return lambda: self._blocks(name)

    def _blocks(self, name: str) -> Iterator[bytes]:
        """A file in blocks; its digest is compared at the end, as :meth:`_lines` does."""
        digest = hashlib.sha256()
        with (self.folder / name).open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                yield block
        self._compare(name, digest.hexdigest())

    def _compare(self, name: str, digest: str) -> None:
        expected = next(item for item in self.manifest.files if item.path == name)
        if digest != expected.digests["sha256"]:
            raise _changed(self.folder, [f"{name} differs"])

    def _stage_rows(self, shape: Shape) -> Iterator[tuple[Value, ...]]:
        return rows_of(self.changes(), shape, bundle=self.id)

    def verify(self) -> None:
        """Compares every file with its digest.

        Raises:
            BundleChangedError: A file differs, is gone, or was added.
        """
        open_bundle(self.folder, digest=self.digest)


def open_bundle(folder: Path, *, digest: str | None = None) -> FrozenBundle:
    """Opens a frozen bundle and verifies all of it.

    Args:
        folder: The bundle's folder.
        digest: What its digest was when it was frozen; None: unknown.

    Raises:
        BundleChangedError: A file differs, is gone, or was added, or the manifest is not the one of ``digest``.
    """
    try:
        content = (folder / manifests.NAME).read_bytes()
    except OSError:
        raise _changed(folder, [f"{manifests.NAME} cannot be read"]) from None
    found = hashlib.sha256(content).hexdigest()
    if digest is not None and found != digest:
        raise _changed(folder, [f"{manifests.NAME} has digest {found[:16]}… instead of {digest[:16]}…"])
    try:
        manifest = manifests.read(content, tables=read_head((folder / PLAN).read_bytes())["tables"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _changed(folder, [f"{manifests.NAME} or {PLAN} cannot be read"]) from None
    problems = _differences(folder, manifest)
    if problems:
        raise _changed(folder, problems)
    return FrozenBundle(folder=folder, digest=found, manifest=manifest)


def _differences(folder: Path, manifest: Manifest) -> list[str]:
    problems = []
    for file in manifest.files:
        path = folder / file.path
        if path.is_symlink() or not path.is_file():
            problems.append(f"{file.path} is gone")
        elif path.stat().st_size != file.bytes or digests_of(path, ("sha256",))["sha256"] != file.digests["sha256"]:
            problems.append(f"{file.path} differs")
    known = {file.path for file in manifest.files} | {manifests.NAME}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if place.parts[0] not in LATER and not path.is_dir() and place.as_posix() not in known:
            problems.append(f"{place.as_posix()} was added")
    return problems


def _changed(folder: Path, problems: list[str]) -> BundleChangedError:
    return BundleChangedError(
        f"Bundle {folder.name} is not what was frozen: {'; '.join(problems[:5])}"
        f"{f' and {len(problems) - 5} more' if len(problems) > 5 else ''}. Nothing is done with it; plan a new bundle."
    )
