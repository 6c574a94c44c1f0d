"""The errors of the upload."""

from __future__ import annotations

from hedui.errors import HeduiError


class PadisError(HeduiError):
    """Something about the upload is wrong; the message says what, where, and the cure."""


class ReceiptError(PadisError):
    """A receipt cannot be read; it is kept as it came."""


class PackageError(PadisError):
    """A finished file does not hold what it must; nothing was sent."""


class NameTakenError(PadisError):
    """Where the file would go another one of its name is already: a person has to look before anything else is done."""


class DeliveryError(PadisError):
    """Base of what can happen to a file on its way.

    Attributes:
        wait: Seconds that the receiver asks to wait, where it does.
    """

    def __init__(self, message: str, *, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NotDeliveredError(DeliveryError):
    """The file certainly did not arrive: it may be sent again."""


class UnansweredError(DeliveryError):
    """The file may have arrived or not: the receiver must be asked, it must not be sent again."""
