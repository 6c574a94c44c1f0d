"""What a DAG file needs to know of the site when it is parsed: names, nothing heavy."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from hedui.errors import HeduiError
from hedui.site import Site, load_site


@lru_cache(maxsize=1)
def site_of_this_airflow() -> Site:
    """The site that ``HEDUI_SITE`` names; a parse and a task each have a process of their own, so it is read once in each.

    A mistake in it becomes the DAG's import error, with file and line.

    Raises:
        HeduiError: The variable is not set. SiteError: the site has mistakes.
    """
    folder = os.environ.get("HEDUI_SITE")
    if not folder:
        raise HeduiError(
            "HEDUI_SITE is not set; set it to the site's folder, for example include/sites/demo, for all Airflow services."
        )
    return load_site(Path(folder), rules=False)
