"""Airflow plugin: mounts Hedui's pages at /hedui/ and links a night's tasks to its report and data docs.

The core API's security module is not declared public by Airflow; this file is the one place that imports it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from airflow.plugins_manager import AirflowPlugin
from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink
from fastapi import Depends

from hedui.workbench.app import create_app
from hedui_airflow.outline import site_of_this_airflow

PREFIX = "/hedui"


def logged_in(user: GetUserDep, _: Annotated[None, Depends(requires_access_view(AccessView.WEBSITE))]) -> Any:
    """Refuses whoever is not logged in to Airflow or may not see its pages."""
    return user


class NightLink(BaseOperatorLink):
    """Button on a task: the page of finished nights, with the workbook and the data docs."""

    name = "对账日报"
    operators = (_PythonDecoratedOperator,)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The page's address; empty (no button) for tasks that make no report."""
        return f"{PREFIX}/" if operator.task_id in {"report", "checks", "cross_rules"} else ""


class HeduiPages(AirflowPlugin):
    """Registers the pages and the link."""

    name = "hedui_pages"
    fastapi_apps = [  # noqa: RUF012 - Airflow's plugin protocol
        {
            "app": create_app(
                reports=Path(os.environ.get("HEDUI_REPORTS", "var/reports")),
                title=site_of_this_airflow().title,
                guard=logged_in,
            ),
            "url_prefix": PREFIX,
            "name": "Hedui 核对",
        }
    ]
    external_views = [  # noqa: RUF012
        {
            "name": "对账日报",
            "href": f"{PREFIX.lstrip('/')}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "hedui-nights",
        }
    ]
    operator_extra_links = [NightLink()]  # noqa: RUF012
