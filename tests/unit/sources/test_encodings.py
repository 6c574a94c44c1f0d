"""What a file's beginning shows of its encoding."""

from __future__ import annotations

import pytest

from hedui.sources.encodings import looks_like

NAME = "和对市税务一分局"
LINE = f'<?xml version="1.0"?>\n<Package><DWMC>{NAME}</DWMC>'


@pytest.mark.parametrize(
    ("head", "declared", "seen"),
    [
        (LINE.encode("gbk"), "gbk", None),
        (LINE.encode("gbk")[:-10], "gbk", None),
        (LINE.encode(), "gbk", "UTF-8"),
        (f"{NAME}{NAME}".encode()[:-1], "gb18030", "UTF-8"),
        (LINE.encode("gbk"), "utf-8", "GB18030"),
        (LINE.encode(), "utf-8", None),
        (f"{NAME}".encode()[:-1], "utf-8", None),
        ("甲".encode(), "gbk", None),
        (LINE.encode("utf-16"), "gbk", "UTF-16"),
        (b"", "utf-8", None),
    ],
    ids=[
        "gbk",
        "gbk, cut",
        "not gbk",
        "cut, not gbk",
        "not utf-8",
        "utf-8",
        "utf-8, cut in a character",
        "too little to tell",
        "utf-16",
        "empty",
    ],
)
def test_another_encoding_than_declared_is_seen(head: bytes, declared: str, seen: str | None) -> None:
    assert looks_like(head, declared) == seen
