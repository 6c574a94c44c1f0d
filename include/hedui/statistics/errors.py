"""What can be wrong with statistics."""

from __future__ import annotations

from hedui.errors import ConservationError, HeduiError


class StatisticsError(HeduiError):
    """A report is not defined, lacks its input, or was asked for a period that it is not made for."""


class NothingThereError(StatisticsError):
    """The lake has nothing of the period."""


class FootingError(ConservationError):
    """Parts do not add up to their total; nothing is published."""
