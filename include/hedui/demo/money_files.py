"""Writing the files of the treasury (text with a count line in a ZIP, GBK) and of the banks (fixed width, GB18030)."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from hedui.demo.flow_planting import FlowRow
from hedui.demo.planting import DATES
from hedui.demo.systems.money import GUOKU_HEADER, YINHANG_LAYOUT, guoku_line, yinhang_values

FOLDERS: Final = ("guoku", "yinhang")
RIGHT: Final = ("sqje", "skje")


def write_guoku(out: Path, rows: Iterable[FlowRow]) -> int:
    """One ZIP per date with one text file: the number of records, the header, the records.

    Returns:
        Records.
    """
    kept = sorted(rows, key=lambda row: (row["delivered"], row["receipt_no"]))
    for date in DATES:
        lines = ["|".join(guoku_line(row)) for row in kept if row["delivered"] == date]
        text = "\n".join([str(len(lines)), "|".join(GUOKU_HEADER), *lines, ""]).encode("gbk")
        entry = zipfile.ZipInfo(f"GKRK_{date:%Y%m%d}.txt", date_time=(2026, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        path = out / "guoku" / f"GKRK_{date:%Y%m%d}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(entry, text)
        os.replace(partial, path)
    return len(kept)


def write_yinhang(out: Path, rows: Iterable[FlowRow]) -> int:
    """One file per date: a header record, the records, a trailer with their number and sum.

    Returns:
        Records.
    """
    kept = sorted(rows, key=lambda row: (row["delivered"], row["bank_serial"]))
    for date in DATES:
        mine = [row for row in kept if row["delivered"] == date]
        total = sum(row["paid_fen"] for row in mine)
        lines = [f"H{date:%Y%m%d}".encode() + _padded("和对商业银行", 30), *(_record(row) for row in mine)]
        lines.append(f"T{len(mine):>10}{total:>18}".encode())
        path = out / "yinhang" / f"HP_{date:%Y%m%d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(b"\r\n".join(lines) + b"\r\n")
        os.replace(partial, path)
    return len(kept)


def _record(row: dict[str, Any]) -> bytes:
    parts = zip(YINHANG_LAYOUT, yinhang_values(row), strict=True)
    return b"".join(_padded(text, size, right=name in RIGHT) for (name, size), text in parts)


def _padded(text: str, size: int, *, right: bool = False) -> bytes:
    content = text.encode("gb18030")
    if len(content) > size:
        raise ValueError(f"A value of {len(content)} bytes does not fit into a column of {size} bytes of the bank's record.")
    return content.rjust(size) if right else content.ljust(size)
