from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.errors import SiteError
from hedui.site import load_site

ROOT = Path(__file__).parents[3]


class SiteCopy:
    """A copy of a site that a test may spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def replace(self, file: str, old: str, new: str) -> int:
        """Replaces text that must be there; returns the line of the change."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    def append(self, file: str, text: str) -> int:
        path = self.folder / file
        before = path.read_text("utf-8")
        path.write_text(before + text, "utf-8")
        return before.count("\n") + 1

    def problems(self) -> list[str]:
        with pytest.raises(SiteError) as caught:
            load_site(self.folder)
        return caught.value.problems


@pytest.fixture
def copy_site(tmp_path: Path) -> Callable[[str], SiteCopy]:
    def copy(name: str) -> SiteCopy:
        origin = {"demo": ROOT / "include/sites/demo", "small": ROOT / "tests/sites/small"}[name]
        return SiteCopy(Path(shutil.copytree(origin, tmp_path / name)))

    return copy
