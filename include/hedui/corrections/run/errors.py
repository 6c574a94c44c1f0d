"""Why a bundle was not executed, rolled back or rehearsed. Messages name bundle, table, step and figures, never data."""

from __future__ import annotations

from hedui.corrections.errors import CorrectionError
from hedui.sources.retry import TransientError


class RunError(CorrectionError):
    """A bundle cannot be run on its target; nothing of it was kept."""


class StaleError(RunError):
    """The target's data are not those the bundle was made for; the whole bundle was refused. Trying again does not help.

    Attributes:
        label: What was counted or changed, in Chinese.
        met: Rows it met.
        expected: Rows it must meet.
    """

    def __init__(self, message: str, *, label: str, met: int, expected: int) -> None:
        super().__init__(message)
        self.label = label
        self.met = met
        self.expected = expected


class NotAppliedError(RunError):
    """What is asked for does not fit what the target says of the bundle: rolled back before it was applied, or applied again after."""


class RehearsalFailedError(RunError):
    """The bundle's rehearsal failed, so it cannot be proposed."""


class TransientTargetError(RunError, TransientError):
    """The target could not be reached, or others held its rows; it was tried several times, and may be tried again at any time."""


class OutcomeUnknownError(TransientTargetError):
    """The connection was lost while committing, and the target cannot be asked now: ask it, or just run the bundle again."""
