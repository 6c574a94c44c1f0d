"""Files that a site may have beside those that every site has: read, checked, all mistakes in one error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hedui.errors import SiteError
from hedui.site.base import Model
from hedui.site.documents import Document, read_yaml
from hedui.site.problems import Problems
from hedui.site.validate import parse

T = TypeVar("T", bound=Model)


def read_settings(shape: type[T], folder: Path | None, file: str, check: Callable[[T, Document, Problems], None]) -> T | None:
    """A file of a site's folder as its model; None where the site has no such file.

    Args:
        shape: The model.
        folder: The site's folder; None: the site comes from no folder.
        file: Name of the file.
        check: Adds what the model alone cannot see, to the problems.

    Raises:
        SiteError: With all mistakes, each with file, line, field, value and what is allowed.
    """
    if folder is None or not (folder / file).exists():
        return None
    problems = Problems()
    document = read_yaml(folder, file, problems)
    settings = parse(shape, document, (), problems) if document is not None else None
    if document is not None and settings is not None:
        check(settings, document, problems)
    if len(problems) or settings is None:
        raise SiteError(problems.lines())
    return settings
