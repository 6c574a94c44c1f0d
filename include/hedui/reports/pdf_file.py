"""The few objects of PDF 1.4 (ISO 32000-1) that pages of text, lines and boxes need, written with fixed dates and numbers."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hedui.reports.cells import display_width

FONT: Final = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
    b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> "
    b"/DW 1000 /W [1 95 500 814 907 500] /FontDescriptor 5 0 R >>",
    b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 "
    b"/CapHeight 880 /StemV 93 >>",
)
"""Objects 3 to 5: the font, its CID font, its descriptor. Latin letters are half as wide as Chinese ones."""


@dataclass
class Canvas:
    """A page that is drawn on; lengths are points from the lower left corner, colours RRGGBB."""

    drawn: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, *, size: float, colour: str, align: float = 0.0) -> None:
        """A line of text; ``align`` is the share of its width that lies left of ``x``."""
        left = x - align * (display_width(text) + text.count("—") + 0.7 * text.count("%")) * size / 2
        coded = text.encode("utf-16-be", "replace").hex()
        self.drawn.append(f"BT {_rgb(colour)} rg /F1 {size:.2f} Tf {left:.2f} {y:.2f} Td <{coded}> Tj ET")

    def line(self, x1: float, y1: float, x2: float, y2: float, *, colour: str, width: float) -> None:
        """A straight line."""
        self.drawn.append(f"{_rgb(colour)} RG {width:.2f} w {x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l S")

    def box(self, x: float, y: float, width: float, height: float, *, fill: str, colour: str) -> None:
        """A filled box with a thin border."""
        self.drawn.append(f"{_rgb(fill)} rg {_rgb(colour)} RG 0.4 w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re B")


def _rgb(colour: str) -> str:
    return " ".join(f"{int(colour[place : place + 2], 16) / 255:.3f}" for place in (0, 2, 4))


def write_pages(pages: Sequence[Canvas], *, width: float, height: float, title: str, date: dt.date) -> bytes:
    """A PDF file of the pages.

    Args:
        pages: In order.
        width: Of every page, in points.
        height: Of every page, in points.
        title: The document's title.
        date: What it is dated by.
    """
    first = 7
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    coded = ("\ufeff" + title).encode("utf-16-be").hex()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        *FONT,
        f"<< /Title <{coded}> /CreationDate (D:{date:%Y%m%d}000000Z) /Producer (hedui) >>".encode(),
    ]
    for number, page in enumerate(pages):
        box = f"/MediaBox [0 0 {width:g} {height:g}] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {first + 2 * number + 1} 0 R >>".encode())
        stream = zlib.compress("\n".join(page.drawn).encode("ascii"), 6)
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
