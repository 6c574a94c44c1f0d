"""A Word document as Chinese offices write it: A4, 黑体 headings, 仿宋 text, ruled tables, page numbers; equal content, equal bytes."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from hedui.reports.archive import MEMBER_TIME

TEXT, HEADING, TITLE, TABLE = "仿宋", "黑体", "方正小标宋简体", "宋体"
INK: Final = RGBColor(0, 0, 0)
SHADE: Final = "E7ECF2"
LEFT, CENTRE, RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Paper:
    """A document that is written from top to bottom."""

    def __init__(self, *, title: str, author: str, date: dt.date, footer: str) -> None:
        self._document: Any = Document()
        properties = self._document.core_properties
        moment = dt.datetime.combine(date, dt.time())
        properties.title, properties.author, properties.last_modified_by = title, author, author
        properties.created = properties.modified = moment
        properties.comments, properties.language, properties.revision = "", "zh-CN", 1
        self._set_up_page(footer)

    def _set_up_page(self, footer: str) -> None:
        section = self._document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.8)
        section.left_margin, section.right_margin = Cm(2.7), Cm(2.5)
        style = self._document.styles["Normal"]
        style.font.name, style.font.size = TEXT, Pt(14)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), TEXT)
        line = section.footer.paragraphs[0]
        line.alignment = CENTRE
        self._run(line, f"{footer}　第 ", font=TABLE, size=9)
        self._page_field(line, "PAGE")
        self._run(line, " 页 共 ", font=TABLE, size=9)
        self._page_field(line, "NUMPAGES")
        self._run(line, " 页", font=TABLE, size=9)

    def _page_field(self, paragraph: Any, name: str) -> None:
        for kind in ("begin", name, "end"):
            run = self._run(paragraph, "", font=TABLE, size=9)
            element = OxmlElement("w:instrText" if kind == name else "w:fldChar")
            if kind == name:
                element.text = name
            else:
                element.set(qn("w:fldCharType"), kind)
            run._r.append(element)

    def _run(self, paragraph: Any, text: str, *, font: str, size: float, bold: bool = False) -> Any:
        run = paragraph.add_run(_ILLEGAL.sub("", text))
        run.font.name, run.font.size, run.font.bold, run.font.color.rgb = font, Pt(size), bold or None, INK
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
        return run

    def _spaced(self, paragraph: Any, *, before: float = 0, after: float = 0, line: float = 26) -> Any:
        shape = paragraph.paragraph_format
        shape.space_before, shape.space_after = Pt(before), Pt(after)
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line)
        return paragraph

    def title(self, text: str, below: str = "") -> None:
        """The title, and a line below it."""
        paragraph = self._spaced(self._document.add_paragraph(), before=6, after=8, line=34)
        paragraph.alignment = CENTRE
        self._run(paragraph, text, font=TITLE, size=22)
        if below:
            line = self._spaced(self._document.add_paragraph(), after=10, line=22)
            line.alignment = CENTRE
            self._run(line, below, font=TEXT, size=12)

    def heading(self, text: str) -> None:
        """A section's heading; it stays with what follows."""
        paragraph = self._spaced(self._document.add_paragraph(), before=10, after=4)
        paragraph.paragraph_format.keep_with_next = True
        self._outline(paragraph)
        self._run(paragraph, text, font=HEADING, size=15)

    def _outline(self, paragraph: Any) -> None:
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), "0")
        paragraph._p.get_or_add_pPr().append(level)

    def text(self, text: str, *, intro: bool = False) -> None:
        """A paragraph, its first line indented by two characters; an ``intro`` stays with the table that follows."""
        paragraph = self._spaced(self._document.add_paragraph(), after=4 if intro else 0)
        paragraph.paragraph_format.keep_with_next = intro
        paragraph.paragraph_format.first_line_indent = Pt(28)
        self._run(paragraph, text, font=TEXT, size=14)

    def steps(self, lines: Sequence[str]) -> None:
        """Numbered paragraphs."""
        for number, line in enumerate(lines, start=1):
            self.text(f"{number}. {line}")

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[float], right: Sequence[int] = ()
    ) -> None:
        """A ruled table; ``widths`` in cm, ``right`` are the columns with figures."""
        table = self._table(len(head), widths)
        self._cells(table.add_row(), head, widths, shade=True, alignment=[CENTRE] * len(head))
        repeat = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        for row in rows or [["—"] * len(head)]:
            self._cells(table.add_row(), row, widths, alignment=[RIGHT if place in right else LEFT for place in range(len(head))])
        self._spaced(self._document.add_paragraph(), line=10)

    def facts(self, pairs: Sequence[tuple[str, str]], *, widths: Sequence[float] = (2.9, 5.0, 2.9, 5.0)) -> None:
        """Names and values, two pairs on a line."""
        table = self._table(4, widths)
        for place in range(0, len(pairs), 2):
            two = [*pairs[place : place + 2], ("", "")][:2]
            row = table.add_row()
            self._cells(
                row, [item for pair in two for item in pair], widths, shade_at=(0, 2), alignment=[CENTRE, LEFT, CENTRE, LEFT]
            )
        self._spaced(self._document.add_paragraph(), line=10)

    def _table(self, columns: int, widths: Sequence[float]) -> Any:
        table = self._document.add_table(rows=0, cols=columns)
        table.style = "Table Grid"
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        return table

    def _cells(
        self,
        row: Any,
        texts: Sequence[str],
        widths: Sequence[float],
        *,
        alignment: Sequence[Any],
        shade: bool = False,
        shade_at: Sequence[int] = (),
    ) -> None:
        whole = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(whole)
        for place, (cell, text, width) in enumerate(zip(row.cells, texts, widths, strict=True)):
            cell.width = Cm(width)
            named = shade or place in shade_at
            if named:
                fill = OxmlElement("w:shd")
                for name, value in (("val", "clear"), ("color", "auto"), ("fill", SHADE)):
                    fill.set(qn(f"w:{name}"), value)
                cell._tc.get_or_add_tcPr().append(fill)  # before the alignment: Word asks for this order
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            paragraph = self._spaced(cell.paragraphs[0], before=2, after=2, line=16)
            paragraph.alignment = alignment[place]
            self._run(paragraph, text, font=HEADING if named else TABLE, size=10.5)

    def signed(self, lines: Sequence[str]) -> None:
        """Closing lines at the right."""
        for number, line in enumerate(lines):
            paragraph = self._spaced(self._document.add_paragraph(), before=18 if not number else 0)
            paragraph.alignment = RIGHT
            paragraph.paragraph_format.right_indent = Pt(28)
            paragraph.paragraph_format.keep_with_next = number < len(lines) - 1
            self._run(paragraph, line, font=TEXT, size=14)

    def save(self, path: Path) -> None:
        """Writes the file; its ZIP members have one time and one order."""
        buffer = io.BytesIO()
        self._document.save(buffer)
        source = zipfile.ZipFile(buffer)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for item in source.infolist():
                info = zipfile.ZipInfo(item.filename, MEMBER_TIME)
                info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
                archive.writestr(info, source.read(item.filename))
