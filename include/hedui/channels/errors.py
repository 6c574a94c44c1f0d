"""What goes wrong when channels are watched."""

from __future__ import annotations

from hedui.errors import HeduiError


class ChannelError(HeduiError):
    """The channels cannot be watched."""
