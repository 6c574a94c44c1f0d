"""What stands as of a night: gaps, zero reports, lateness, closing, answers to what was sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hedui.batches.exchange import Exchange, ReceiptFact, SentFact
from hedui.batches.facts import Decision, PacketFact
from hedui.batches.judge import judge
from hedui.batches.problems import of_days, of_exchange, of_packets
from hedui.site.batches import Batches, Sent
from hedui.site.models import Calendar, Source
from hedui.workdays import Workdays

WED, THU, FRI, MON = (dt.date(2026, 6, day) for day in (3, 4, 5, 8))
WORKDAYS = Workdays(calendar=Calendar())


def source(**batches: Any) -> Source:
    reader = {"type": "xml", "path": "x/{date:%Y%m%d}/{agency}_{sequence}.xml"}
    columns = {"detail_no": {"from": "A"}}
    return Source.model_validate(
        {
            "id": "bao", "name": "报文", "agency": "tax", "reader": reader, "expected": {"by": "02:00"}, "batches": batches,
            "datasets": {"payment": {"table": "t", "columns": columns}},
        }
    )  # fmt: skip


def packet(sequence: int, agency: str = "99010101", date: dt.date = WED, **more: Any) -> PacketFact:
    parts = {"type": "JFXX102", "agency": agency, "sequence": f"{sequence:06d}", "date": f"{date:%Y%m%d}"}
    return PacketFact(date=date, dataset="payment", number=sequence, name=f"{agency}_{sequence}.xml", name_parts=parts, **more)


def found(facts: list[PacketFact], days: list[dt.date], **batches: Any) -> list[tuple[str, str]]:
    spec = source(**batches)
    verdicts = judge(facts, (), spec.batches)
    return [(item.rule, item.key) for item in of_days(verdicts, spec, days, WORKDAYS, "Asia/Shanghai")]


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [([1, 2, 3], None), ([1, 3], [2]), ([2], [1]), ([5, 1, 2], [3, 4]), ([], None)],
    ids=["none", "one", "the first", "two in any order", "nothing came"],
)
def test_gaps_in_file_numbers(numbers: list[int], missing: list[int] | None) -> None:
    spec = source(sequence=True)
    gaps = of_days(judge([packet(number) for number in numbers], (), spec.batches), spec, [], WORKDAYS, "Asia/Shanghai")
    assert [gap.evidence["missing"] for gap in gaps] == ([missing] if missing else [])


def test_each_agency_and_day_has_its_own_numbers() -> None:
    facts = [packet(1), packet(3), packet(1, "99010201"), packet(2, date=THU)]
    assert found(facts, [], sequence=True) == [("B11", "JFXX102/99010101/20260603"), ("B11", "JFXX102/99010101/20260604")]


def test_who_owes_a_zero_report() -> None:
    facts = [packet(1), packet(1, "99010201", THU, rows=0, declared_rows=0)]
    expect = ("99010101", "99010201")
    assert found(facts, [WED, THU], expect=expect) == [("B13", "99010201/2026-06-03"), ("B13", "99010101/2026-06-04")]


@pytest.mark.parametrize(
    ("modified", "late"),
    [("2026-06-03T18:00:00+00:00", False), ("2026-06-03T18:00:01+00:00", True), (None, False)],
    ids=["on the second", "a second after", "not known"],
)
def test_late_is_after_two_in_the_morning_in_shanghai(modified: str | None, late: bool) -> None:
    assert found([packet(1, modified=modified)], [], late="file_time") == ([("B12", "99010101_1.xml")] if late else [])
    assert found([packet(1, modified=modified)], []) == []


def test_a_batch_that_was_closed_with_something_open() -> None:
    facts = [packet(1, rows=2, declared_rows=3), packet(2)]
    close = [Decision(date=THU, key=fact.key, kind="close") for fact in facts]
    rules = [(item.rule, item.key, item.date) for item in of_packets(judge(facts, close, Batches()), close)]
    assert rules == [("B02", "99010101_1.xml", WED), ("R22", "99010101_1.xml", THU)]


def test_a_packet_without_a_number_is_put_right_by_the_next_with_its_file_number() -> None:
    bad = packet(1, rows=2, declared_rows=3)
    good = PacketFact(
        date=THU, dataset="payment", number=1, name="99010101_1.xml", rows=3, declared_rows=3, name_parts=bad.name_parts
    )
    assert [item.rule for item in of_packets(judge([bad], (), Batches()), ())] == ["B02"]
    assert of_packets(judge([bad, good], (), Batches()), ()) == []


def receipt(date: dt.date, *, ok: bool, layer: Any = "packet", record: str = "") -> ReceiptFact:
    return ReceiptFact(date=date, layer=layer, key="A1", ok=ok, record=record)


@pytest.mark.parametrize(
    ("night", "answers", "expected"),
    [
        pytest.param(THU, [], [], id="still in time"),
        pytest.param(FRI, [], ["B09"], id="no answer"),
        pytest.param(FRI, [receipt(THU, ok=True)], [], id="answered"),
        pytest.param(THU, [receipt(WED, ok=False)], [], id="failure is fresh"),
        pytest.param(FRI, [receipt(WED, ok=False)], ["B10"], id="failure is old"),
        pytest.param(FRI, [receipt(WED, ok=False), receipt(THU, ok=True)], [], id="mended"),
        pytest.param(FRI, [receipt(WED, ok=False, layer="row", record="1"), receipt(THU, ok=True)], ["B10"], id="another layer"),
        pytest.param(FRI, [receipt(FRI, ok=False)], [], id="over no weekend yet"),
        pytest.param(MON, [receipt(FRI, ok=False)], [], id="one working day over the weekend"),
    ],
)
def test_answers_to_what_was_sent(night: dt.date, answers: list[ReceiptFact], expected: list[str]) -> None:
    spec = source(sent=Sent(path="p", receipts="r", reply_days=1, open_days=1).model_dump())
    exchange = {WED: Exchange(sent=(SentFact(date=WED, key="A1", name="n"),))}
    for answer in answers:
        known = exchange.get(answer.date, Exchange())
        exchange[answer.date] = Exchange(sent=known.sent, receipts=(*known.receipts, answer))
    assert [item.rule for item in of_exchange(exchange, spec, night, WORKDAYS)] == expected


def test_sending_again_mends_a_failure() -> None:
    spec = source(sent=Sent(path="p", receipts="r").model_dump())
    exchange = {
        WED: Exchange(sent=(SentFact(date=WED, key="A1", name="n"),), receipts=(receipt(WED, ok=False),)),
        THU: Exchange(sent=(SentFact(date=THU, key="A1", name="n"),)),
    }
    assert of_exchange(exchange, spec, FRI, WORKDAYS) == []
