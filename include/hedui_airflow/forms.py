"""Fields that the trigger forms of several DAGs share."""

from __future__ import annotations

from airflow.sdk import Param

LAST_FINISHED_DAY = "不填则取最近一个已结束的业务日"


def optional_date(title: str, description: str = LAST_FINISHED_DAY) -> Param:
    """A date, chosen in a calendar, that may be left empty.

    Args:
        title: Label in Chinese.
        description: What leaving it empty means, in Chinese.
    """
    return Param(None, type=["null", "string"], format="date", title=title, description=description)
