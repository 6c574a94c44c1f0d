"""Text with a separator: the number of records, a strict header, a line per record."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hedui.padis.envelopes import Sheet
from hedui.padis.errors import PackageError
from hedui.site.padis_profile import Delimited

ENDS = {"crlf": "\r\n", "lf": "\n"}


def write(spec: Delimited, names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The text in the envelope's encoding."""
    target = io.StringIO(newline="")
    if spec.count_line:
        target.write(f"{len(rows)}{ENDS[spec.newline]}")
    if spec.quote:
        writer = csv.writer(target, delimiter=spec.separator, quotechar=spec.quote, lineterminator=ENDS[spec.newline])
        if spec.header:
            writer.writerow(names)
        writer.writerows(rows)
    else:  # the mapping has refused values with a separator or a line end
        lines = [names, *rows] if spec.header else list(rows)
        target.writelines(spec.separator.join(line) + ENDS[spec.newline] for line in lines)
    return target.getvalue().encode(spec.encoding)


def read(spec: Delimited, content: bytes) -> Sheet:
    """The records; the count line must agree."""
    try:
        text = content.decode(spec.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = content.count(b"\n", 0, error.start) + 1
        raise PackageError(f"Line {place} is not {spec.encoding}; the agreed encoding is {spec.encoding}.") from None
    declared, text = _count(spec, text)
    lines = list(_split(spec, text))
    first = 2 if spec.count_line else 1
    if not spec.header:
        return _checked(declared, [{str(at): value for at, value in enumerate(line, 1)} for line in lines])
    if not lines:
        raise PackageError(f"Line {first}: there is no header.")
    names, *records = lines
    for number, values in enumerate(records, first + 1):
        if len(values) != len(names):
            raise PackageError(f"Line {number} has {len(values)} columns, the header has {len(names)}.")
    return _checked(declared, [dict(zip(names, values, strict=True)) for values in records])


def _count(spec: Delimited, text: str) -> tuple[int | None, str]:
    if not spec.count_line:
        return None, text
    first, _, rest = text.partition("\n")
    if not first.strip().isdigit():
        raise PackageError("Line 1 is not the number of records.")
    return int(first), rest


def _split(spec: Delimited, text: str) -> list[list[str]]:
    if spec.quote:
        return [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=spec.separator, quotechar=spec.quote) if line]
    return [line.removesuffix("\r").split(spec.separator) for line in text.split("\n") if line.strip("\r")]


def _checked(declared: int | None, rows: list[dict[str, str]]) -> Sheet:
    if declared is not None and declared != len(rows):
        raise PackageError(f"Line 1 declares {declared} records, the file has {len(rows)}.")
    return Sheet(rows=tuple(rows))
