"""The papers of a bundle: 处理说明, 修改前后对照表, 数据修改审批单."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hedui.corrections.model import BundlePlan


def write_papers(folder: Path, plan: BundlePlan, document: dict[str, Any]) -> None:
    """Writes the three papers; ``document`` is the manifest's content but for the files."""
