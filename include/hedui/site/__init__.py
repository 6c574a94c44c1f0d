"""A site's configuration: read, typed, validated. See :mod:`hedui.site.models` for what a site may say."""

from hedui.site.loader import Site, load_site

__all__ = ["Site", "load_site"]
