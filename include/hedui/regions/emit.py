"""Rows for a receiver that asked for another version of the codes: what is certain is translated, the rest is told apart with why."""

from __future__ import annotations

import csv
import datetime as dt
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hedui.regions.errors import RegionError
from hedui.regions.translate import Outcome, Translated, Translator

REASONS: Final[dict[Outcome, str]] = {
    "several": "一对多，须按地点判定",
    "none": "该版本没有对应代码",
    "unknown": "原版本没有此代码",
}
"""Why a row is not certain, in Chinese."""
PROBLEM: Final = "区划问题"
"""The column that is added to rows which are not certain."""


@dataclass(frozen=True, kw_only=True)
class Emitted:
    """A row for the receiver.

    Attributes:
        row: The row with its codes translated; as it was where one of them is not certain.
        problem: Why not, with the candidates; empty for a row that may be sent.
        moved: Whether any code changed.
    """

    row: dict[str, str]
    problem: str
    moved: bool


def emit(
    rows: Iterable[Mapping[str, str]], translator: Translator, *, columns: Sequence[str], of: dt.date, to: dt.date
) -> Iterator[Emitted]:
    """The rows with the codes of ``columns``, which are of the version in force at ``of``, in that of ``to``; empty cells stay empty."""
    known: dict[str, Translated] = {}
    for row in rows:
        sent, problems = dict(row), []
        for column in columns:
            code = sent[column]
            if not code:
                continue
            if code not in known:
                known[code] = translator.translate(code, of=of, to=to)
            found = known[code]
            if found.code is None:
                candidates = f"（{'、'.join(found.candidates)}）" if found.candidates else ""
                problems.append(f"{column}：{REASONS[found.outcome]}{candidates}")
            else:
                sent[column] = found.code
        yield Emitted(row=dict(row) if problems else sent, problem="；".join(problems), moved=not problems and sent != dict(row))


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written: rows by outcome (``sent``, of them ``moved``, and ``waiting``), and the files."""

    counts: Mapping[str, int]
    sent: Path
    waiting: Path | None


def translate_file(
    source: Path, target: Path, emitted: Callable[[Iterable[Mapping[str, str]]], Iterable[Emitted]], *, needs: Sequence[str]
) -> Written:
    """Translates a CSV file. Rows that are not certain go to ``<target>_待处理.csv``, unchanged, with the reason; each file appears whole.

    Args:
        source: The file.
        target: Where the rows that may be sent go.
        emitted: Translates rows.
        needs: Columns that it reads.

    Raises:
        RegionError: The file has no such column, or a table is not known.
    """
    waiting = target.with_name(f"{target.stem}_待处理{target.suffix or '.csv'}")
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        reader = csv.DictReader(stack.enter_context(source.open(encoding="utf-8-sig", newline="")))
        names = list(reader.fieldnames or ())
        missing = [column for column in needs if column not in names]
        if missing:
            raise RegionError(f"{source.name} has no column {', '.join(missing)}; it has {', '.join(names) or 'no header'}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = {path: path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}") for path in (target, waiting)}
        stack.callback(_discard, tuple(temporary.values()))
        good = stack.enter_context(temporary[target].open("w", encoding="utf-8", newline=""))
        bad = stack.enter_context(temporary[waiting].open("w", encoding="utf-8", newline=""))
        writers = (csv.DictWriter(good, names, lineterminator="\n"), csv.DictWriter(bad, [*names, PROBLEM], lineterminator="\n"))
        for writer in writers:
            writer.writeheader()
        for one in emitted(reader):
            counts["waiting" if one.problem else "sent"] += 1
            counts["moved"] += one.moved
            writers[bool(one.problem)].writerow(one.row | ({PROBLEM: one.problem} if one.problem else {}))
        for handle in (good, bad):
            handle.flush()
        os.replace(temporary[target], target)
        if counts["waiting"]:
            os.replace(temporary[waiting], waiting)
        else:
            waiting.unlink(missing_ok=True)
    return Written(counts=dict(counts), sent=target, waiting=waiting if counts["waiting"] else None)


def _discard(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
