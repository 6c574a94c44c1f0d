"""The bodies of the tasks that push data to other agencies and follow requests for help. XCom carries figures only."""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from hedui.errors import LakeError, SiteError
from hedui_airflow.regions import site_folder
from hedui_airflow.tasks import Summary, business_date, masked, task_context

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


def listed_pushes() -> list[dict[str, str]]:
    """The site's pushes by id and name, for a DAG to map over; none where it has no ``pushes.yaml``."""
    from hedui.site.pushes import load_pushes

    settings = load_pushes(site_folder())
    return [{"push": push.id, "name": push.name} for push in settings.pushes] if settings else []


def _around() -> tuple[Any, Mapping[str, Any], Any, str]:
    from airflow.sdk import get_current_context

    airflow = get_current_context()
    context = task_context()
    return context, airflow, business_date(airflow, timezone=context.site.timezone), f"airflow:{airflow['dag_run'].dag_id}"


def run_push(push: str) -> Summary:
    """Sends a push's files of the business date; skipped where its source has not delivered."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.exchange.pushing import push_out
    from hedui.regions.receiving import ReceiverCodes
    from hedui.site.pushes import load_pushes

    context, _, date, operator = _around()
    try:
        codes = ReceiverCodes(site_folder())
        settings = load_pushes(site_folder())
        assert settings is not None
        one = next(item for item in settings.pushes if item.id == push)
        done = masked(partial(push_out, context, one, date=date, codes=codes, operator=operator))
    except SiteError as error:
        raise AirflowFailException(str(error)) from error
    except LakeError as error:
        raise AirflowSkipException(f"{push} {date}：来源没有数据") from error
    log.info("%s %s: %s", push, date, asdict(done))
    return {"push": push, **asdict(done)}


def take_push_receipts(push: str) -> Summary:
    """Takes the receipts of a push that have come."""
    from hedui.exchange.pushing import take_receipts
    from hedui.site.pushes import load_pushes

    context, _, _, operator = _around()
    settings = load_pushes(site_folder())
    assert settings is not None
    one = next(item for item in settings.pushes if item.id == push)
    counted: dict[str, int] = masked(partial(take_receipts, context, one, operator=operator))
    log.info("%s: %s", push, counted)
    return {"push": push, **counted}


def run_assist() -> Summary:
    """A day of the requests for help: what has come is taken and paired, what waits is sent, what is near its term is reminded of."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.exchange.assist.day import follow
    from hedui.site.assist import FILE

    if not (site_folder() / FILE).exists():
        raise AirflowSkipException(f"The site has no {FILE}.")
    context, _, date, operator = _around()
    try:
        counts: dict[str, int] = masked(partial(follow, context, site_folder(), date=date, operator=operator))
    except SiteError as error:
        raise AirflowFailException(str(error)) from error
    log.info("assist: %s", counts)
    return counts
