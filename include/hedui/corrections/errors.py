"""What can go wrong with corrections; each part derives its own errors from these."""

from __future__ import annotations

from hedui.errors import HeduiError


class CorrectionError(HeduiError):
    """A bundle cannot be planned, frozen, rehearsed, executed or proven."""


class BundleChangedError(CorrectionError):
    """A frozen bundle is not what it was: a file differs from its digest, or another bundle of the same name was applied."""
