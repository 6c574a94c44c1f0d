"""What goes wrong when systems are inspected."""

from __future__ import annotations

from hedui.errors import HeduiError


class InspectionError(HeduiError):
    """An inspection cannot be made as it was asked for."""


class NotMeasuredError(HeduiError):
    """A probe got no value; the message, in Chinese, is what the report says in place of one."""
