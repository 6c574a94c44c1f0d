"""Root causes of the night's findings, as :mod:`hedui.compare.causes` finds them."""

from __future__ import annotations

from hedui.context import Context
from hedui.reports.night import Cause
from hedui.reports.partitions import NightPartitions


def night_causes(context: Context, partitions: NightPartitions) -> tuple[Cause, ...]:
    """The causes that explain the most findings."""
    return ()
