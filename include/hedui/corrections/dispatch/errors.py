"""What can go wrong on the way to a system that others keep, and back."""

from __future__ import annotations

from hedui.errors import HeduiError
from hedui.security.signing import SigningKeyError

__all__ = [
    "DispatchConflictError",
    "DispatchError",
    "ForgedReceiptError",
    "OutboxFullError",
    "ReceiptFormatError",
    "SigningKeyError",
]


class DispatchError(HeduiError):
    """A bundle could not be put into the outbox; nothing half-written is left there, and it may be tried again."""


class OutboxFullError(DispatchError):
    """The outbox has no room."""


class DispatchConflictError(HeduiError):
    """The outbox has another content under the bundle's name; trying again does not help."""


class ReceiptFormatError(HeduiError):
    """A receipt cannot be read, or says something that makes no sense."""


class ForgedReceiptError(HeduiError):
    """A receipt's signature is not that of the one who shares the key."""
