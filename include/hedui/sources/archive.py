"""Data files in archives: a ZIP of any number, a gzip of one. Nothing is unpacked to disk, and nothing grows without a bound.

An archive that is encrypted, damaged, nested, whose names leave it, whose members overlap or that grows beyond measure when it is
unpacked is refused with its reason.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from hedui.sources.base import PacketError
from hedui.sources.files import Digesting
from hedui.sources.inbox_names import Segment

MAX_BYTES = 64 << 30  # of one data file
MAX_RATIO = 250  # to the compressed size; XML of equal records comes to a hundred
RATIO_FROM = 32 << 20  # smaller files may be as regular as they like
MAX_MEMBERS = 10_000
MAX_DIRECTORY = 16 << 20  # bytes of a ZIP's list of members
NESTED = (".zip", ".gz", ".tgz", ".rar", ".7z", ".tar", ".bz2", ".xz")
ENCRYPTED, UTF8_NAME = 0x1, 0x800
END_RECORD = b"PK\x05\x06"
LARGE_RECORD, LARGE_LOCATOR, LARGE_LOCATOR_AT, LARGE_BYTES = b"PK\x06\x06", b"PK\x06\x07", 56, 76  # of ZIP64, before END_RECORD
END_BYTES = 65_557 + LARGE_BYTES  # the longest comment, and the records before it
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, gzip.BadGzipFile, zlib.error, EOFError, struct.error, RuntimeError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A data file in a ZIP.

    Attributes:
        info: Its entry.
        name: Its name as the sender wrote it.
        parts: What its name says.
        misnamed: Its name was probably meant to fit the template and does not.
    """

    info: zipfile.ZipInfo
    name: str
    parts: dict[str, str]
    misnamed: bool


