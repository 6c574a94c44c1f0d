"""How reports look: one accent colour, fonts that Chinese offices have, number formats, page set-up."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.properties import PageSetupProperties

from hedui.reports.content import Kind

ACCENT = "1F4E79"
ACCENT_LIGHT = "DCE6F1"
ZEBRA = "F6F9FC"
LINE = "BFC9D4"
INK = "262626"
QUIET = "6B7682"
ALARM = "A61B1B"
ALARM_LIGHT = "FBE9E7"
SERIES_COLOURS = ("1F4E79", "7FA3C7", "B7A57A", "8C9AA8", "5F8575", "C4CDD6", "A9746E", "3B6E8F")

HEADING_FONT = "微软雅黑"
BODY_FONT = "微软雅黑"
PRINT_FONT = "宋体"

SEVERITY_COLOURS = {"阻断": "A61B1B", "错误": "B85C00", "警告": "7A6A00", "提示": QUIET}
STATE_COLOURS = {
    "平衡": "2E6B3E",
    "相符": "2E6B3E",
    "通过": "2E6B3E",
    "按时": "2E6B3E",
    "超时": ALARM,
    "已到": "2E6B3E",
    "已比对": "2E6B3E",
    "平": "2E6B3E",
    "不平": ALARM,
    "总额平明细不符": "B85C00",
    "不通过": ALARM,
    "缺失": ALARM,
    "未比对": "B85C00",
    "含在途": "7A6A00",
    "无数据": QUIET,
    "已停用": QUIET,
    "执行出错": ALARM,
    "未抽取": "B85C00",
    "正常": "2E6B3E",
    "异常": ALARM,
    "未检出": "B85C00",
    "达标": "2E6B3E",
    "未达标": ALARM,
}

FORMATS: dict[Kind, str] = {
    "text": "@",
    "wrap": "@",
    "code": "@",
    "severity": "@",
    "state": "@",
    "link": "@",
    "int": "#,##0_ ",
    "tally": '#,##0_ ;-#,##0_ ;"–"_ ',
    "money": "#,##0.00_ ;[Red]-#,##0.00_ ",
    "diff": '#,##0.00_ ;[Red]-#,##0.00_ ;"—"_ ',
    "percent": "0.00%_ ",
    "date": "yyyy-mm-dd",
}
RIGHT: frozenset[Kind] = frozenset({"int", "tally", "money", "diff", "percent"})
CENTRE: frozenset[Kind] = frozenset({"severity", "state", "date"})

ROW_HEIGHT = 18.0
TEXT_LINE = 14.0

Role = Literal["title", "subtitle", "lead", "heading", "head", "body", "zebra", "total", "note", "label", "fact", "blank"] | str


@dataclass(frozen=True)
class Look:
    """Everything that decides a cell's style; equal looks share one style of the workbook."""

    role: str
    kind: Kind = "text"
    colour: str = ""


def _border(role: str) -> Border:
    thin, strong = Side(style="thin", color=LINE), Side(style="medium", color=ACCENT)
    if role in ("body", "zebra", "head", "fact", "label"):
        return Border(top=thin, bottom=thin, left=thin, right=thin)
    if role == "total":
        return Border(top=Side(style="thin", color=ACCENT), bottom=Side(style="double", color=ACCENT), left=thin, right=thin)
    if role in ("subtitle", "back"):
        return Border(bottom=strong)
    if role.startswith("figure"):
        return Border(
            left=thin,
            right=thin,
            top=strong if role == "figure_label" else None,
            bottom=thin if role == "figure_hint" else None,
        )
    return Border()


def _fill(role: str) -> PatternFill | None:
    colour = {
        "head": ACCENT,
        "zebra": ZEBRA,
        "total": ACCENT_LIGHT,
        "label": ACCENT_LIGHT,
        "figure_label": ZEBRA,
        "figure": ZEBRA,
        "figure_hint": ZEBRA,
    }.get(role)
    return PatternFill("solid", start_color=colour, end_color=colour) if colour else None


