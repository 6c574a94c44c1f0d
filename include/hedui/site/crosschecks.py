"""What the parts of a site say about each other."""

from __future__ import annotations

from hedui.site.parts import Parts


def check_site(parts: Parts) -> None:
    """Notes every reference that leads nowhere and every setting that contradicts another."""