class Archive:
    """A ZIP that is open.

    Raises:
        PacketError: It is damaged or refused as a whole.
    """

    def __init__(self, handle: BinaryIO, *, place: str) -> None:
        self._place = place
        self._left = max(RATIO_FROM, check_directory(handle, place) * MAX_RATIO)  # bytes that all members may still unpack to
        handle.seek(0)
        try:
            self._zip = zipfile.ZipFile(handle)
        except BROKEN as error:
            raise _refused(place, f"is no ZIP archive or is damaged ({type(error).__name__})", "不是 ZIP 压缩包或已损坏") from None
        self._infos = [info for info in self._zip.infolist() if not info.is_dir()]
        self._check()

    def members(self, template: list[Segment]) -> list[Member]:
        """The members that fit a template, in the order of their names.

        Raises:
            PacketError: None does.
        """
        found = []
        for info in self._infos:
            name = _name(info)
            compared = name.split("/") if len(template) > 1 else [posixpath.basename(name)]
            if len(compared) != len(template):
                continue
            parts = [segment.parts(part) for segment, part in zip(template, compared, strict=True)]
            if all(part is not None for part in parts):
                merged = {key: value for part in parts if part for key, value in part.items()}
                found.append(Member(info=info, name=name, parts=merged, misnamed=False))
            elif all(segment.loose.fullmatch(part) for segment, part in zip(template, compared, strict=True)):
                found.append(Member(info=info, name=name, parts={}, misnamed=True))
        if not found:
            raise _refused(self._place, "holds no file of the agreed name", "压缩包中没有约定名称的文件")
        return sorted(found, key=lambda member: member.name)

    @contextmanager
    def open(self, member: Member) -> Iterator[Digesting]:
        """A member's bytes.

        Raises:
            PacketError: It is an archive itself, encrypted, damaged, or grows beyond measure; also while it is read.
        """
        place, info = f"{self._place}!{member.name}", member.info
        if member.name.lower().endswith(NESTED):
            raise _refused(place, "is an archive in an archive", "压缩包中又有压缩包")
        if info.flag_bits & ENCRYPTED:
            raise _refused(place, "is encrypted; agree on another protection of the transport", "压缩包已加密")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused(place, f"uses compression method {info.compress_type}; use deflate", "压缩方法不支持，应使用 deflate")
        try:
            stream = self._zip.open(info)
        except BROKEN as error:
            raise _refused(place, f"is damaged ({type(error).__name__})", "压缩包已损坏") from None
        with stream:
            bounded = Bounded(stream, compressed=info.compress_size, place=place, most=self._left)
            try:
                yield Digesting(bounded)
            finally:
                self._left = max(0, self._left - bounded.tell())

    def _check(self) -> None:
        if len(self._infos) > MAX_MEMBERS:
            raise _refused(self._place, f"has {len(self._infos)} members, more than {MAX_MEMBERS}", "压缩包中文件过多")
        names = [_name(info) for info in self._infos]
        if len(set(names)) != len(names):
            raise _refused(self._place, "has two members of one name", "压缩包中有同名文件")
        for info, name in zip(self._infos, names, strict=True):
            if _leaves(name) or (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise _refused(self._place, "has a member whose name leaves the archive, or a link", "压缩包中有越界的文件名或链接")
        end = 0
        for info in sorted(self._infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise _refused(self._place, "has members that overlap", "压缩包中文件数据重叠")
            end = info.header_offset + info.compress_size


class Bounded(io.RawIOBase):
    """What comes out of an archive, as long as it is in proportion."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, *, compressed: int, place: str, most: int = MAX_BYTES) -> None:
        self._stream = stream
        self._limit = min(MAX_BYTES, most, max(RATIO_FROM, compressed * MAX_RATIO))
        self._place = place
        self._position = 0
        self._refusal: PacketError | None = None

    def readable(self) -> bool:  # noqa: D102
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; refuses the archive where the limit is passed."""
        if self._refusal is None:
            chunk = self._next(size)
            self._position += len(chunk)
            if self._position <= self._limit:
                return chunk
            self._refusal = _refused(
                self._place, f"unpacks to more than {self._limit} bytes, out of proportion", "解压后大小超出限度，疑似压缩炸弹"
            )
        raise self._refusal

    def _next(self, size: int) -> bytes:
        allowed = self._limit - self._position + 1
        try:
            return self._stream.read(allowed if size < 0 else min(size, allowed))
        except BROKEN as error:
            self._refusal = _refused(self._place, f"is damaged ({type(error).__name__})", "压缩包已损坏或不完整")
            raise self._refusal from None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Nothing: an archive is read forward only."""
        if self._refusal is not None:
            raise self._refusal
        if whence != 0 or offset != self._position:
            raise io.UnsupportedOperation("an archive is read forward only")
        return self._position

    def tell(self) -> int:  # noqa: D102
        return self._position


@contextmanager
def open_gzip(handle: BinaryIO, *, size: int, place: str) -> Iterator[Digesting]:
    """What a gzip file holds.

    Raises:
        PacketError: It is damaged, or grows beyond measure; while it is read.
    """
    if size == 0:  # the library takes nothing at all for a file of nothing
        raise _refused(place, "is empty, which no gzip file is", "压缩包已损坏或不完整")
    with gzip.GzipFile(fileobj=handle, mode="rb") as stream:
        yield Digesting(Bounded(stream, compressed=size, place=place))


def check_directory(handle: BinaryIO, place: str) -> int:
    """Refuses a ZIP whose list of members is too long: the library reads it as a whole.

    Returns:
        The archive's bytes.

    Raises:
        PacketError: It is, or there is none.
    """
    size = handle.seek(0, io.SEEK_END)
    handle.seek(max(0, size - END_BYTES))
    tail = handle.read(END_BYTES)
    at = tail.rfind(END_RECORD)
    if at < 0 or len(tail) < at + 22:
        raise _refused(place, "is no ZIP archive or is cut", "不是 ZIP 压缩包或不完整")
    count, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    before = tail[:at][-LARGE_BYTES:]  # what stands here counts instead, whatever the record behind it says
    if before.startswith(LARGE_RECORD) and before[LARGE_LOCATOR_AT:].startswith(LARGE_LOCATOR):
        count, length = struct.unpack("<QQ", before[32:48])
    if count > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise _refused(place, f"lists {count} members in {length} bytes, more than is allowed", "压缩包中文件过多")
    return size


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name: UTF-8 where it says so, else whatever it is, as Windows in China writes GBK without saying so."""
    if info.flag_bits & UTF8_NAME:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for codec in ("utf-8", "gb18030"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return info.filename


def _leaves(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name


def _refused(place: str, what: str, reason: str) -> PacketError:
    return PacketError(f"{place}: {what}; ask the sender for it again.", rule="B07", reason=reason)
