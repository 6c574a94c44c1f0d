from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def _demo_site() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEDUI_SITE", str(ROOT / "include" / "sites" / "demo"))
        yield


@pytest.fixture(scope="session")
def dag_bag(_demo_site: None) -> Any:
    """All DAGs of the project, parsed once."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))
