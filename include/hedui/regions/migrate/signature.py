"""The signature of a 区划迁移核验报告: what every sheet holds, signed with the site's key, on a sheet of its own that people can read.

Signed are the values and number formats of all cells, sheet by sheet, so that a workbook that was only opened and saved again still
verifies. Not signed are colours, widths, comments and drawings.
"""

from __future__ import annotations

import hashlib
import hmac
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from hedui.regions.errors import RegionError
from hedui.reports.cells import safe_text
from hedui.reports.content import Column, Notes, Sheet, Table
from hedui.security.signing import ALGORITHM, holds, signature, signing_key

NAME: Final = "签名"
PURPOSE: Final = "region report"
LABELS: Final = ("签名算法", "密钥指纹", "签名值")
HEADINGS: Final = ("项", "内容")
SUMMARY: Final = "各表摘要及签名；用 hedui regions verify-report 核对"


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What a file's signature says.

    Attributes:
        problems: What is wrong with it, in Chinese; empty where the signature holds.
        facts: What was signed of the run, by label; of a file with problems it proves nothing.
    """

    problems: tuple[str, ...]
    facts: Mapping[str, str]


def report_key(variable: str) -> bytes:
    """The key that reports are signed with.

    Raises:
        SigningKeyError: It is not set, or too short.
    """
    refusal = "Nothing is migrated whose report could not be signed, and no report is written unsigned."
    return signing_key(
        variable, meaning="a key of your own that only those who may sign and check these reports know", refusal=refusal
    )


def fingerprint(key: bytes) -> str:
    """Names a key without telling it."""
    return hmac.new(key, b"hedui key fingerprint", hashlib.sha256).hexdigest()[:16]


def signature_sheet(path: Path, facts: Mapping[str, str], *, key: bytes) -> Sheet:
    """The sheet that signs a written workbook.

    Args:
        path: The workbook, without this sheet.
        facts: What is said of the run, by label.
        key: The site's key.
    """
    facts = {label: safe_text(value) for label, value in facts.items()}
    digests = _digests(path)
    signed = signature(_content(facts, digests), key=key, purpose=PURPOSE)
    rows = [*facts.items(), *zip(LABELS, (ALGORITHM, fingerprint(key), signed), strict=True)]
    fields = (Column(key="label", title=HEADINGS[0], width=34), Column(key="value", title=HEADINGS[1], kind="wrap", width=78))
    blocks = (
        Table(title="所签内容", columns=fields, rows=tuple(rows)),
        Table(
            title="各表摘要（SHA-256）",
            columns=(
                Column(key="sheet", title="表", width=34),
                Column(key="digest", title="摘要", kind="wrap", width=78),
                Column(key="cells", title="非空单元格数", kind="code", width=14),
            ),
            rows=tuple((name, digest, str(cells)) for name, cells, digest in digests),
        ),
        Notes(
            title="核对办法",
            lines=(
                "hedui regions verify-report 本文件：用同一把密钥重算各表摘要和签名，指出被改动、增加或缺少的表。",
                "摘要包括每个单元格的内容和数字格式，不包括颜色、列宽、批注和图形；仅打开另存不影响核对。",
            ),
        ),
    )
    return Sheet(
        name=NAME, title="签名", lead="本表以外的全部内容已签名；持有同一密钥的人可以核对。", blocks=blocks, summary=SUMMARY
    )


def verify_report(path: Path, *, key: bytes) -> Verified:
    """Checks a report's signature against what the file holds now.

    Raises:
        RegionError: There is no such file.
    """
    if not path.is_file():
        raise RegionError(f"There is no file {path.name}; give the report's xlsx.")
    try:
        facts, signed = _read(path)
        digests = _digests(path)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, ParseError):
        return Verified(problems=("不是可以读取的 xlsx 工作簿：文件不完整，或不是核验报告",), facts={})
    if facts is None:
        return Verified(problems=(f"没有“{NAME}”表：报告未签名，或签名已被删除",), facts={})
    algorithm, mark, given = (facts.pop(label, "") for label in LABELS)
    problems = []
    if algorithm != ALGORITHM or not given or not signed:
        problems.append(f"“{NAME}”表不完整：应有{'、'.join(LABELS)}（{ALGORITHM}）和各表摘要")
    elif mark != fingerprint(key):
        problems.append(
            f"签名用的是另一把密钥（指纹 {mark[:16]}，现用密钥的指纹为 {fingerprint(key)}）：先核对密钥；密钥无误即为伪造"
        )
    elif not holds(given, _content(facts, signed), key=key, purpose=PURPOSE):
        problems.append(f"签名与“{NAME}”表不符：该表（迁移编号、批准人、各表摘要等）在签名以后被改动，或签名是伪造的")
    return Verified(problems=(*problems, *_differences(signed, digests)), facts=facts)


def _differences(signed: Sequence[tuple[str, int, str]], found: Sequence[tuple[str, int, str]]) -> list[str]:
    before, after = ({name: (cells, digest) for name, cells, digest in rows} for rows in (signed, found))
    problems = [f"缺少“{name}”表" for name in before if name not in after]
    problems += [f"多出“{name[:31]}”表，不在签名之内" for name in after if name not in before]
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            count = (
                ""
                if before[name][0] == after[name][0]
                else f"（签名时 {before[name][0]:,} 个非空单元格，现有 {after[name][0]:,} 个）"
            )
            problems.append(f"“{name}”表与签名时不符：单元格内容或数字格式被改动{count}")
    if not problems and [row[0] for row in signed] != [row[0] for row in found]:
        problems.append("各表的次序与签名时不符")
    return sorted(problems)


def _content(facts: Mapping[str, str], digests: Sequence[tuple[str, int, str]]) -> dict[str, Any]:
    return {"facts": dict(facts), "sheets": [list(row) for row in digests]}


def _digests(path: Path) -> list[tuple[str, int, str]]:
    """Name, number of filled cells and digest of every sheet but the signature's."""
    book = load_workbook(path)
    return [(sheet.title, *_digest(sheet)) for sheet in book.worksheets if sheet.title != NAME]


def _digest(sheet: Worksheet) -> tuple[int, str]:
    total, cells = hashlib.sha256(sheet.sheet_state.encode()), 0
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                cells += 1
                total.update(f"\n{cell.coordinate}\t{_plain(cell.value)}\t{cell.number_format}".encode())
    return cells, total.hexdigest()


def _plain(value: object) -> str:
    """A cell's value; a whole number reads the same whether it was saved as 5 or 5.0."""
    return f"{value:.15g}" if isinstance(value, int | float) else str(value).replace("\r\n", "\n")


def _read(path: Path) -> tuple[dict[str, str] | None, list[tuple[str, int, str]]]:
    """The facts and the signed digests of the signature's sheet; no facts where there is none."""
    book = load_workbook(path)
    if NAME not in book.sheetnames:
        return None, []
    facts: dict[str, str] = {}
    digests: list[tuple[str, int, str]] = []
    rows = [[str(cell) for cell in row if cell is not None] for row in book[NAME].iter_rows(values_only=True)]
    begin = rows.index(list(HEADINGS)) if list(HEADINGS) in rows else len(rows)
    for row in rows[begin + 1 :]:
        if len(row) == 3 and row[2].isdecimal():
            digests.append((row[0], int(row[2]), row[1]))
        elif len(row) == 2:
            facts[row[0]] = row[1]
    return facts, digests
