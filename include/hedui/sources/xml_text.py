"""The text of an XML file: strictly decoded, and refused where it declares a document type.

Decoding is done here and not by the XML library, so that the place of a wrong byte is told, another encoding than declared is
recognised, and no system's conversion tables are needed. Without a document type there are no entities, so nothing outside is read and
nothing multiplies.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from hedui.sources.base import PacketError, shown
from hedui.sources.encodings import CODECS, LABELS, UTF8_MARK, looks_like

CHUNK = 1 << 18
LONGEST_DECLARATION = 512
MAX_PROLOG = 64 << 10
DECLARATION = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
DECLARED = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gbk", "cp936": "gbk", "gb2312": "gbk", "gb18030": "gb18030"}
"""Our name of an encoding by the declaration's; GBK holds all of GB 2312, and who declares that sends GBK."""
SKIPPED = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)


def text_chunks(handle: BinaryIO, *, encoding: str, place: str) -> Iterator[str]:
    """A file's text in pieces.

    Args:
        handle: The file.
        encoding: ``declared``, or the encoding whatever the XML declaration says.
        place: For messages.

    Raises:
        PacketError: Its encoding is unknown or another one, a byte does not decode, or there is a document type.
    """
    first = b""
    while len(first) < LONGEST_DECLARATION and (more := handle.read(CHUNK)):
        first += more
    codec = _codec(first, encoding, place)
    decoder = codecs.getincrementaldecoder(CODECS[codec])()
    prolog: _Prolog | None = _Prolog(place)
    lines = 0
    block = first.removeprefix(UTF8_MARK)
    while True:
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(CODECS[codec])
            if prolog is None or prolog.passed(good):
                yield good if prolog is None else prolog.text
            raise _undecodable(error, LABELS[codec], place, line=lines + good.count("\n") + 1) from None
        if prolog is not None and prolog.passed(text):
            text, prolog = prolog.text, None
        if prolog is None and text:
            yield text
            lines += text.count("\n")
        if not block:
            break
        block = handle.read(CHUNK)
    if prolog is not None and prolog.text:
        yield prolog.text  # no element at all: for the parser to say


class _Prolog:
    """What comes before the root element."""

    def __init__(self, place: str) -> None:
        self.text = ""
        self._place = place
        self._at = 0

    def passed(self, text: str) -> bool:
        """Takes more text; whether the root element has begun.

        Raises:
            PacketError: There is a document type, or no end of comments.
        """
        self.text += text
        while found := SKIPPED.match(self.text, self._at):
            self._at = found.end()
        rest = self.text[self._at : self._at + 9]
        if rest.startswith("<!DOCTYPE"):
            line = self.text.count("\n", 0, self._at) + 1
            raise PacketError(
                f"{self._place}:{line}: the packet has a document type (DTD), which could read files or fill the memory; "
                "ask the sender for packets without one.",
                rule="B07",
                reason="报文含有 DTD 声明，已拒绝",
                line=line,
            )
        if rest and not "<!DOCTYPE".startswith(rest) and not rest.startswith(("<?", "<!--")):
            return True
        if len(self.text) > MAX_PROLOG:
            raise PacketError(
                f"{self._place}:1: no element begins within {MAX_PROLOG} characters.", rule="B07", reason="报文开头过长", line=1
            )
        return False


def _codec(head: bytes, encoding: str, place: str) -> str:
    declared = DECLARATION.match(head.removeprefix(UTF8_MARK))
    name = declared.group(1).decode("ascii") if declared else "utf-8"
    if encoding == "declared":
        if name.lower() not in DECLARED and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise PacketError(
                f'{place}:1: the XML declaration says encoding "{name}"; agreed are UTF-8, GBK and GB18030.',
                rule="B07",
                reason="XML 声明的编码不是 UTF-8、GBK 或 GB18030",
                line=1,
                value=name,
            )
        encoding = DECLARED.get(name.lower(), "utf-8")
    other = looks_like(head[: head.rfind(b">") + 1] or head, encoding)
    if other is not None:
        label = LABELS[encoding]
        raise PacketError(
            f"{place}:1: the packet is {other}, declared is {label}; ask the sender for {label}, "
            "or set encoding in the source's YAML.",
            rule="B07",
            reason=f"报文编码是 {other}，声明为 {label}",
            line=1,
        )
    return encoding


def _undecodable(error: UnicodeDecodeError, label: str, place: str, *, line: int) -> PacketError:
    byte = f"0x{error.object[error.start]:02x}"
    return PacketError(
        f"{place}:{line}: byte {byte} is not {label}; ask the sender for {label}, or set encoding in the source's YAML.",
        rule="B07",
        reason=f"字节 {byte} 不是 {label}",
        line=line,
        value=shown(byte),
    )
