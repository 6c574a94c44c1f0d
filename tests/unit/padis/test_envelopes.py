"""Files byte by byte, as the profiles describe them, and files that are not as agreed."""

from __future__ import annotations

import pytest

from hedui.padis import envelopes
from hedui.padis.errors import PackageError
from hedui.site.padis_profile import Delimited, Json, Xlsx, Xml

NAMES = ["CSYXZMBH", "XSEXM", "CSD"]
ROWS = [["V460000001", "测试", 'a,b "c"'], ["V460000002", "", "<&>"]]

WRITTEN = [
    pytest.param(
        Delimited(type="delimited"),
        '2\nCSYXZMBH,XSEXM,CSD\nV460000001,测试,"a,b ""c"""\nV460000002,,<&>\n'.encode(),
        id="delimited",
    ),
    pytest.param(
        Delimited(type="delimited", encoding="gbk", separator="|", quote="", newline="crlf", count_line=False),
        'CSYXZMBH|XSEXM|CSD\r\nV460000001|测试|a,b "c"\r\nV460000002||<&>\r\n'.encode("gbk"),
        id="delimited without quotes, GBK",
    ),
    pytest.param(
        Xml(type="xml", encoding="gb18030"),
        (
            '<?xml version="1.0" encoding="GB18030"?>\n<Package><PackageHead><N>2</N></PackageHead><Data>\n'
            '<Record index="1"><CSYXZMBH>V460000001</CSYXZMBH><XSEXM>测试</XSEXM><CSD>a,b "c"</CSD></Record>\n'
            '<Record index="2"><CSYXZMBH>V460000002</CSYXZMBH><XSEXM></XSEXM><CSD>&lt;&amp;&gt;</CSD></Record>\n'
            "</Data></Package>\n"
        ).encode("gb18030"),
        id="xml",
    ),
    pytest.param(
        Json(type="json"),
        (
            '{"head":{"N":"2"},"records":[{"CSYXZMBH":"V460000001","XSEXM":"测试","CSD":"a,b \\"c\\""},'
            '{"CSYXZMBH":"V460000002","XSEXM":"","CSD":"<&>"}]}'
        ).encode(),
        id="json",
    ),
]


@pytest.mark.parametrize(("spec", "content"), WRITTEN)
def test_a_file_byte_by_byte_and_back(spec: envelopes.Spec, content: bytes) -> None:
    assert envelopes.write(spec, names=NAMES, rows=ROWS, head={"N": "2"}) == content
    assert [list(row.values()) for row in envelopes.read(spec, content).rows] == ROWS


def test_a_workbook_holds_text_only_and_reads_back() -> None:
    spec = Xlsx(type="xlsx", sheet="上报")
    rows = [["00123", "=1+1", "测试"], ["", "2026-06-03", "1e5"]]
    content = envelopes.write(spec, names=NAMES, rows=rows, head={})
    assert [list(row.values()) for row in envelopes.read(spec, content).rows] == rows


BROKEN = [
    pytest.param(Delimited(type="delimited"), b"3\nA,B\n1,2\n", "declares 3 records, the file has 1", id="count"),
    pytest.param(Delimited(type="delimited"), b"A,B\n1,2\n", "Line 1 is not the number", id="no count"),
    pytest.param(Delimited(type="delimited"), b"1\nA,B\n1,2,3\n", "Line 3 has 3 columns, the header has 2", id="columns"),
    pytest.param(Delimited(type="delimited"), "1\nA\n测\n".encode("gbk"), "Line 3 is not utf-8", id="encoding"),
    pytest.param(Delimited(type="delimited"), b"0\n", "Line 2: there is no header", id="no header"),
    pytest.param(Xml(type="xml"), b"<Package><Data>", "not well-formed", id="cut"),
    pytest.param(Xml(type="xml"), b'<!DOCTYPE a [<!ENTITY x "y">]><Package/>', "document type", id="entity"),
    pytest.param(Xml(type="xml"), b"<Other/>", "another element than Package", id="root"),
    pytest.param(Json(type="json"), b'{"records":', "is not JSON", id="cut json"),
    pytest.param(Json(type="json"), b"[]", "must be a JSON object", id="list"),
    pytest.param(Json(type="json"), b'{"records":[1]}', "list of objects", id="numbers"),
    pytest.param(Xlsx(type="xlsx"), b"PK\x03\x04", "not an XLSX", id="cut workbook"),
]


@pytest.mark.parametrize(("spec", "content", "message"), BROKEN)
def test_a_file_that_is_not_as_agreed_is_refused_with_its_place(spec: envelopes.Spec, content: bytes, message: str) -> None:
    with pytest.raises(PackageError, match=message):
        envelopes.read(spec, content)
