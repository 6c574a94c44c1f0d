"""Why a plan cannot become a bundle."""

from __future__ import annotations

from hedui.corrections.errors import CorrectionError


class BundleError(CorrectionError):
    """The plan cannot be frozen; the message names the change by its number, never its data."""
