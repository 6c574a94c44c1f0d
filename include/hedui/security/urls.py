"""URLs that may stand in settings, logs and messages: a place and nothing else."""

from __future__ import annotations

import re
from typing import Final

_SIGNS: Final = frozenset("@?#")
_USER: Final = re.compile(r"(?<=://)[^\s\"']*@")


def is_plain(url: str) -> bool:
    """Whether a folder or URL names a place only, without a user, a password or options.

    A URL with one of ``@ ? #`` is none, wherever the sign stands: in a password that is not encoded it may stand anywhere.
    """
    return "://" not in url or _SIGNS.isdisjoint(url)


def without_user(text: str) -> str:
    """A text in which URLs have lost user and password."""
    return _USER.sub("…@", text)
