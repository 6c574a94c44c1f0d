"""Reads XML packets: ``Package`` with ``PackageHead`` and ``Data`` of ``Record``, whose children are the columns.

A record is read, kept as text and forgotten, so that a packet of any size takes the memory of a few thousand records. Children that the
site does not use are kept together as JSON. What does not end (a text, a nesting, a comment) is refused before it fills the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, BinaryIO

import pyarrow as pa
from lxml import etree

from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.models import Source, XmlReader
from hedui.sources.base import BATCH_BYTES, BATCH_ROWS, SHOWN_TEXT, BadRow, PacketError, RawBatch, text_schema, wanted_columns
from hedui.sources.packets import FileSource, raw_columns
from hedui.sources.xml_names import MAX_NAMES, Names
from hedui.sources.xml_text import text_chunks

MAX_RECORD = 4 << 20  # characters from one record's end to the next one's
UNTOLD = 100  # equal signs that no record's own attribute explains, from which on every element is looked at
INSTRUCTION = re.compile(r"<\?([^\s?>]+)")
MAX_HEAD = 200  # fields of a head, and characters of one
PACKAGE, HEAD, DATA, RECORD = "Package", "PackageHead", "Data", "Record"


def xml_source(*, context: Context, source: Source) -> FileSource:
    """The reader of a source whose datasets are XML packets."""
    reader = source.reader
    if not isinstance(reader, XmlReader):
        raise HeduiError(f"Source {source.id} is not of type xml.")

    def parser(*, dataset: str, place: str) -> XmlParser:
        columns = raw_columns(source, dataset)
        return XmlParser(encoding=reader.encoding, place=place, columns=columns, wanted=wanted_columns(source, dataset))

    return FileSource(context=context, source=source, reader=reader, parser=parser)


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """What a record with certain children is: positions of the wanted ones, JSON keys and positions of the others, why it is no row."""

    wanted: tuple[int | None, ...]
    others: tuple[tuple[str, int], ...]
    problem: str = ""


class XmlParser:
    """One pass over one packet; see :class:`hedui.sources.base.PacketParser`.

    Args:
        encoding: ``declared``, or the encoding whatever the packet says.
        place: For messages.
        columns: The raw columns: the wanted ones, and the one that takes the others.
        wanted: The children that the site uses.
    """

    def __init__(self, *, encoding: str, place: str, columns: list[str], wanted: list[str]) -> None:
        self._encoding = encoding
        self._place = place
        self._columns = columns
        self._wanted = wanted
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._names: set[str] = set()
        self._all_names = Names(lambda: self._broken("字段名过多", "the packet has too many different names, or too long ones"))
        self._untold = 0
        self._data: Any = None
        self._rows = 0
        self._package = False
        self.head: dict[str, str] = {}
        self._clear()

    def _clear(self) -> None:
        self._values: list[list[str | None]] = []
        self._numbers: list[int] = []
        self._bad: list[BadRow] = []
        self._characters = 0

    def batches(self, handle: BinaryIO) -> Iterator[RawBatch]:
        """The packet's records."""
        parser = etree.XMLPullParser(
            events=("end",),
            tag=[f"{{*}}{name}" for name in (PACKAGE, HEAD, DATA, RECORD)],
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        since = 0
        try:
            for text in text_chunks(handle, encoding=self._encoding, place=self._place):
                before = self._rows
                self._feed(parser, text)
                since = len(text) if self._rows > before else since + len(text)
                if since > MAX_RECORD:
                    raise self._broken("一条记录过长或嵌套没有结束", "a record or an element does not end within reason")
                if self._characters > BATCH_BYTES or len(self._values) + len(self._bad) > BATCH_ROWS:
                    yield self._take()
            self._close(parser)
        except PacketError:
            if self._values or self._bad:
                yield self._take()
            raise
        yield self._take()

    def _feed(self, parser: etree.XMLPullParser, text: str) -> None:
        self._characters += len(text)
        try:
            parser.feed(text.encode("utf-8", "surrogatepass"))
        except etree.XMLSyntaxError as error:
            self._events(parser)
            raise self._malformed(getattr(error, "code", 0), error.lineno) from None
        self._untold += text.count("=")
        self._events(parser)
        if "<?" in text:
            self._all_names.meet(INSTRUCTION.findall(text))

    def _close(self, parser: etree.XMLPullParser) -> None:
        told = list(parser.feed_error_log)  # what was wrong before the end, and did not stop the library
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            if told:
                raise self._malformed(told[0].type, told[0].line) from None
            raise self._broken(
                "报文不完整，可能被截断",
                "the packet is cut or holds no XML; ask the sender for it again",
                line=error.lineno or None,
            ) from None
        self._events(parser)
        if not self._package:
            raise self._broken("根元素不是 Package", "the root element is not Package")
        if self._rows:
            missing = [name for name in self._wanted if name not in self._names]
            if missing:
                raise PacketError(
                    f"{self._place}: no record has the field {missing[0]}; ask the sender for the agreed fields, "
                    "or adapt columns in the source's YAML.",
                    rule="B08",
                    reason=f"所有记录都缺少字段“{missing[0]}”",
                )

    def _events(self, parser: etree.XMLPullParser) -> None:
        element: Any
        for _, element in parser.read_events():
            name = _local(element.tag)
            parent = element.getparent()
            if name == RECORD:
                if parent is not self._data and not self._is_data(element):
                    continue
                self._record(element)
                self._forget(element)
            elif name == HEAD:
                self._take_head(element)
            elif name == DATA and parent is not None and _local(parent.tag) == PACKAGE:
                self._data = None
                self._forget(element)
            elif name == PACKAGE and parent is None:
                self._package = True

    def _is_data(self, record: Any) -> bool:
        """Whether a record is one of the packet's Data; a field of a record may be called Record too."""
        above = [_local(element.tag) for element in record.iterancestors()]
        if above == [DATA, PACKAGE]:
            self._data = record.getparent()
            return True
        if above[-3:] == [RECORD, DATA, PACKAGE]:
            return False
        raise self._broken("Record 不在 Package/Data 之下", "a Record is not below Package and Data")

    def _take_head(self, element: Any) -> None:
        parent = element.getparent()
        if self.head or parent is None or parent.getparent() is not None:
            return
        for child in element[:MAX_HEAD]:
            self.head.setdefault(_local(child.tag), (child.text or "").strip()[:MAX_HEAD])

    def _record(self, record: Any) -> None:
        self._rows += 1
        if len(record) > MAX_NAMES:
            self._refuse(record, f"超过 {MAX_NAMES} 个字段")
            return
        children = record[:]
        tags = tuple([child.tag for child in children])
        layout = self._layouts.get(tags) or self._layout(tags)
        problem = layout.problem
        nested = any(map(len, children))
        attributes = record.keys()
        self._untold -= len(attributes)
        if attributes:
            self._all_names.meet(attributes)
        if nested or self._untold > UNTOLD:
            self._all_names.meet_all(record)
        if nested:
            problem = problem or self._nested(children)
        between = [child.tail for child in children if child.tail]
        if not problem and ((record.text or "") + "".join(between)).strip():
            problem = "记录中有不属于任何字段的文字"
        if problem:
            self._refuse(record, problem)
            return
        texts = [child.text or "" for child in children]
        if nested:
            texts = [_whole(child) for child in children]
        row: list[str | None] = [None if at is None else texts[at] for at in layout.wanted]
        if layout.others:
            # built by hand: json.dumps makes a new encoder for every record
            row.append("{" + ", ".join([name + encode_basestring(texts[at]) for name, at in layout.others]) + "}")
        else:
            row.append(None)
        self._values.append(row)
        self._numbers.append(self._rows)

    def _refuse(self, record: Any, reason: str) -> None:
        text = etree.tostring(record, encoding="unicode", with_tail=False)[:SHOWN_TEXT]
        self._bad.append(BadRow(row=self._rows, line=record.sourceline or 0, reason=reason, text=text))

    def _layout(self, tags: tuple[str, ...]) -> _Layout:
        names = [_local(tag) for tag in tags]
        positions = {name: at for at, name in enumerate(names)}
        self._names.update(names)
        self._all_names.meet(tags)
        twice = next((name for at, name in enumerate(names) if positions[name] != at), None)
        others = tuple((f"{encode_basestring(name)}: ", at) for name, at in positions.items() if name not in self._wanted)
        layout = _Layout(
            wanted=tuple(positions.get(name) for name in self._wanted),
            others=others,
            problem=f"字段“{twice[:60]}”出现两次" if twice is not None else "",
        )
        if len(self._layouts) < MAX_NAMES:
            self._layouts[tags] = layout
        return layout

    def _forget(self, element: Any) -> None:
        """Frees an element and what stands before it."""
        element.clear()
        parent = element.getparent()
        if parent is None:
            return
        while (before := element.getprevious()) is not None:
            if before.tag != element.tag:
                self._all_names.meet_all(before)
            del parent[0]

    def _nested(self, children: list[Any]) -> str:
        """Fields below fields are kept where nobody asks for them, and cost the row where somebody does."""
        name = next((name for child in children if len(child) and (name := _local(child.tag)) in self._wanted), None)
        return f"字段“{name}”含有下级元素" if name is not None else ""

    def _take(self) -> RawBatch:
        columns = zip(*self._values, strict=True) if self._values else ([] for _ in self._columns)
        arrays = [pa.array(column, type=pa.string()) for column in columns]
        records = pa.RecordBatch.from_arrays(arrays, schema=text_schema(self._columns))
        batch = RawBatch(records=records, rows=pa.array(self._numbers, type=pa.int64()), bad=tuple(self._bad))
        self._clear()
        return batch

    def _malformed(self, code: int, line: int | None) -> PacketError:
        """The library's own text is not shown: it may quote the packet."""
        return self._broken(f"XML 格式错误（代码 {code}）", f"the XML is not well-formed (code {code})", line=line or None)

    def _broken(self, reason: str, what: str, line: int | None = None) -> PacketError:
        place = self._place if line is None else f"{self._place}:{line}"
        return PacketError(f"{place}: {what}.", rule="B07", reason=reason, line=line)


@lru_cache(maxsize=MAX_NAMES)
def _local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def _whole(element: Any) -> str:
    return str(etree.tostring(element, encoding="unicode", with_tail=False)) if len(element) else element.text or ""
