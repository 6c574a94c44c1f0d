"""The body of the feed monitor's task."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict

from hedui_airflow.tasks import Summary, masked, task_context

log = logging.getLogger(__name__)


def run_watch() -> Summary:
    """Looks at the feeds now, and tells what is new and what is over."""
    from hedui.batches.monitor import watch

    done = masked(watch, task_context(), dt.datetime.now(dt.UTC))
    log.info("amiss %d, told for the first time %d, over %d", done.amiss, done.raised, done.recovered)
    return asdict(done)
