"""What the operations' ledger refuses."""

from __future__ import annotations

from hedui.errors import HeduiError


class OperationsError(HeduiError):
    """A fault, a task or an entry cannot be written as it was asked for."""
