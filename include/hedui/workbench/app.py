"""Pages on finished nights: the list of nights, their workbooks and data docs.

Every route depends on the guard that the host passes in, so that nobody reads a report without being logged in. Files are served only
from the reports folder of a night; a path that leads elsewhere is not found.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse

from hedui.workbench.corrections import add_bundles

log = logging.getLogger(__name__)
TEMPLATES = jinja2.Environment(loader=jinja2.PackageLoader("hedui.workbench", "templates"), autoescape=True)


@dataclass(frozen=True, kw_only=True)
class Night:
    """A finished night as the page lists it.

    Attributes:
        date: Business date.
        workbooks: File names of the workbooks.
        details: File names of the full detail beside them.
        datadocs: Whether the data docs were built.
    """

    date: dt.date
    workbooks: tuple[str, ...]
    details: tuple[str, ...]
    datadocs: bool


def nights(reports: Path) -> list[Night]:
    """The nights that have a report, the latest first."""
    found = []
    for folder in sorted(reports.glob("????-??-??"), reverse=True):
        files = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~")))
        found.append(
            Night(
                date=dt.date.fromisoformat(folder.name),
                workbooks=tuple(name for name in files if name.endswith(".xlsx")),
                details=tuple(name for name in files if name.endswith((".csv", ".parquet"))),
                datadocs=(folder / "datadocs" / "index.html").is_file(),
            )
        )
    return found


def create_app(*, reports: Path, title: str, guard: Callable[..., Any]) -> FastAPI:
    """The app.

    Args:
        reports: Folder of the reports, one folder per business date below it.
        title: The site's title, shown on the page.
        guard: FastAPI dependency that refuses whoever is not logged in, and returns the user.
    """
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    root = reports.resolve()

    @app.get("/", response_class=HTMLResponse)
    def index(user: Any = Depends(guard)) -> HTMLResponse:  # noqa: B008 - FastAPI's way to declare a dependency
        return HTMLResponse(TEMPLATES.get_template("nights.html").render(title=title, nights=nights(root)))

    add_bundles(app, root=root, title=title, guard=guard, templates=TEMPLATES)

    @app.get("/{date}/{path:path}")
    def file(date: dt.date, path: str, user: Any = Depends(guard)) -> FileResponse:  # noqa: B008
        folder = root / date.isoformat()
        target = (folder / path).resolve()
        if not target.is_relative_to(folder) or not target.is_file():
            raise HTTPException(status_code=404, detail="没有这个文件")
        log.info("report file served: %s", target.relative_to(root))
        inline = target.suffix in {".html", ".css", ".js", ".svg", ".png", ".woff2"}
        return FileResponse(target, filename=None if inline else target.name)

    return app
