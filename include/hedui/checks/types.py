"""Rule types: ``include/sql/rules/types/<type>.sql``, one SQL text per type that rules apply to fields.

A file begins with a line that says what it checks, then ``-- key: value`` lines: ``type``, ``label`` (Chinese), ``grain``, ``arguments``,
and where Great Expectations has the same expectation itself ``gx``: its type, by its own argument ours (``=text`` for a constant), and
the ``denominator`` for which it says the same; it knows no other.

The text of a type is rendered twice: with a rule's arguments when suites are built, and, where these hold ``{{ … }}``, with the
site's parameters, dated limits and the business date when a check runs. Types across datasets are rendered at run time alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from hedui.engine import SQL_ROOT, render
from hedui.errors import HeduiError

FOLDER = "rules/types"
HEADER = re.compile(r"^-- (\w+): (.*)$")
Grain = Literal["row", "group", "cross"]


@dataclass(frozen=True, kw_only=True)
class RuleType:
    """A rule type.

    Attributes:
        name: The file's name.
        label: Chinese name.
        meaning: What it checks, in English.
        grain: ``row``: each breaking row is a finding; ``group``: each group of rows; ``cross``: rows of several datasets.
        arguments: What a rule gives it, in English.
        gx: The expectation of Great Expectations that says the same, with its arguments; empty where there is none.
    """

    name: str
    label: str
    meaning: str
    grain: Grain
    arguments: str
    gx: dict[str, Any]

    @property
    def file(self) -> str:
        """Path below ``include/sql``."""
        return f"{FOLDER}/{self.name}.sql"

    def text(self, **arguments: Any) -> str:
        """The SQL with a rule's arguments, one line for row and group rules."""
        rendered = render(self.file, **dict.fromkeys(self.names(), "") | arguments)
        lines = [line for line in rendered.splitlines() if not line.startswith("-- ")]
        return " ".join(line.strip() for line in lines if line.strip()).removesuffix(";")

    def names(self) -> tuple[str, ...]:
        """The arguments that the header names."""
        parts = re.sub(r"\([^)]*\)", "", self.arguments).split(",")
        return tuple(part.strip().removeprefix("or ") for part in parts)


@cache
def rule_types() -> dict[str, RuleType]:
    """All rule types by name.

    Raises:
        HeduiError: A file's header lacks a line.
    """
    paths = sorted((SQL_ROOT / FOLDER).glob("*.sql"))
    return {path.stem: _read(path.stem, path.read_text("utf-8").splitlines()) for path in paths}


def _read(name: str, lines: list[str]) -> RuleType:
    header = {match[1]: match[2] for line in lines if (match := HEADER.match(line))}
    try:
        return RuleType(
            name=header["type"],
            label=header["label"],
            meaning=lines[0].removeprefix("-- "),
            grain=header["grain"],  # type: ignore[arg-type]
            arguments=header["arguments"],
            gx=json.loads(header.get("gx", "{}")),
        )
    except KeyError as missing:
        raise HeduiError(f"SQL file {FOLDER}/{name}.sql: the header has no line -- {missing.args[0]}: …") from None


def rule_type(name: str) -> RuleType:
    """The rule type called ``name``.

    Raises:
        HeduiError: There is no such type.
    """
    try:
        return rule_types()[name]
    except KeyError:
        raise HeduiError(f'There is no rule type "{name}"; choose one of {", ".join(rule_types())}, or sql.') from None
