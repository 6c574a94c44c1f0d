"""The reference server's web service: its WSDL, its calls, its results."""

from __future__ import annotations

import base64
from typing import Any, Final
from xml.sax.saxutils import escape

from lxml import etree

from hedui.padis.errors import PackageError

SPACE: Final = "urn:hedui:padis"
ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
OPERATIONS: Final = {"upload": ("batch", "name", "content", "digest"), "query": ("batch",)}


def wsdl(address: str) -> bytes:
    """The description of the service at an address."""
    elements = "".join(
        f'<xs:element name="{name}"><xs:complexType><xs:sequence>'
        + "".join(f'<xs:element name="{part}" type="xs:{"base64Binary" if part == "content" else "string"}"/>' for part in parts)
        + f'</xs:sequence></xs:complexType></xs:element><xs:element name="{name}Response"><xs:complexType><xs:sequence>'
        '<xs:element name="return" type="xs:string"/></xs:sequence></xs:complexType></xs:element>'
        for name, parts in OPERATIONS.items()
    )
    messages = "".join(
        f'<wsdl:message name="{name}{end}"><wsdl:part name="parameters" element="t:{name}{end}"/></wsdl:message>'
        for name in OPERATIONS
        for end in ("", "Response")
    )
    ports = "".join(
        f'<wsdl:operation name="{name}"><wsdl:input message="t:{name}"/><wsdl:output message="t:{name}Response"/></wsdl:operation>'
        for name in OPERATIONS
    )
    bound = "".join(
        f'<wsdl:operation name="{name}"><soap:operation soapAction=""/><wsdl:input><soap:body use="literal"/></wsdl:input>'
        '<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>'
        for name in OPERATIONS
    )
    return (
        f'<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{SPACE}" targetNamespace="{SPACE}"><wsdl:types>'
        f'<xs:schema targetNamespace="{SPACE}" elementFormDefault="qualified">{elements}</xs:schema></wsdl:types>{messages}'
        f'<wsdl:portType name="Upload">{ports}</wsdl:portType><wsdl:binding name="Binding" type="t:Upload">'
        f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>{bound}</wsdl:binding><wsdl:service name="Padis">'
        f'<wsdl:port name="Port" binding="t:Binding"><soap:address location="{escape(address)}"/></wsdl:port></wsdl:service>'
        "</wsdl:definitions>"
    ).encode()


def read_call(body: bytes) -> tuple[str, dict[str, Any]]:
    """The operation and its arguments.

    Raises:
        PackageError: It is no call of this service.
    """
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    place = root.find(f"{{{ENVELOPE}}}Body")
    if place is None or len(place) != 1 or etree.QName(place[0]).localname not in OPERATIONS:
        raise PackageError("The request is no call of this service.")
    values: dict[str, Any] = {etree.QName(child).localname: child.text or "" for child in place[0]}
    if "content" in values:
        values["content"] = base64.b64decode(values["content"])
    return str(etree.QName(place[0]).localname), values


def result(operation: str, text: str) -> bytes:
    """The answer with a text."""
    return (
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><t:{operation}Response xmlns:t="{SPACE}"><t:return>{escape(text)}</t:return>'
        f"</t:{operation}Response></s:Body></s:Envelope>"
    ).encode()
