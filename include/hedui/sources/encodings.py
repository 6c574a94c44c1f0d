"""Declared encodings, strictly decoded: what cannot be decoded is told, and never replaced in silence."""

from __future__ import annotations

import codecs

UNICODE_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
CODECS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "gbk": "gbk", "gb18030": "gb18030"}
LABELS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gbk": "GBK", "gb18030": "GB18030"}
MINIMUM_SIGNS = 8  # so many multi-byte characters that are valid UTF-8 by chance do not happen in GBK text
UTF8_MARK = b"\xef\xbb\xbf"
BYTE_ORDER_MARK = "\ufeff"


def looks_like(head: bytes, declared: str) -> str | None:
    """The encoding that a file's beginning shows, where it cannot be the declared one."""
    for mark, name in UNICODE_MARKS.items():
        if head.startswith(mark):
            return name
    utf8 = _decodes(head, "utf-8")
    if declared.startswith("utf"):
        return None if utf8 or not _decodes(head, "gb18030") else "GB18030"
    return "UTF-8" if utf8 and sum(byte >= 0xC2 for byte in head) >= MINIMUM_SIGNS else None


def _decodes(head: bytes, codec: str) -> bool:
    """Whether a beginning, which may end in the middle of a character, is text of a codec."""
    try:
        codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
