from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
from lxml import etree

from hedui.errors import HeduiError
from hedui.harness.play import Player, StepResult, verdict
from hedui.harness.receipts import SeenReceipt
from hedui.harness.scenario import Scenario
from hedui.site import Site
from hedui.sources.inbox import Place

NAME = {"type": "JFXX102", "agency": "990101", "sequence": "000001"}
ROWS = {"count": 2, "values": {"no": "N{n}", "name": "张三", "amount": "10.05"}}
FOLDER = "lh/20260603"
FILE = f"{FOLDER}/SBF_JFXX102_990101_000001.xml"


class Box:
    """Receipts that come after some looks."""

    def __init__(self, receipt: SeenReceipt | None = None, *, after: int = 0) -> None:
        self.receipt, self.after, self.looks = receipt, after, 0

    def find(self, path: str) -> SeenReceipt | None:
        self.looks += 1
        return self.receipt if self.looks > self.after else None


@pytest.fixture
def play(site: Site, tmp_path: Path) -> Callable[..., list[StepResult]]:
    def run(
        *steps: dict[str, Any], source: str = "lh", box: Box | None = None, waits: list[float] | None = None
    ) -> list[StepResult]:
        scenario = Scenario.model_validate({"title": "试", "source": source, "date": "2026-06-03", "steps": steps})
        wait = (waits if waits is not None else []).append
        inbox = Place(fs=fsspec.filesystem("file"), base=str(tmp_path), local=True)
        player = Player(site=site, scenario=scenario, folder=tmp_path, inbox=inbox, receipts=box or Box(), wait=wait)
        return list(player.play())

    return run


def send(**more: Any) -> dict[str, Any]:
    return {"do": "send", "packet": "P1", "dataset": "payment", "name": NAME, "rows": ROWS} | more


def head(content: bytes) -> dict[str, str | None]:
    return {item.tag: item.text for item in etree.fromstring(content).find("PackageHead")}


def test_a_packet_is_written_whole_with_its_marker(play: Callable[..., list[StepResult]], tmp_path: Path) -> None:
    (result,) = play(send())
    content = (tmp_path / FILE).read_bytes()
    assert (tmp_path / f"{FILE}.ok").exists()
    assert head(content) == {"SJBBH": "P1", "SFCF": "0", "SCRQ": "20260603", "JLS": "2", "HJJE": "20.10"}
    records = etree.fromstring(content).findall("Data/Record")
    assert [[field.text for field in record] for record in records] == [["N1", "张三", "10.05"], ["N2", "张三", "10.05"]]
    assert "张三".encode("gbk") in content
    assert (result.state, result.what) == ("done", "发送报文 P1（2 条）")


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ({"name": "wrong_count"}, lambda content: head(content)["JLS"] == "3"),
        ({"name": "wrong_total"}, lambda content: head(content)["HJJE"] == "20.101"),
        ({"name": "missing_head", "field": "SJBBH"}, lambda content: "SJBBH" not in head(content)),
        ({"name": "other_encoding"}, lambda content: "张三".encode() in content and b'encoding="GBK"' in content),
        ({"name": "broken_character"}, lambda content: b"\xff\xff" in content),
        ({"name": "entity"}, lambda content: content.startswith(b'<?xml version="1.0" encoding="GBK"?><!DOCTYPE')),
        ({"name": "garbage"}, lambda content: content[:4] == b"\0\1\2\3"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_faults_are_in_the_bytes(
    play: Callable[..., list[StepResult]], tmp_path: Path, fault: dict[str, str], seen: Callable[[bytes], bool]
) -> None:
    play(send(faults=[fault]))
    assert seen((tmp_path / FILE).read_bytes())


def test_a_packet_that_is_still_written_has_no_marker_until_it_is_finished(
    play: Callable[..., list[StepResult]], tmp_path: Path
) -> None:
    play(send(faults=[{"name": "cut", "share": 0.4}]))
    cut = (tmp_path / FILE).read_bytes()
    assert not (tmp_path / f"{FILE}.ok").exists()
    play(send(faults=[{"name": "cut", "share": 0.4}]), {"do": "finish", "packet": "P1"})
    whole = (tmp_path / FILE).read_bytes()
    assert whole.startswith(cut)
    assert whole.endswith(b"</Package>\n")
    assert (tmp_path / f"{FILE}.ok").exists()


def test_a_packet_is_taken_away(play: Callable[..., list[StepResult]], tmp_path: Path) -> None:
    play(send(), {"do": "remove", "packet": "P1"})
    assert not (tmp_path / FILE).exists()


def test_fixed_width_counts_bytes_not_characters(play: Callable[..., list[StepResult]], tmp_path: Path) -> None:
    play({"do": "send", "packet": "B1", "dataset": "payment", "rows": ROWS}, source="bank")
    lines = (tmp_path / "bank/20260603.txt").read_bytes().split(b"\r\n")
    name = "张三".encode("gb18030") + b"      "
    assert lines == [b"HB1      ", b"N1      " + name + b"000010.05", b"N2      " + name + b"000010.05", b"T000002", b""]


def test_a_value_that_does_not_fit_its_bytes_is_refused(play: Callable[..., list[StepResult]]) -> None:
    rows = {"count": 1, "values": {"name": "张三李四王五"}}
    with pytest.raises(HeduiError, match="The field name has 10 bytes; the scenario gives it 12"):
        play({"do": "send", "packet": "B1", "dataset": "payment", "rows": rows}, source="bank")


def test_text_with_a_count_line_goes_into_its_archive(play: Callable[..., list[StepResult]], tmp_path: Path) -> None:
    play({"do": "send", "packet": "G1", "dataset": "payment", "name": {"sequence": "1"}, "rows": ROWS}, source="gk")
    content = (tmp_path / "gk/20260603_1.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = archive.namelist()
        assert name == "20260603_1.txt"
        assert archive.read(name).decode("gbk") == "2\nno|name|amount\nN1|张三|10.05\nN2|张三|10.05\n"


def test_a_receipt_is_waited_for_and_judged(play: Callable[..., list[StepResult]]) -> None:
    expect = {"do": "expect_receipt", "packet": "P1", "result": "rejected", "rules": ["B02"], "within": 10}
    waits: list[float] = []
    results = play(send(), expect, box=Box(SeenReceipt(accepted=False, rules=("B02",)), after=2), waits=waits)
    assert (results[1].state, len(waits)) == ("met", 2)
    assert verdict(results)
    for receipt, detail in (
        (SeenReceipt(accepted=True), "已接收，缺少原因 B02"),
        (SeenReceipt(accepted=False, rules=("B03",)), "被拒收（B03），缺少原因 B02"),
        (None, "10 秒内没有收到回执"),
    ):
        results = play(send(), expect, box=Box(receipt))
        assert (results[1].state, results[1].detail) == ("unmet", detail)
        assert not verdict(results)


def test_a_name_part_that_is_missing_is_named(play: Callable[..., list[StepResult]]) -> None:
    with pytest.raises(HeduiError, match="`name` lacks the part 'agency'"):
        play(send(name={"type": "JFXX102", "sequence": "000001"}))
