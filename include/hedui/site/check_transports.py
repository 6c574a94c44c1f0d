"""The templates of transports: every place that they name is known, and two files never get one path."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator
from typing import Final, TypeAlias

from hedui.security.urls import is_plain
from hedui.site.padis_transport import FolderTransport, HttpCall, HttpTransport, SoapTransport, Transport
from hedui.site.problems import NOT_PLAIN, choose

Path: TypeAlias = tuple[str | int, ...]
TELLING: Final = frozenset({"name", "stem", "batch", "seq"})
"""Places that are another for every file."""


def places_of(template: str) -> list[str]:
    """The places that a template names.

    Raises:
        ValueError: It is no template.
    """
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def template_problems(template: str, allowed: Collection[str]) -> list[str]:
    """What is wrong with a template that may name the allowed places."""
    try:
        names = places_of(template)
    except ValueError as error:
        return [f'"{template}" is no template: {error}']
    return [f'there is no place "{{{name}}}"; {choose(name, allowed)}' for name in names if name not in allowed]


def transport_problems(transport: Transport, allowed: Collection[str]) -> Iterator[tuple[Path, str]]:
    """What is wrong with the templates of a transport.

    Args:
        transport: How files are sent.
        allowed: Places that a file has.
    """
    if isinstance(transport, FolderTransport) and not is_plain(transport.place or ""):
        yield ("place",), NOT_PLAIN
    for path, template, known in _templates(transport, allowed):
        found = template_problems(template, known)
        yield from ((path, what) for what in found)
        if isinstance(transport, FolderTransport) and not found and TELLING.isdisjoint(places_of(template)):
            needed = " or ".join(f"{{{name}}}" for name in allowed if name in TELLING)
            yield path, f'"{template}" needs {needed}: two files must not have one path'


def _templates(transport: Transport, allowed: Collection[str]) -> Iterator[tuple[Path, str, Collection[str]]]:
    """Places in the file, templates, and what each may name."""
    if isinstance(transport, FolderTransport):
        yield ("path",), transport.path, allowed
    elif isinstance(transport, HttpTransport):
        asked = {"send": allowed, "query": allowed, "receipts": (), "receipt": ("receipt",)}
        for name, known in asked.items():
            if (call := getattr(transport, name)) is not None:
                yield from (((name, *path), template, known) for path, template in _of_call(call))
    elif isinstance(transport, SoapTransport):
        for name in ("send", "query"):
            call = getattr(transport, name)
            for argument, template in call.arguments.items() if call is not None else ():
                yield (name, "arguments", argument), template, (*allowed, "content", "base64")


def _of_call(call: HttpCall) -> Iterator[tuple[Path, str]]:
    yield ("path",), call.path
    yield from ((("headers", name), template) for name, template in call.headers.items())
    yield from ((("form", name), template) for name, template in call.form.items())
