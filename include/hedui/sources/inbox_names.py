"""Names of files: which ones are a dataset's packets of a date, and what a name says of its content."""

from __future__ import annotations

import datetime as dt
import re
import string
from dataclasses import dataclass

FILLED = ("dataset", "table", "date")
PARTS = {
    "type": "[A-Za-z0-9]",
    "insurance": "[A-Za-z0-9]",
    "region": "[0-9]",
    "agency": "[A-Za-z0-9]",
    "batch": "[A-Za-z0-9]",
    "time": "[0-9]",
    "sequence": "[0-9]",
}
"""The characters of each name part."""


class TemplateError(ValueError):
    """A path is no template."""


def fields(template: str) -> list[str]:
    """The placeholders of a template, in order.

    Raises:
        TemplateError: The template is malformed.
    """
    return [name for _, name, _ in _pieces(template) if name is not None]


def is_pattern(template: str) -> bool:
    """Whether several names may fit the template."""
    return "*" in template or any(name not in FILLED for name in fields(template))


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One name between two slashes.

    Attributes:
        exact: Names that fit, with a group per name part.
        loose: Names that were probably meant to fit: name parts of any characters.
        literal: The name, where only one fits.
    """

    exact: re.Pattern[str]
    loose: re.Pattern[str]
    literal: str | None

    def parts(self, name: str) -> dict[str, str] | None:
        """The name parts of a name that fits; None where it does not."""
        found = self.exact.fullmatch(name)
        return found.groupdict() if found else None


def segments(template: str, *, dataset: str, table: str, date: dt.date) -> list[Segment]:
    """The segments of a path's template for one date.

    Raises:
        TemplateError: The template is malformed.
    """
    values = {"dataset": dataset, "table": table}
    exact: list[str] = [""]
    loose: list[str] = [""]
    for text, name, spec in _pieces(template):
        for index, part in enumerate(text.split("/")):
            if index:
                exact.append("")
                loose.append("")
            pattern = "[^/]*".join(re.escape(piece) for piece in part.split("*"))
            exact[-1] += pattern
            loose[-1] += pattern
        if name is None:
            continue
        if name in PARTS:
            exact[-1] += f"(?P<{name}>{PARTS[name]}{{{int(spec)}}})" if spec else f"(?P<{name}>{PARTS[name]}+)"
            loose[-1] += "[^/]*"
            continue
        value = format(date, spec) if name == "date" else values[name]
        for index, part in enumerate(value.split("/")):  # {date:%Y/%m} is two folders
            if index:
                exact.append("")
                loose.append("")
            group = name == "date" and "/" not in value and "(?P<date>" not in "".join(exact)
            exact[-1] += f"(?P<date>{re.escape(part)})" if group else re.escape(part)
            loose[-1] += re.escape(part)
    return [_segment(one, other) for one, other in zip(exact, loose, strict=True)]


def _segment(exact: str, loose: str) -> Segment:
    plain = re.sub(r"\(\?P<date>(.*?)\)", r"\1", exact)
    literal = None if "[" in re.sub(r"\\.", "", plain) else re.sub(r"\\(.)", r"\1", plain)
    return Segment(exact=re.compile(exact), loose=re.compile(loose), literal=literal)


def _pieces(template: str) -> list[tuple[str, str | None, str]]:
    try:
        pieces = [(text, name, spec or "") for text, name, spec, _ in string.Formatter().parse(template)]
    except ValueError as error:
        raise TemplateError(str(error)) from None
    seen: set[str] = set()
    for _, name, spec in pieces:
        if name is None:
            continue
        if name in PARTS:
            if name in seen:
                raise TemplateError(f"{{{name}}} is there twice")
            if spec and not re.fullmatch(r"[1-9]\d?", spec):
                raise TemplateError(f"{{{name}:{spec}}}: write the number of characters, from 1 to 99")
        elif name not in FILLED:
            raise TemplateError(f"unknown placeholder {{{name}}}")
        seen.add(name)
    return pieces
