"""Receipts as files: well-formed whatever a record held, one per packet, and never taken for success where they are damaged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree

from hedui.batches.facts import PacketFact
from hedui.batches.receipts import FIELD, PACKET, ROW, package, read_receipts, receipt_stem

DATE = dt.date(2026, 6, 3)


def test_a_quoted_value_never_breaks_the_receipt():
    """Text and fixed width files may hold characters that no XML may hold."""
    body = package({"SJBLX": FIELD}, [{"SJXNR": "1\x01\x0b2\ufffe<&>\U000f0000"}])

    assert etree.fromstring(body).findtext(".//SJXNR") == "1??2?<&>\U000f0000"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"name": "a.zip!东/x.txt"}, {"name": "b.zip!东/x.txt"}, id="archives"),
        pytest.param({"name": "a.zip!东/x.txt"}, {"name": "a.zip!西/x.txt"}, id="folders in an archive"),
        pytest.param(
            {"name": "880201/DK.txt", "name_parts": {"region": "880201"}},
            {"name": "880202/DK.txt", "name_parts": {"region": "880202"}},
            id="folders",
        ),
    ],
)
def test_every_packet_has_a_receipt_of_its_own(one, other):
    stems = [receipt_stem(PacketFact(date=DATE, dataset="person", number=1, **options)) for options in (one, other)]

    assert stems[0] != stems[1]
    assert not any("/" in stem or "!" in stem for stem in stems)


def test_the_ordinary_receipt_is_called_as_its_packet():
    name = "rs/20260603/SBF_CBXX102_20260603000001.xml"
    fact = PacketFact(date=DATE, dataset="person", number=1, name=name, name_parts={"date": "20260603", "sequence": "000001"})

    assert receipt_stem(fact) == "SBF_CBXX102_20260603000001"


def receipts(folder: Path, content: bytes) -> list[Any]:
    (folder / "HZ_1.xml").write_bytes(content)
    source: Any = SimpleNamespace(id="x", reader=None, batches=SimpleNamespace(sent=SimpleNamespace(receipts="HZ_*.xml")))
    context: Any = SimpleNamespace(inbox=str(folder))
    return list(read_receipts(context, source, DATE))


@pytest.mark.parametrize("kind", [PACKET, FIELD, ROW])
def test_a_damaged_receipt_is_no_success(tmp_path, kind):
    """A cut receipt keeps the answers that were read, and says that there were more."""
    good = package({"SJBBH": "N1", "SJBLX": kind, "JLS": "2"}, [{"YWXH": "7", "RECODE": "0"}, {"YWXH": "8", "RECODE": "0"}])

    assert all(receipt.ok for receipt in receipts(tmp_path, good))
    assert len(receipts(tmp_path, good)) == 2
    cut = receipts(tmp_path, good[:-40])
    assert [(receipt.key, receipt.ok, receipt.reason) for receipt in cut][-1] == ("N1", False, "回执无法读取或不完整")
    twice = receipts(tmp_path, good.replace(b"<YWXH>8</YWXH>", b"<YWXH>8</YWXH><YWXH>9</YWXH>"))
    assert [(receipt.ok, receipt.reason) for receipt in twice] == [(True, ""), (False, "回执中有 1 条记录无法读取")]
