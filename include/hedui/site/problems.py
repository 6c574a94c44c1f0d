"""Collects the mistakes of a site, so that all of them are told at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from hedui.security.urls import without_user

NOT_PLAIN = "holds a user, a password or options; make a connection and write its id here"
SHOWN = 60  # characters of a wrong value that a message shows


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`` Did you mean "…"?`` for the nearest allowed word, or nothing."""
    near = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


def choose(word: object, allowed: Iterable[str]) -> str:
    """``choose one of a, b, c. Did you mean "b"?`` — long lists are cut."""
    names = sorted(dict.fromkeys(allowed))
    if not names:
        return "there is none to choose from."
    listed = ", ".join(names[:40]) + (", …" if len(names) > 40 else "")
    return f"choose one of {listed}.{did_you_mean(str(word), names)}"


class Problems:
    """Mistakes with their places."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, str], list[str]] = {}

    def __len__(self) -> int:
        return sum(len(texts) for texts in self._found.values())

    def add(self, file: str, line: int, path: str | tuple[str | int, ...], what: str) -> None:
        """Notes one mistake.

        Args:
            file: File below the site's folder.
            line: Line, from 1.
            path: The field, dotted or as a tuple; empty for the whole line.
            what: What is wrong, the value, what is allowed.
        """
        dotted = path if isinstance(path, str) else ".".join(self.cut(str(part)) for part in path)
        texts = self._found.setdefault((file, line, dotted), [])
        if what not in texts:
            texts.append(what)

    def lines(self) -> list[str]:
        """All mistakes, by file and line: ``file:line: field.path: what``."""
        return [
            f"{file}:{line}: {path}: {what}" if path else f"{file}:{line}: {what}"
            for (file, line, path), texts in sorted(self._found.items())
            for what in texts
        ]

    @staticmethod
    def cut(text: str) -> str:
        """``text`` without line breaks and without the password of a URL, cut to a length that fits a message."""
        text = without_user(" ".join(text.split()))
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"

    @classmethod
    def show(cls, value: Any) -> str:
        """A value as messages show it."""
        if value is None:
            return "nothing"
        if isinstance(value, dict):
            return "a mapping"
        if isinstance(value, list):
            return "a list"
        return f'"{cls.cut(value)}"' if isinstance(value, str) else cls.cut(str(value))
