"""The reports that there are: ``include/statistics/*.yaml``, each with ``include/sql/statistics/<the same name>.sql``."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from hedui import engine
from hedui.canonical.schemas import datasets
from hedui.site.documents import read_yaml
from hedui.site.problems import Problems, choose
from hedui.site.validate import parse
from hedui.statistics.errors import StatisticsError
from hedui.statistics.model import Definition

FOLDER = Path(os.environ.get("HEDUI_STATISTICS", Path(__file__).resolve().parents[2] / "statistics"))


def load_definitions(folder: Path) -> dict[str, Definition]:
    """The reports of a folder by name.

    A report that reads a dataset which is not canonical yet waits for it: it needs no SQL file until then.

    Raises:
        StatisticsError: With all mistakes, each with file, line, field, value and what is allowed.
    """
    problems = Problems()
    found: dict[str, Definition] = {}
    for path in sorted(folder.glob("*.yaml")):
        document = read_yaml(folder, path.name, problems)
        definition = parse(Definition, document, (), problems) if document is not None else None
        if document is None or definition is None:
            continue
        found[path.stem] = definition
        files = [sql_of(name) for name in (path.stem, *definition.shares)] + (
            [definition.details.sql] if definition.details else []
        )
        for file in files:
            if not awaits(definition) and not (engine.SQL_ROOT / file).is_file():
                problems.add(path.name, 1, "", f"its SQL is missing: write {file} below include/sql")
    if len(problems):
        raise StatisticsError("The definitions of statistics have mistakes:\n" + "\n".join(problems.lines()))
    return found


@cache
def definitions() -> dict[str, Definition]:
    """The shipped reports by name."""
    return load_definitions(FOLDER)


def definition_of(report: str) -> Definition:
    """A report.

    Raises:
        StatisticsError: There is no such report.
    """
    found = definitions()
    if report not in found:
        raise StatisticsError(f'There is no report "{report}"; {choose(report, found)}')
    return found[report]


def sql_of(report: str) -> str:
    """The report's SQL file below ``include/sql``."""
    return f"statistics/{report}.sql"


def awaits(definition: Definition) -> tuple[str, ...]:
    """Datasets that a report reads and that are not canonical yet."""
    return tuple(name for name in definition.reads if name not in datasets())
