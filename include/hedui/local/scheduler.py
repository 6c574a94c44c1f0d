"""Airflow's scheduler with the libraries of our tasks imported beforehand.

The LocalExecutor forks its tasks from the scheduler: what is imported here need not be imported by each of a night's thirty tasks.
Only other people's libraries, so that a changed module of ours is used by the next task.
"""

from __future__ import annotations

import importlib
import logging
import runpy
import sys

LIBRARIES = (
    "sqlalchemy",
    "pyarrow.parquet",
    "duckdb",
    "sqlglot",
    "pandas",
    "openpyxl",
    "great_expectations",
    "ruamel.yaml",
    "psycopg2",
)


def main() -> None:
    """Imports the libraries and becomes ``airflow scheduler`` with the command line's arguments."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in LIBRARIES:
        importlib.import_module(name)
    sys.argv = ["airflow", "scheduler", *sys.argv[1:]]
    runpy.run_module("airflow", run_name="__main__")


if __name__ == "__main__":
    main()
