"""The bodies of the tasks that push data to other agencies and follow requests for help. XCom carries figures only."""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from hedui.errors import LakeError, SiteError
from hedui_airflow.exchange_runs import Surroundings, surroundings
from hedui_airflow.regions import site_folder
from hedui_airflow.tasks import Summary, masked

if TYPE_CHECKING:
    from hedui.site.pushes import Push

log = logging.getLogger(__name__)


def listed_pushes() -> list[dict[str, str]]:
    """The site's pushes by id and name, for a DAG to map over; none where it has no ``pushes.yaml``."""
    from hedui.site.pushes import load_pushes

    settings = load_pushes(site_folder())
    return [{"push": push.id, "name": push.name} for push in settings.pushes] if settings else []


def _push(here: Surroundings, push: str) -> Push:
    from hedui.site.pushes import FILE, load_pushes

    settings = load_pushes(here.folder, here.context.site)
    found = next((one for one in settings.pushes if one.id == push), None) if settings else None
    if found is None:
        raise SiteError([f'{FILE}: there is no push "{push}" any more; let the DAG be parsed again'])
    return found


def run_push(push: str) -> Summary:
    """Sends a push's files of the business date; skipped where its source has not delivered."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.exchange.pushing import push_out
    from hedui.regions.receiving import ReceiverCodes

    here = surroundings()
    try:
        one, codes = _push(here, push), ReceiverCodes(here.folder)
        done = masked(partial(push_out, here.context, one, date=here.date, codes=codes, operator=here.operator))
    except SiteError as error:
        raise AirflowFailException(str(error)) from error
    except LakeError as error:
        raise AirflowSkipException(f"{push} {here.date}：来源没有数据") from error
    log.info("%s %s: %s", push, here.date, asdict(done))
    return {"push": push, **asdict(done)}


def take_push_receipts(push: str) -> Summary:
    """Takes the receipts of a push that have come."""
    from airflow.sdk.exceptions import AirflowFailException

    from hedui.exchange.pushing import take_receipts

    here = surroundings()
    try:
        one = _push(here, push)
        counted: dict[str, int] = masked(partial(take_receipts, here.context, one, operator=here.operator))
    except SiteError as error:
        raise AirflowFailException(str(error)) from error
    log.info("%s: %s", push, counted)
    return {"push": push, **counted}


def run_assist() -> Summary:
    """A day of the requests for help: what has come is taken and paired, what waits is sent, what is near its term is reminded of."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.exchange.assist.day import follow
    from hedui.site.assist import FILE

    if not (site_folder() / FILE).exists():
        raise AirflowSkipException(f"The site has no {FILE}.")
    here = surroundings()
    try:
        counts: dict[str, int] = masked(partial(follow, here.context, here.folder, date=here.date, operator=here.operator))
    except SiteError as error:
        raise AirflowFailException(str(error)) from error
    log.info("assist: %s", counts)
    return counts
