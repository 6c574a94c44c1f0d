"""The site's say on corrections, as the steps ask for it."""

from __future__ import annotations

from hedui.context import Context
from hedui.corrections.errors import CorrectionError
from hedui.site.check_corrections import load_corrections
from hedui.site.corrections import FILE, CorrectionSettings, Target


def correction_settings(context: Context) -> CorrectionSettings | None:
    """The site's ``corrections.yaml``; None where it has none.

    Raises:
        SiteError: It has mistakes.
    """
    folder = context.site.folder
    return load_corrections(folder, context.site) if folder is not None else None


def target_of(context: Context, target_id: str) -> Target:
    """A target of the site.

    Raises:
        CorrectionError: The site has no ``corrections.yaml``. HeduiError: it has no such target.
    """
    return needed_settings(context).target(target_id)


def needed_settings(context: Context) -> CorrectionSettings:
    """As :func:`correction_settings`, where they must be there.

    Raises:
        CorrectionError: The site has no ``corrections.yaml``.
    """
    settings = correction_settings(context)
    if settings is None:
        raise CorrectionError(
            f"The site {context.site.id} has no {FILE}: it says which systems are corrected, see docs/corrections.md."
        )
    return settings
