"""The form for rows of split codes that no key decides: a workbook out, filled by people, and back in with every mistake named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from hedui.regions.errors import RegionFileError
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.records import SEPARATOR, Waiting
from hedui.regions.migrate.workbook import Column, Sheet, save
from hedui.regions.reading import Mistakes, read_rows, shown
from hedui.site.regions import Target

COLUMNS: Final = (
    *("序号", "行主键", "原代码", "可选现代码", "村级代码", "乡级代码", "地址", "机构"),
    *("未能分配原因", "现代码", "判定人", "判定依据"),
)
_DIGITS = re.compile(r"\d")


def write_form(path: Path, *, plan: Plan, target: Target, waiting: Iterable[Waiting], unmasked: bool = False) -> int:
    """Writes the form of a target.

    Args:
        path: The workbook.
        plan: The plan, for names and possible codes.
        target: The target.
        waiting: Its rows that wait.
        unmasked: Whether numbers in addresses (house, telephone) are shown; the caller has to have audited that.

    Returns:
        The number of rows.
    """
    lines = []
    for number, row in enumerate(waiting, start=1):
        address = row.place.address if unmasked else _DIGITS.sub("*", row.place.address)
        key = row.row_key.replace(SEPARATOR, "/")
        allowed = (
            "；".join(f"{code} {plan.new.name(code)}".strip() for code in _allowed(plan, target, row.old))
            or "新版代码表中的任一代码"
        )
        place = (row.place.village, row.place.township, address, row.place.institution)
        lines.append((str(number), key, row.old, allowed, *place, row.reason, "", "", ""))
    widths = (6, 26, 14, 34, 16, 14, 34, 16, 34, 14, 12, 30)
    columns = [Column(title=title, width=width) for title, width in zip(COLUMNS, widths, strict=True)]
    title = f"{target.label}：区划待判定清单（{plan.mapping.start} → {plan.mapping.end}）"
    save(path, [Sheet(name="待判定", title=title, columns=columns, rows=lines, header_first=True)])
    return len(lines)


def _allowed(plan: Plan, target: Target, old: str) -> tuple[str, ...]:
    if target.kind == "institution":
        return plan.resolver.institutions.get(old, ())
    rule = plan.mapping.rules.get(old[:6])
    return rule.targets if rule else ()


def read_form(path: Path, *, plan: Plan, target: Target, waiting: Iterable[Waiting]) -> list[dict[str, str]]:
    """Reads a filled form of a target. Lines without 现代码 stay in the queue.

    Returns:
        Decisions: ``row_key``, ``old_code``, ``new_code``, ``decided_by``, ``basis``.

    Raises:
        RegionFileError: A line names a row that does not wait, a code that is not allowed, or lacks who decided and why.
    """
    open_rows: Mapping[tuple[str, str], Waiting] = {(row.row_key.replace(SEPARATOR, "/"), row.old): row for row in waiting}
    mistakes = Mistakes()
    seen: set[tuple[str, str]] = set()
    found = []
    for line in read_rows(path, columns=COLUMNS):
        new = line.get("现代码")
        if not new:
            if line.get("判定人") or line.get("判定依据"):
                mistakes.add(line.file, line.number, "现代码 is empty, but 判定人 or 判定依据 is filled; fill it or clear them")
            continue
        key = (line.get("行主键"), line.get("原代码"))
        row = open_rows.get(key)
        if row is None:
            mistakes.add(
                line.file, line.number, "this row does not wait for a decision; use the latest form and leave the keys alone"
            )
            continue
        if key in seen:
            mistakes.add(line.file, line.number, "this row is there twice; keep one")
        seen.add(key)
        if not _fits(plan, target, row.old, new):
            allowed = ", ".join(_allowed(plan, target, row.old)) or "any code of the new table"
            mistakes.add(line.file, line.number, f"现代码 {shown(new)} is not allowed here; allowed: {allowed}")
        for column in ("判定人", "判定依据"):
            if not line.get(column):
                mistakes.add(line.file, line.number, f"{column} is empty; say who decided and by what")
        found.append(
            {
                "row_key": row.row_key,
                "old_code": row.old,
                "new_code": new,
                "decided_by": line.get("判定人"),
                "basis": line.get("判定依据"),
            }
        )
    mistakes.refuse()
    if not found and not open_rows:
        raise RegionFileError([f"{path.name}: nothing waits for a decision in this target"])
    return found


def _fits(plan: Plan, target: Target, old: str, new: str) -> bool:
    """An allowed successor of the old code's length: below a county any code inside an allowed one."""
    allowed = _allowed(plan, target, old)
    if target.kind == "institution":
        return new in allowed
    if len(new) != len(old) or not new.isdigit():
        return False
    return new[:6] in allowed if allowed else new[:6] in plan.new.rows
