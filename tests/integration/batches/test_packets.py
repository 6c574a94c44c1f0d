"""Packets through extraction: what counts, what is kept beside it, what is said about it."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable

import pytest

from hedui import steps
from hedui.batches.changes import CHANGES
from hedui.batches.events import events_of
from hedui.batches.facts import raw_partition
from hedui.errors import SiteError
from hedui.site import load_site
from integration.batches.conftest import DAYS, FRI, THU, WED, World, without_papers

NEVER = dt.date.max
A, B, C = ("D1", "10.00"), ("D2", "20.00"), ("D3", "30.00")


def test_rows_of_refused_packets_do_not_count_and_are_kept(world: World) -> None:
    world.send(WED, 1, "990101A1", [A])
    world.send(WED, 2, "990101A2", [B, C], JLS="3")
    world.send(WED, 3, "990101A3", [C], region="880101")
    summary = steps.extract(world.context, "bao", WED)
    assert world.rows(WED) == [("D1", 1000)]
    assert world.findings("batch:bao", WED) == [("B02", "990101A2"), ("B16", "990101A3")]
    assert {name: summary.counts[name] for name in ("source_rows", "rows", "rejected", "set_aside")} == {
        "source_rows": 4, "rows": 1, "rejected": 0, "set_aside": 3,
    }  # fmt: skip
    manifest = world.context.lake.manifest(raw_partition("bao", "payment", WED))
    assert manifest is not None
    assert manifest.rows == 4


def test_a_resend_of_the_next_day_corrects_the_day_of_its_batch(world: World) -> None:
    world.send(WED, 1, "990101A1", [A, B])
    world.send(THU, 1, "990101A1", [A, ("D2", "21.00"), C], SFCF="1")
    world.send(THU, 2, "990101B1", [("D9", "9.00")])
    for day in (WED, THU):
        summary = steps.extract(world.context, "bao", day)
    assert summary.counts["restated_dates"] == 1
    assert world.rows(WED) == [("D1", 1000), ("D2", 2100), ("D3", 3000)]
    assert world.rows(THU) == [("D9", 900)]
    assert world.findings("batch:bao", WED) == []
    assert world.findings("batch:bao", THU) == [("B04", "990101A1")]
    manifest = world.context.lake.manifest(raw_partition("bao", CHANGES, THU))
    assert manifest is not None
    assert manifest.meta["counts"] == {"payment/1": {"added": 1, "removed": 0, "changed": 1}}


def test_the_life_of_a_batch_that_is_sent_again_too_late(world: World) -> None:
    spec = world.folder / "site" / "sources" / "bao.yaml"
    text = spec.read_text(encoding="utf-8").replace("  sequence: true", "  sequence: true\n  late: file_time")
    spec.write_text(text + 'expected: {by: "02:00"}\n', encoding="utf-8")
    world.site = load_site(world.folder / "site")
    world.send(WED, 1, "990101A1", [A])
    world.send(WED, 2, "990101A2", [B])
    world.send(THU, 1, "990101A1", [A, C], SFCF="1")
    for day, sequence, clock in ((WED, 1, "2026-06-04T01:59:00"), (WED, 2, "2026-06-03T21:00:00"), (THU, 1, "2026-06-05T02:01:00")):
        file = world.folder / "inbox" / "bao" / f"{day:%Y%m%d}" / f"P_99010101_{sequence:04d}.xml"
        moment = dt.datetime.fromisoformat(f"{clock}+08:00").timestamp()
        os.utime(file, (moment, moment))
    for day in (WED, THU):
        steps.extract(world.context, "bao", day)
    lives = events_of(world.context, world.site.source("bao"))
    told = [(event.date, event.event) for event in lives["990101A1"]]
    first = [(WED, name) for name in ("arrived", "verified", "loaded", "receipted", "replaced")]
    assert told == first + [(THU, name) for name in ("arrived", "late", "verified", "resent", "loaded", "receipted")]
    assert {event.belongs for event in lives["990101A1"]} == {WED}
    assert [event.event for event in lives["990101A2"]] == ["arrived", "verified", "loaded", "receipted"]
    (late,) = (event for event in lives["990101A1"] if event.event == "late")
    assert late.detail == {"arrived": "2026-06-04T18:01:00+00:00", "expected_by": "2026-06-05T02:00:00+08:00"}


def test_every_canonical_row_has_its_record_in_the_raw_partition_of_its_date(world: World) -> None:
    world.send(WED, 1, "990101A1", [A])
    world.send(WED, 2, "990101A2", [B])
    world.send(THU, 1, "990101A1", [("D1", "11.00"), C], SFCF="1")
    for day in (WED, THU):
        steps.extract(world.context, "bao", day)
    raw = {row["source_row"]: row["AAZ083"] for row in world._read(raw_partition("bao", "payment", WED))}
    rows = world._read(world.context.canonical("payment", "bao", WED))
    assert [(row["detail_no"], row["person_paid_fen"]) for row in rows] == [("D2", 2000), ("D1", 1100), ("D3", 3000)]
    assert [raw[row["source_row"]] for row in rows] == ["D2", "D1", "D3"]
    assert sorted(raw) == [1, 2, 3, 4]


def test_a_cancelled_batch_leaves_the_day_and_a_refused_one_leaves_the_findings(world: World) -> None:
    world.send(WED, 1, "990101A1", [A])
    world.send(WED, 2, "990101A2", [B])
    world.send(WED, 3, "990101A3", [C], JLS="7")
    world.send(THU, 1, "990101B1", [("D9", "9.00")])
    world.decide(THU, ("990101A1", "撤销"), ("990101A3", "撤销"))
    for day in (WED, THU):
        steps.extract(world.context, "bao", day)
    assert world.rows(WED) == [("D2", 2000)]
    assert world.findings("batch:bao", WED) == [("B02", "990101A3")]
    assert world.findings("batch:bao", THU) == []


def test_where_every_packet_was_refused_there_is_nothing_to_compare_with(world: World) -> None:
    world.send(WED, 1, "990101A1", [A], JLS="7")
    summary = steps.extract(world.context, "bao", WED)
    assert (summary.state, summary.reason) == ("missing", "报文本日报文全部被退回")
    assert world.context.lake.manifest(world.context.canonical("payment", "bao", WED)) is None
    world.send(THU, 1, "990101A1", [A], SFCF="1")
    steps.extract(world.context, "bao", THU)
    assert world.rows(WED) == [("D1", 1000)]
    assert world.rows(THU) == []


def test_a_zero_report_is_a_delivery(world: World) -> None:
    world.send(WED, 1, "990101A1", [])
    assert steps.extract(world.context, "bao", WED).state == "done"
    assert world.rows(WED) == []
    assert world.findings("batch:bao", WED) == []


def test_receipts_of_packets_and_fields(world: World) -> None:
    world.send(WED, 1, "990101A1", [A, ("D2", "12元"), C])
    world.send(WED, 2, "990101A2", [B], JLS="2")
    steps.extract(world.context, "bao", WED)
    folder = world.folder / "inbox" / "out" / "20260603"
    texts = {path.name: path.read_text(encoding="gb18030") for path in folder.iterdir()}
    assert sorted(texts) == ["JYFK101_P_99010101_0001.xml", "SSHZ001_P_99010101_0001.xml", "SSHZ001_P_99010101_0002.xml"]
    assert "<RECODE>0</RECODE>" in texts["SSHZ001_P_99010101_0001.xml"]
    assert "<RECODE>1</RECODE><REMSG>B02 记录数不符</REMSG>" in texts["SSHZ001_P_99010101_0002.xml"]
    assert "<RECORD_INDEX>2</RECORD_INDEX><SJX>AAE082</SJX><SJXNR>12元</SJXNR>" in texts["JYFK101_P_99010101_0001.xml"]
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert steps.extract(world.context, "bao", WED).counts["receipts_written"] == 0
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("read_first", [WED, THU], ids=["in order", "the older date last"])
def test_rows_marked_as_passed_on_that_never_came(world: World, read_first: dt.date) -> None:
    world.recorded(WED, A)
    world.recorded(FRI, ("D8", "1.00"))
    world.recorded(WED, ("D5", "1.00"), handed=NEVER)
    world.recorded(WED, ("D6", "1.00"), status="0", handed=NEVER)
    world.recorded(THU, ("D7", "1.00"), status="0", handed=NEVER)
    for day in (WED, FRI) if read_first == WED else (FRI, WED):
        steps.extract(world.context, "zhong", day)
    assert world.findings("batch:zhong", FRI) == [("B15", "payment/2026-06-03"), ("B17", "D5")]
    assert world.findings("batch:zhong", WED) == []


def test_receipts_of_business_rows_name_the_records_that_failed(make_world: Callable[[], World]) -> None:
    world = make_world()
    world.send(WED, 1, "990101A1", [A, B])
    world.send(WED, 2, "990101A2", [C, ("D4", "40.00")])
    world.recorded(WED, A, ("D2", "21.00"), ("D4", "40.00"))
    for number, day in enumerate((THU, FRI), start=5):
        world.send(day, 1, f"990101A{number}", [(f"D{number}", "1.00")])
        world.recorded(day, (f"D{number}", "1.00"))
    folder = world.folder / "inbox" / "out"

    def told(day: dt.date) -> dict[str, list[tuple[str, str, str]]]:
        texts = {path.name: path.read_text(encoding="gb18030") for path in folder.glob(f"{day:%Y%m%d}/YWJY101_*.xml")}
        pattern = r"<SJBBH>(\w+)</SJBBH><YWXH>(\w+)</YWXH><CLZT>1</CLZT><SBYY_DM>(\w+)</SBYY_DM>"
        return {name: re.findall(pattern, text) for name, text in sorted(texts.items())}

    for day in DAYS:
        without_papers(world.context, day)
    assert told(WED) == {"YWJY101_P_99010101_0001.xml": [("990101A1", "D2", "R05")]}
    assert told(FRI) == {"YWJY101_P_99010101_0002.xml": [("990101A2", "D3", "R10")]}

    world.sql("UPDATE ac44 SET aae082 = '20.00' WHERE aaz083 = 'D2'")
    without_papers(world.context, WED)
    assert told(WED) == {}


def test_a_site_that_tells_of_unknown_rules_is_told_so(world: World) -> None:
    path = world.folder / "site" / "sources" / "bao.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[R05, R10]", "[R05, X99]").replace("{payment: AAZ083}", "{levy: AAZ083}")
    )
    with pytest.raises(SiteError) as caught:
        load_site(world.folder / "site")
    assert [problem.split(": ", 1)[1] for problem in caught.value.problems] == [
        "batches.business.number.levy: the source has no such dataset; choose one of payment.",
        'batches.business.rules.1: there is no rule "X99"; `hedui rules list` lists them',
    ]
