"""The errors of the region parts."""

from __future__ import annotations

from collections.abc import Sequence

from hedui.errors import HeduiError

_SHOWN = 50


class RegionError(HeduiError):
    """Something about regions, mappings or a migration is wrong; the message says what, where, and the cure."""


class RegionFileError(RegionError):
    """A file of regions cannot be used; every mistake is listed with its line.

    Attributes:
        problems: ``file:line: what, the value, what is allowed``.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        shown = "\n".join(self.problems[:_SHOWN])
        more = f"\n… and {len(self.problems) - _SHOWN} more" if len(self.problems) > _SHOWN else ""
        super().__init__(f"{len(self.problems)} mistake(s); nothing of the file was taken:\n{shown}{more}")


class StopError(RegionError):
    """The migration stops because a person must look: the stops are listed in the run's pages and report."""


class ConcurrentWriterError(RegionError):
    """Rows that a migration had logged were changed by someone else before it came to them; the batch was rolled back."""


class ConstraintError(RegionError):
    """A constraint of the database refuses the new codes: rows that become one code collide, or a check does not know it."""


class WindowClosedError(RegionError):
    """The time window of a migration has ended; what is done stays done, the next call goes on from there."""


class UncertainCodeError(RegionError):
    """A code has no certain counterpart in the version that a receiver asks for: its record waits for a person, and is not sent."""
