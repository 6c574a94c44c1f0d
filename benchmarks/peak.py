"""How much memory a measured process has needed."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def gigabytes() -> float:
    """Peak resident memory of this process, in GB, since its program began.

    On Linux not from ``getrusage``: what it tells of a child began with the parent's memory, as large as that was when it was started.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