def _font(look: Look) -> Font:
    fonts = {
        "title": Font(name=HEADING_FONT, size=16, bold=True, color=ACCENT),
        "formal": Font(name=HEADING_FONT, size=18, bold=True, color=INK),
        "cover": Font(name=HEADING_FONT, size=22, bold=True, color=ACCENT),
        "subtitle": Font(name=BODY_FONT, size=10, color=QUIET),
        "lead": Font(name=BODY_FONT, size=10, color=INK),
        "heading": Font(name=HEADING_FONT, size=11, bold=True, color=ACCENT),
        "head": Font(name=HEADING_FONT, size=9, bold=True, color="FFFFFF"),
        "total": Font(name=BODY_FONT, size=10, bold=True, color=INK),
        "note": Font(name=BODY_FONT, size=9, color=QUIET),
        "label": Font(name=HEADING_FONT, size=9, color=ACCENT),
        "figure_label": Font(name=HEADING_FONT, size=9, color=QUIET),
        "figure": Font(name=HEADING_FONT, size=18, bold=True, color=look.colour or ACCENT),
        "figure_hint": Font(name=BODY_FONT, size=9, color=QUIET),
    }
    if look.role in fonts:
        return fonts[look.role]
    if look.kind == "link":
        return Font(name=BODY_FONT, size=10, color="1F5FA8", underline="single")
    return Font(name=BODY_FONT, size=10, color=look.colour or INK, bold=bool(look.colour) or None)


def _alignment(look: Look) -> Alignment:
    if look.role in ("formal", "head", "figure", "figure_label", "figure_hint", "label"):
        return Alignment(horizontal="center", vertical="center", wrap_text=True)
    if look.role in ("lead", "note", "fact", "paragraph"):
        return Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1 if look.role == "fact" else 0)
    if look.role == "back":
        return Alignment(horizontal="right", vertical="center")
    horizontal = "right" if look.kind in RIGHT else "center" if look.kind in CENTRE else "left"
    indent = 1 if horizontal == "left" and look.role in ("body", "zebra", "total") else 0
    return Alignment(horizontal=horizontal, vertical="center", wrap_text=look.kind == "wrap" or None, indent=indent)


class Styles:
    """The workbook's styles, each made once."""

    def __init__(self) -> None:
        self._made: dict[Look, Any] = {}

    def cell(self, worksheet: Any, look: Look, value: Any = None) -> Any:
        """A new cell of ``worksheet`` with the look; text is always text, never a formula."""
        cell: Any = WriteOnlyCell(worksheet, value=value)
        if isinstance(value, str):
            cell.data_type = "s"
        if look not in self._made:
            cell.font, cell.border, cell.alignment = _font(look), _border(look.role), _alignment(look)
            fill = _fill(look.role)
            if fill is not None:
                cell.fill = fill
            cell.number_format = FORMATS[look.kind]
            self._made[look] = cell._style
        cell._style = copy(self._made[look])
        return cell

    def style_id(self, worksheet: Any, look: Look) -> int:
        """The number by which a sheet's XML refers to the look."""
        return int(self.cell(worksheet, look).style_id)


def colour_of(value: object, kind: Kind) -> str:
    """Text colour of a severity or state."""
    if kind == "severity":
        return SEVERITY_COLOURS.get(str(value), "")
    return STATE_COLOURS.get(str(value), "") if kind == "state" else ""


def set_up_page(worksheet: Any, *, header_rows: int, protect: bool, portrait: bool = False) -> None:
    """A4 landscape (the cover upright), one page wide, repeated header rows, footer with signatures; to be called before the first row."""
    worksheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    worksheet.sheet_view.showGridLines = False
    worksheet.sheet_format.defaultRowHeight = ROW_HEIGHT
    worksheet.sheet_format.customHeight = True
    page = worksheet.page_setup
    page.orientation = "portrait" if portrait else "landscape"
    page.paperSize, page.fitToWidth, page.fitToHeight = 9, 1, 0
    margins = worksheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.65, 0.3, 0.3
    worksheet.print_options.horizontalCentered = True
    footer = worksheet.HeaderFooter.oddFooter
    footer.left.text, footer.center.text = "制表人：____________  审核人：____________", "第 &P 页 / 共 &N 页"
    footer.right.text = "打印时间：&D &T"
    for part in (footer.left, footer.center, footer.right):
        part.font, part.size = PRINT_FONT, 9
    worksheet.print_title_rows = f"1:{header_rows}"
    if protect:
        worksheet.protection.sheet = True
        worksheet.protection.autoFilter = worksheet.protection.formatColumns = worksheet.protection.sort = False
