"""An XML packet: head, body, a record per element, a child per field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from lxml import etree

from hedui.padis.envelopes import Sheet
from hedui.padis.errors import PackageError
from hedui.site.padis_profile import Xml

DECLARED = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gbk": "GBK", "gb18030": "GB18030"}


def write(spec: Xml, names: Sequence[str], rows: Sequence[Sequence[str]], head: Mapping[str, str]) -> bytes:
    """The packet in the envelope's encoding; an empty field is an empty element."""
    parts = [f'<?xml version="1.0" encoding="{DECLARED[spec.encoding]}"?>\n<{spec.root}>']
    if head:
        parts.append(f"<{spec.head}>{_elements(head.keys(), head.values())}</{spec.head}>")
    parts.append(f"<{spec.body}>\n")
    parts += [f'<{spec.record} index="{number}">{_elements(names, row)}</{spec.record}>\n' for number, row in enumerate(rows, 1)]
    parts.append(f"</{spec.body}></{spec.root}>\n")
    return "".join(parts).encode(spec.encoding)


def _elements(names: Iterable[str], values: Iterable[str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in zip(names, values, strict=True))


def read(spec: Xml, content: bytes) -> Sheet:
    """Head and records. A document type is refused: it could read files or fill the memory."""
    try:
        # libxml2 knows GBK and GB18030 only where it was built with iconv: Python decodes
        body = content.removeprefix(b"\xef\xbb\xbf").decode(spec.encoding.removesuffix("-sig"))
        _, _, rest = body.partition("?>") if body.startswith("<?xml") else ("", "", body)
        if "<!DOCTYPE" in rest or "<!ENTITY" in rest:
            raise PackageError("The packet has a document type (DTD); packets have none.")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(rest.strip().encode("utf-8"), parser)
    except UnicodeDecodeError:
        raise PackageError(f"The packet is not {spec.encoding}.") from None
    except etree.XMLSyntaxError as error:
        raise PackageError(f"Line {error.lineno}: the packet is not well-formed XML.") from None
    if root.tag != spec.root:
        raise PackageError(f"The packet's root is another element than {spec.root}.")
    head = root.find(spec.head)
    place = root.find(spec.body)
    records = [] if place is None else place.findall(spec.record)
    return Sheet(rows=tuple(_values(record) for record in records), head={} if head is None else _values(head))


def _values(element: etree._Element) -> dict[str, str]:
    return {str(child.tag): (child.text or "").strip() for child in element if isinstance(child.tag, str)}
