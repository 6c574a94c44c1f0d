"""The papers of a bundle: 处理说明, 修改前后对照表, 数据修改审批单."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hedui.corrections.bundle.approval import write_form
from hedui.corrections.bundle.comparison import write_comparison
from hedui.corrections.bundle.digests import digests_of
from hedui.corrections.bundle.explanation import write_explanation
from hedui.corrections.bundle.figures import figures
from hedui.corrections.bundle.manifest import Event
from hedui.corrections.model import BundlePlan

EXPLANATION: Final = "01_处理说明.docx"
COMPARISON: Final = "05_修改前后对照表.xlsx"
APPROVAL: Final = "06_数据修改审批单.xlsx"


def write_papers(folder: Path, plan: BundlePlan, history: Sequence[Event]) -> None:
    """Writes the three papers, when all other files but the manifest are there."""
    found = figures(plan)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_explanation(folder / EXPLANATION, plan, found, files=files, history=history)
    write_comparison(folder / COMPARISON, plan, found)
    write_form(folder / APPROVAL, plan, found, digests={name: digests_of(folder / name, ("sha256",))["sha256"] for name in files})
