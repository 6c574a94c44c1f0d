"""The body of the channel monitor's task."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict

from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary, masked, task_context

log = logging.getLogger(__name__)


def run_watch() -> Summary:
    """Looks at the channels now, and tells what is new and what is over; a site without channels ends as skipped."""
    from airflow.sdk.exceptions import AirflowSkipException

    from hedui.channels.monitor import watch_channels
    from hedui.channels.settings import FILE, load_channels

    if load_channels(site_of_this_airflow()) is None:
        raise AirflowSkipException(f"The site has no {FILE}: it watches no channels.")
    done = masked(watch_channels, task_context(), dt.datetime.now(dt.UTC))
    log.info("amiss %d, told for the first time %d, over %d", done.amiss, done.raised, done.recovered)
    return asdict(done)
