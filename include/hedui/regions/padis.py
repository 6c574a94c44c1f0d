"""The seven-column change list of PADIS, as TXT, in its ZIP, or as XLSX: count line, strict header, one change a line; read and written.

The public format has four action codes and no word for a part of an area. Written lists say in 调整说明 what the code cannot
(``拆分·部分划出``); lists of others without it are read by their shape: one old code with several new ones is a split.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from hedui.regions.codes import level_of, padded, parents, shape_problem, significant
from hedui.regions.errors import RegionFileError
from hedui.regions.files import change_problems
from hedui.regions.model import KINDS, SCOPES, Change, Kind, Region, Scope
from hedui.regions.reading import Mistakes, decode, file_bytes, read_rows, shown

HEADER: Final = "调整编号,调整说明,原区划名称,原区划代码,调整类型,现区划名称,现区划代码"
LIST_HEADER: Final = "区划名称,区划代码"
ACTIONS: Final[dict[str, str]] = {"11": "新增", "21": "变更", "31": "并入", "41": "迁移"}
LENGTH: Final = 12
_MAX_MEMBER = 64 * 1024 * 1024
_KIND_OF = {label: kind for kind, label in KINDS.items()}
_SCOPE_OF = {label: scope for scope, label in SCOPES.items()}


_Records = list[tuple[int, list[str]]]


@dataclass(kw_only=True)
class _Seen:
    """What earlier lines said, so that a line which repeats or contradicts one can name it."""

    file: str
    mistakes: Mistakes
    serials: dict[str, int] = field(default_factory=dict)
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    old: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def take(self, number: int, serial: str, old: str, new: str, *, whole: bool) -> None:
        """Takes a line's serial number and codes, and whether it says that the whole area moves."""
        if serial and (first := self.serials.setdefault(serial, number)) != number:
            self.mistakes.add(self.file, number, f"调整编号 {shown(serial)} is there twice; line {first} has it")
        if not old or not new:
            return
        if (first := self.pairs.setdefault((old, new), number)) != number:
            self.mistakes.add(self.file, number, f"the change {old} → {new} is there twice; line {first} has it")
        other, other_whole = self.old.setdefault(old, (number, whole))
        if other != number and (whole or other_whole):
            self.mistakes.add(
                self.file, number, f"{old} has another successor in line {other}, and one of them says 整建制; make both parts"
            )


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a PADIS file holds: change rows, and from a ZIP also the full list."""

    changes: tuple[Change, ...]
    regions: tuple[Region, ...] = ()


def read_padis(path: Path, *, start: dt.date, end: dt.date) -> Package:
    """Reads a TXT (a change map), or a ZIP with ``QHDM_BGDZB_*.txt`` and ``QHDM_*.txt``. A count of 0 is a zero report.

    A workbook has the same seven columns on its first sheet, and no count line.

    Args:
        path: The file.
        start: Date of the table that the changes start from.
        end: Date of the table that they lead to.

    Raises:
        RegionFileError: Every mistake with its line; nothing of the file is taken.
    """
    mistakes = Mistakes()
    changes: list[Change] = []
    regions: list[Region] = []
    if path.suffix.lower() == ".xlsx":
        columns = HEADER.split(",")
        lines = [(line.number, [line.get(column) for column in columns]) for line in read_rows(path, columns=columns)]
        changes = _changes(lines, path.name, mistakes, start, end)
    for name, raw in _members(path):
        text = decode(raw, name)
        if "BGDZB" in name.upper() or not path.name.lower().endswith(".zip"):
            changes += _changes(_records(text, name, HEADER, mistakes), name, mistakes, start, end)
        else:
            regions += _regions(text, name, mistakes)
    mistakes.refuse()
    return Package(changes=tuple(_by_shape(changes)), regions=tuple(regions))


def _members(path: Path) -> list[tuple[str, bytes]]:
    if path.suffix.lower() == ".xlsx":
        return []
    raw = file_bytes(path)
    if not path.name.lower().endswith(".zip"):
        return [(path.name, raw)]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [item for item in archive.infolist() if item.filename.lower().endswith(".txt")]
            for item in names:
                if item.file_size > _MAX_MEMBER:
                    raise RegionFileError([f"{path.name}!{item.filename}: unpacks to more than {_MAX_MEMBER >> 20} MB"])
            found = [(f"{path.name}!{item.filename}", archive.read(item)) for item in names]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise RegionFileError([f"{path.name}: is not a readable ZIP: {type(error).__name__}"]) from None
    if not any("BGDZB" in name.upper() for name, _ in found):
        raise RegionFileError(
            [f"{path.name}: holds no QHDM_BGDZB_*.txt; found {', '.join(name for name, _ in found) or 'nothing'}"]
        )
    return found


def _records(text: str, file: str, header: str, mistakes: Mistakes) -> _Records:
    """Line numbers and cells after the count line and the header; mistakes about both."""
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < 2:
        mistakes.add(file, 1, "has no count line and header; line 1 is the number of records, line 2 the header")
        return []
    if lines[1].strip() != header:
        mistakes.add(file, 2, f"the header is {shown(lines[1])}; it must be exactly {header}")
        return []
    records = [(number, line.split(",")) for number, line in enumerate(lines[2:], start=3)]
    count = lines[0].strip()
    if not count.isdigit():
        mistakes.add(file, 1, f"the count line is {shown(count)}; it must be the number of records")
    elif int(count) != len(records):
        mistakes.add(file, 1, f"the count line says {count} records, the file has {len(records)}")
    width = header.count(",") + 1
    for number, cells in records:
        if len(cells) != width:
            mistakes.add(file, number, f"has {len(cells)} columns, the header has {width}")
    return [(number, [cell.strip() for cell in cells]) for number, cells in records if len(cells) == width]


def _changes(records: _Records, file: str, mistakes: Mistakes, start: dt.date, end: dt.date) -> list[Change]:
    found = []
    seen = _Seen(file=file, mistakes=mistakes)
    for number, cells in records:
        serial, remark, old_name, old_raw, action, new_name, new_raw = cells
        before = len(mistakes.found)
        if action not in ACTIONS:
            named = "、".join(f"{code}{label}" for code, label in ACTIONS.items())
            mistakes.add(file, number, f"调整类型 {shown(action)} is not one of {named}")
        if not serial:
            mistakes.add(file, number, "调整编号 is empty")
        old = _code(file, number, "原区划代码", old_raw, mistakes, needed=action != "11")
        new = _code(file, number, "现区划代码", new_raw, mistakes, needed=True)
        for label, name, code in (("原区划名称", old_name, old), ("现区划名称", new_name, new)):
            if code and not name:
                mistakes.add(file, number, f"{label} is empty")
        told = _told(remark)
        seen.take(number, serial, old, new, whole=told is not None and told[1] == "whole")
        if len(mistakes.found) > before:
            continue
        kind, scope = told or _meaning(action, old, new)
        for problem in change_problems(kind, scope, old, new):
            mistakes.add(file, number, problem)
        found.append(
            Change(
                from_date=start,
                to_date=end,
                old_code=old,
                old_name=old_name,
                new_code=new,
                new_name=new_name,
                kind=kind,
                scope=scope,
                level=level_of(new or old),
                basis="padis" if told else "padis_action",
                event=serial,
                doc_no=remark.partition(" ")[2],
            )
        )
    return found


def _told(remark: str) -> tuple[Kind, Scope] | None:
    """Kind and scope as a remark of ours says them."""
    first, _, second = remark.partition(" ")[0].partition("·")
    if first in _KIND_OF and second in _SCOPE_OF:
        return cast("Kind", _KIND_OF[first]), cast("Scope", _SCOPE_OF[second])
    return None


def _meaning(action: str, old: str, new: str) -> tuple[Kind, Scope]:
    """Kind and scope as far as the action code says them."""
    if action == "11":
        return "new", "whole"
    if action == "31":
        return "merge", "whole"
    return ("rename" if old == new else "recode"), "whole"


def _by_shape(changes: Sequence[Change]) -> list[Change]:
    """Rows without a remark of ours: several successors of one old code are parts (or, with the same code, the remainder)."""
    count = Counter(row.old_code for row in changes if row.old_code)
    into = Counter(row.new_code for row in changes if row.old_code and row.new_code != row.old_code)
    found = []
    for row in changes:
        values = {name: getattr(row, name) for name in row.__dataclass_fields__}
        if row.basis == "padis_action" and count[row.old_code] > 1:
            values |= {"kind": "split", "scope": "remain" if row.old_code == row.new_code else "part"}
        elif row.basis == "padis_action" and row.kind == "recode" and into[row.new_code] > 1:
            values |= {"kind": "merge"}
        found.append(Change(**values))
    return found


def _regions(text: str, file: str, mistakes: Mistakes) -> list[Region]:
    found = []
    for number, (name, raw) in _records(text, file, LIST_HEADER, mistakes):
        code = _code(file, number, "区划代码", raw, mistakes, needed=True)
        if not name:
            mistakes.add(file, number, "区划名称 is empty")
        if code:
            above = parents(code)
            found.append(Region(code=code, name=name, level=level_of(code), parent=above[0] if above else ""))
    known = {row.code for row in found}
    return [
        Region(code=row.code, name=row.name, level=row.level, parent=next((up for up in parents(row.code) if up in known), ""))
        for row in found
    ]


def _code(file: str, number: int, column: str, raw: str, mistakes: Mistakes, *, needed: bool) -> str:
    if not raw:
        if needed:
            mistakes.add(file, number, f"{column} is empty")
        return ""
    problem = shape_problem(raw)
    if problem is None and len(raw) not in (12, 15):
        problem = f"has {len(raw)} digits; this format takes 12 or 15, filled up with zeros"
    if problem:
        mistakes.add(file, number, f"{column} {shown(raw)} {problem}")
        return ""
    return significant(raw)


def padis_text(changes: Iterable[Change]) -> tuple[str, list[Change]]:
    """The TXT of change rows, and the rows that it cannot carry: abolished codes without a successor have no 现区划代码.

    Returns:
        The text (to be written as UTF-8; its line ends are carriage return and line feed), and the rows left out.
    """
    carried: list[Change] = []
    left_out: list[Change] = []
    for row in changes:
        (carried if row.new_code else left_out).append(row)
    lines = [str(len(carried)), HEADER]
    for number, row in enumerate(carried, start=1):
        remark = f"{KINDS[row.kind]}·{SCOPES[row.scope]}" + (f" {row.doc_no}" if row.doc_no else "")
        old = padded(row.old_code, LENGTH) if row.old_code else ""
        cells = (str(number), remark, row.old_name, old, _action(row), row.new_name, padded(row.new_code, LENGTH))
        lines.append(",".join(cell.replace(",", "，").replace("\n", " ") for cell in cells))
    return "\r\n".join(lines) + "\r\n", left_out


def _action(row: Change) -> str:
    if row.kind == "new":
        return "11"
    if row.kind == "merge":
        return "31"
    moves = row.old_code[:4] != row.new_code[:4] or row.scope != "whole"
    return "41" if moves else "21"
