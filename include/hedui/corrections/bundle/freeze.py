"""Freezes a plan into a folder: documents, SQL, data, manifest. The same plan and history give the same bytes."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hedui.corrections.bundle import manifest as manifests
from hedui.corrections.bundle.checks import checked, needs_unicode
from hedui.corrections.bundle.datafiles import write_data
from hedui.corrections.bundle.digests import ALGORITHMS, digests_of
from hedui.corrections.bundle.frozen import FrozenBundle, open_bundle
from hedui.corrections.bundle.manifest import Event, File
from hedui.corrections.bundle.papers import write_papers
from hedui.corrections.errors import BundleChangedError
from hedui.corrections.model import DECISION_LABELS, BundlePlan
from hedui.corrections.sql.program import program
from hedui.corrections.sql.scripts import Heading, Scripts
from hedui.corrections.sql.shape import plan_shapes
from hedui.corrections.sql.statements import StatementSet

PROGRAM: Final = "02_修改程序"
SQL: Final = "03_sql"
LEFT_AFTER: Final = 24 * 3600
"""Seconds after which an unfinished folder belongs to nobody."""
CHECKSUMS: Final = {"sha256": "SHA256SUMS", "sm3": "SM3SUMS"}


def freeze(plan: BundlePlan, *, folder: Path, history: Sequence[Event] = ()) -> FrozenBundle:
    """Makes the frozen folder of a plan, which appears whole or not at all; once it is there it is only verified.

    Args:
        plan: The plan.
        folder: Where the bundle's own folder, named by its id, is made.
        history: What was done so far; its times are the only ones in the bundle.

    Raises:
        BundleError: A change cannot be written safely.
        BundleChangedError: There is a bundle of that id with other content.
    """
    plan = checked(plan)
    final = folder / plan.id
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    temporary = folder / f".{plan.id}.{uuid.uuid4().hex[:8]}"
    try:
        digest = _write(temporary, plan, history)
        if not final.exists():
            try:
                os.rename(temporary, final)
            except OSError:
                if not final.exists():
                    raise
        return _same(final, digest)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Removes what killed processes have left long ago: it holds personal data."""
    for left in folder.glob(".BUNDLE-*.*"):
        with suppress(OSError):
            if left.is_dir() and time.time() - left.stat().st_mtime > LEFT_AFTER:
                shutil.rmtree(left)


def _same(folder: Path, digest: str) -> FrozenBundle:
    try:
        return open_bundle(folder, digest=digest)
    except BundleChangedError as error:
        raise BundleChangedError(
            f"{error} The cases now lead to another bundle than the one that is frozen as {folder.name}: plan under a new id."
        ) from None


def _write(folder: Path, plan: BundlePlan, history: Sequence[Event]) -> str:
    """Writes all files and returns the manifest's digest."""
    for name in (PROGRAM, SQL, "04_data"):
        (folder / name).mkdir(parents=True)
    shapes = plan_shapes(plan)
    unicode = needs_unicode(plan)
    statements = StatementSet(bundle=plan.id, shapes=shapes, dialect=plan.target.dialect, unicode=unicode)
    scripts = Scripts(statements=statements, heading=_heading(plan))
    data = {"unicode": unicode, **write_data(folder, plan, scripts)}
    _write_scripts(folder, scripts)
    write_papers(folder, plan, history)
    files = _files(folder)
    files += _write_checksums(folder, files)
    manifests.write(folder, manifests.document_of(plan, shapes=shapes, data=data, history=history, files=files))
    return digests_of(folder / manifests.NAME, ("sha256",))["sha256"]


def _heading(plan: BundlePlan) -> Heading:
    target = plan.target
    return Heading(
        bundle=plan.id,
        lines=(
            f"目标系统：{target.name}（{target.dialect}），第 {plan.round} 轮，数据日期 {plan.business_date.isoformat()}",
            f"处理决定：{DECISION_LABELS[plan.decision]}；修改 {len(plan.changes)} 行",
            "本文件已封存，不得改动；改动后的文件会被拒绝执行",
        ),
    )


def _write_scripts(folder: Path, scripts: Scripts) -> None:
    makers = {
        "00_precheck.sql": scripts.precheck,
        "10_backup.sql": scripts.backup,
        "20_apply.sql": scripts.apply,
        "30_postcheck.sql": scripts.postcheck,
        "90_rollback.sql": scripts.rollback,
        "99_cleanup.sql": scripts.cleanup,
    }
    texts = {f"{SQL}/{name}": maker(name) for name, maker in makers.items()}
    texts[f"{PROGRAM}/create_tables.sql"] = scripts.create_tables("create_tables.sql")
    texts[f"{PROGRAM}/correct.sql"] = program(scripts, "correct.sql")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _files(folder: Path) -> list[File]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [_file(folder, path) for path in paths]


def _file(folder: Path, path: Path) -> File:
    return File(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, digests=digests_of(path))


def _write_checksums(folder: Path, files: Sequence[File]) -> list[File]:
    """The lists that ``sha256sum -c`` reads; one per algorithm that this machine has."""
    made = []
    for algorithm in ALGORITHMS:
        path = folder / CHECKSUMS[algorithm]
        lines = (f"{file.digests[algorithm]}  {file.path}\n" for file in files)
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
        made.append(path)
    return [_file(folder, path) for path in made]
