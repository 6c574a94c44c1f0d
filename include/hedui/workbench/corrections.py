"""Pages with a correction bundle's files for those who decide on it: documents and scripts, never the data that they load."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse

log = logging.getLogger(__name__)
FOLDER: Final = "corrections"
WITHHELD: Final = frozenset({"04_data", "07_receipts"})
"""Folders whose files hold personal data; they are listed, not served."""
_BUNDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a bundle: path below its folder, bytes, and whether it may be opened here."""

    path: str
    size: int
    open: bool


def files(folder: Path) -> list[File]:
    """The files of a bundle by path."""
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and not path.is_symlink():
            found.append(File(path=place.as_posix(), size=path.stat().st_size, open=place.parts[0] not in WITHHELD))
    return found


def add_bundles(app: FastAPI, *, root: Path, title: str, guard: Callable[..., Any], templates: jinja2.Environment) -> None:
    """Adds the pages to the app.

    Args:
        app: The app.
        root: Folder of the reports.
        title: The site's title.
        guard: Refuses whoever is not logged in.
        templates: The pages' templates.
    """

    def folder_of(bundle: str) -> Path:
        folder = root / FOLDER / bundle
        if not _BUNDLE.fullmatch(bundle) or not folder.is_dir():
            raise HTTPException(status_code=404, detail="没有这个处理方案")
        return folder

    @app.get(f"/{FOLDER}/{{bundle}}/", response_class=HTMLResponse)
    def page(bundle: str, user: Any = Depends(guard)) -> HTMLResponse:  # noqa: B008 - FastAPI's way to declare a dependency
        listed = files(folder_of(bundle))
        return HTMLResponse(templates.get_template("bundle.html").render(title=title, bundle=bundle, files=listed))

    @app.get(f"/{FOLDER}/{{bundle}}/{{path:path}}")
    def file(bundle: str, path: str, user: Any = Depends(guard)) -> FileResponse:  # noqa: B008
        folder = folder_of(bundle)
        known = {item.path for item in files(folder) if item.open}
        if path not in known:
            raise HTTPException(status_code=404, detail="没有这个文件，或其中有个人信息不在此提供")
        log.info("bundle file served: %s/%s", bundle, path)
        return FileResponse(folder / path, filename=path.rsplit("/", 1)[-1])
