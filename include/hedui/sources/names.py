"""Names of raw columns as they stand in Parquet: each once, also for engines that do not tell upper from lower case."""

from __future__ import annotations

from collections.abc import Collection

from hedui.site.problems import did_you_mean
from hedui.sources.base import PacketError

RESERVED = "source_row"


def raw_names(header: list[str], *, wanted: Collection[str], place: str, line: int = 1) -> list[str]:
    """The names under which a file's columns are kept.

    A column that the site uses keeps its name; other columns that are nameless or double get a number.

    Args:
        header: The names as received.
        wanted: The names that the site uses.
        place: ``path:line`` of the header, for messages.
        line: The header's line.

    Raises:
        PacketError: A column that the site uses is missing or there twice.
    """
    stripped = [name.strip() for name in header]
    for name in wanted:
        if stripped.count(name) == 1:
            continue
        if name in stripped:
            raise PacketError(
                f'{place}: the header has the column "{name}" twice; the sender must name each column once.',
                rule="B08",
                reason=f"表头中“{name}”列重复",
                line=line,
            )
        raise PacketError(
            f'{place}: the header has no column "{name}"; {_found(stripped, wanted, name)} '
            "Ask the sender for the agreed header, or adapt columns in the source's YAML.",
            rule="B08",
            reason=f"表头缺少“{name}”列",
            line=line,
        )
    taken = {name.lower() for name in wanted} | {RESERVED}
    result = []
    for position, name in enumerate(stripped, start=1):
        if name in wanted:
            result.append(name)
            continue
        unique, number = name or f"列{position}", 2
        while unique.lower() in taken:
            unique, number = f"{name or f'列{position}'}_{number}", number + 1
        taken.add(unique.lower())
        result.append(unique)
    return result


def _found(header: list[str], wanted: Collection[str], name: str) -> str:
    """What the first line has instead. Where it has few of the agreed names it may be no header but a person: then it is not shown."""
    if sum(column in header for column in wanted) * 2 < len(wanted):
        return f"its {len(header)} columns have hardly one of the agreed names, so that it may be no header."
    listed = ", ".join(f'"{_cut(found)}"' for found in header[:40])
    return f"it has {listed}.{did_you_mean(name, header)}"


def _cut(text: str) -> str:
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= 30 else text[:29] + "…"
