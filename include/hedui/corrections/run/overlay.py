"""A lake over a lake: what is written stays in a folder of its own, everything else is read from the lake below, which never changes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hedui.lake import Lake, Layer, Manifest, Partition


class OverlayLake(Lake):
    """A lake whose unwritten partitions are those of another.

    Args:
        folder: Where what is written goes.
        below: The lake that is read.
    """

    def __init__(self, folder: Path, below: Lake) -> None:
        super().__init__(str(folder))
        self._below = below
        self._removed: set[Partition] = set()

    def manifest(self, partition: Partition) -> Manifest | None:
        """See :class:`hedui.lake.Lake`."""
        own = super().manifest(partition)
        return own if own is not None or partition in self._removed else self._below.manifest(partition)

    def files(self, partition: Partition, name: str = "data") -> list[str]:
        """See :class:`hedui.lake.Lake`."""
        if super().manifest(partition) is None and partition not in self._removed:
            return self._below.files(partition, name)
        return super().files(partition, name)

    def dates(self, layer: Layer, *parts: str) -> list[dt.date]:
        """See :class:`hedui.lake.Lake`."""
        below = {
            date for date in self._below.dates(layer, *parts) if Partition(layer=layer, parts=parts, date=date) not in self._removed
        }
        return sorted(below | set(super().dates(layer, *parts)))

    def remove(self, partition: Partition) -> None:
        """See :class:`hedui.lake.Lake`."""
        super().remove(partition)
        self._removed.add(partition)
