"""When what the lake holds was made: only what was read after a bundle was executed can show its result."""

from __future__ import annotations

import datetime as dt

from hedui.context import Context
from hedui.lake import Partition


def made_at(context: Context, partition: Partition) -> dt.datetime | None:
    """When a partition was written last; None where there is none."""
    if context.lake.manifest(partition) is None:
        return None
    made: dt.datetime = context.lake.fs.modified(context.lake.full_path(partition, "manifest.json"))
    return made if made.tzinfo else made.replace(tzinfo=dt.UTC)
