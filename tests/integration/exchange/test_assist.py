"""Requests for help between two provinces over a folder: sent, received, paired, answered, overdue, reminded of, closed."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from hedui.audit import entries
from hedui.cases.query import CaseFilter, cases_as_of
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.exchange.assist import book, wire
from hedui.exchange.assist.day import follow, overdue, remind, write_overdue
from hedui.exchange.assist.desk import Desk, answer, close, open_out, pair, read
from hedui.exchange.assist.model import STEPS, AssistError, State
from hedui.exchange.assist.report import write_book
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.site.assist import load_assist
from integration.exchange.conftest import DATE, DEMO, floating, put
from integration.padis.people import id_number

OTHER = "440300"
DAY = DATE + dt.timedelta(days=1)


@pytest.fixture
def desks(context: Context, tmp_path: Path, new_database: Callable[[], str]) -> tuple[Desk, Desk]:
    """We and another province; each has a ledger and a folder of its own."""
    settings = load_assist(DEMO)
    assert settings is not None
    made = []
    for name, region in (("ours", settings.region), ("theirs", OTHER)):
        ledger = new_database()
        upgrade(ledger)
        (tmp_path / name).mkdir()
        own = replace(context, ledger_url=ledger, inbox=str(tmp_path / name), reports=tmp_path / "reports")
        made.append(Desk(context=own, settings=settings.model_copy(update={"region": region}), operator="tester"))
    return made[0], made[1]


def carry(sender: Desk, receiver: Desk) -> int:
    """The post between the two folders; files stay where they were."""
    target = Path(receiver.context.inbox, "assist", "in")
    target.mkdir(parents=True, exist_ok=True)
    sent = list(Path(sender.context.inbox, "assist", "out").glob("*"))
    for path in sent:
        shutil.copy(path, target)
    return len(sent)


def asked(desk: Desk, number: int, *, topic: str = "01") -> str:
    subject = {"name": floating(number)["name"], "id_number": floating(number)["id_number"]}
    return open_out(
        desk, topic=topic, receiver=OTHER if desk.settings.region != OTHER else "990100", subject=subject, content="", day=DAY
    )


def test_a_request_goes_out_is_answered_and_closed(desks: tuple[Desk, Desk]) -> None:
    ours, theirs = desks
    number = asked(ours, 1)
    assert wire.send(ours, day=DAY) == {"requests": 1}
    assert wire.send(ours, day=DAY) == {}
    carry(ours, theirs)
    assert wire.receive(theirs, day=DAY) == {"entered": 1}
    assert wire.receive(theirs, day=DAY) == {"known": 1}, "taken twice, it is there once"
    answer(theirs, number, result="1", said="住本市", day=DAY)
    with pytest.raises(AssistError, match="does not follow"):
        answer(theirs, number, result="2", said="", day=DAY)
    assert wire.send(theirs, day=DAY) == {"answers": 1}
    carry(theirs, ours)
    assert wire.receive(ours, day=DAY) == {"answered": 1}
    close(ours, number)
    assert [one.state for one in book.listed(ours.ledger)] == [State.CLOSED]
    assert [one.state for one in book.listed(theirs.ledger)] == [State.CLOSED]
    told = [entry.action for entry in entries(ours.ledger)]
    assert told == ["assist.open", "assist.send", "assist.answer", "assist.close"]


def test_a_request_that_has_come_is_paired(desks: tuple[Desk, Desk]) -> None:
    ours, theirs = desks
    put(ours.context, [floating(1), floating(2), floating(2, name="测试重")])
    numbers = [asked(theirs, number) for number in (1, 2, 3)]
    wire.send(theirs, day=DAY)
    carry(theirs, ours)
    wire.receive(ours, day=DAY)
    assert pair(ours, date=DATE) == {"one": 1, "several": 1, "none": 1}
    states = {one.number: str(one.state) for one in book.listed(ours.ledger)}
    assert [states[number] for number in numbers] == ["PAIRED", "PAIRED", "UNPAIRED"]
    assert pair(ours, date=DATE) == {}
    put(ours.context, [floating(3)])
    assert pair(ours, date=DATE) == {"one": 1}, "who has come since is found"


def test_overdue_ones_are_cases_until_they_are_answered(desks: tuple[Desk, Desk]) -> None:
    ours, theirs = desks
    late, notice = asked(theirs, 1), asked(theirs, 2, topic="09")
    wire.send(theirs, day=DAY)
    carry(theirs, ours)
    wire.receive(ours, day=DAY)
    due = next(one.due for one in book.listed(ours.ledger) if one.number == late)
    assert due == dt.date(2026, 6, 11), "five working days after Thursday the fourth"
    assert overdue(ours, day=due) == []
    assert remind(ours, day=due) == 2
    assert remind(ours, day=due) == 0, "once a day"
    assert follow_counts(ours, due)["overdue"] == 2
    cases = cases_as_of(ours.context, due, where=CaseFilter(scope=("assist",))).to_pylist()
    assert {(row["rule"], row["subject_key"], row["state"]) for row in cases} == {
        ("F24", f"in/{late}", "open"),
        ("F24", f"in/{notice}", "open"),
    }
    answer(ours, late, result="3", said="", day=due + dt.timedelta(days=1))
    read(ours, notice, day=due + dt.timedelta(days=1))
    next_day = due + dt.timedelta(days=1)
    assert follow_counts(ours, next_day)["overdue"] == 0
    assert all(
        row["state"] == "cleared" for row in cases_as_of(ours.context, next_day, where=CaseFilter(scope=("assist",))).to_pylist()
    )


def follow_counts(desk: Desk, date: dt.date) -> dict[str, int]:
    """A day's run; the settings are those of the demo site."""
    return follow(desk.context, DEMO, date=date, operator="tester")


def test_the_workbook_masks_persons(desks: tuple[Desk, Desk]) -> None:
    ours, _ = desks
    asked(ours, 1)
    open_book = openpyxl.load_workbook(write_book(ours, ours.context.reports, day=DAY))
    cells = [str(cell) for sheet in open_book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert not [cell for cell in cells if re.search(r"99\d{15}[\dX]|测试流1", cell)]
    assert "待发出" in cells


def test_what_is_not_ours_or_makes_no_sense_is_left(desks: tuple[Desk, Desk]) -> None:
    ours, theirs = desks
    folder = Path(ours.context.inbox, "assist", "in")
    folder.mkdir(parents=True)
    lines: list[dict[str, Any]] = [{"to": "510100", "topic": "01"}, {"to": "990100", "topic": "77"}]
    rows = [f"XC{at},1,{line['topic']},{OTHER},{line['to']},测试,x,2026-06-03," for at, line in enumerate(lines)]
    (folder / "a.csv").write_text(f"{len(rows)}\n{','.join(wire.REQUEST)}\n" + "\n".join(rows) + "\n", encoding="utf-8")
    answers = [f"XC9,{OTHER},990100,{result},,{day}" for result, day in (("1", DAY), ("测试甲", DAY), ("1", "昨天"))]
    (folder / "b.csv").write_text(f"{len(answers)}\n{','.join(wire.ANSWER)}\n" + "\n".join(answers) + "\n", encoding="utf-8")
    (folder / "c.csv").write_bytes(b"\xff\xfe")
    assert wire.receive(ours, day=DAY) == {"stray": 3, "unreadable": 3}
    number = asked(ours, 5)
    with pytest.raises(AssistError, match="needs a reason"):
        close(ours, number)
    close(ours, number, reason="重复发起")
    assert book.listed(ours.ledger)[0].state == State.CANCELLED
    assert theirs.settings.region == OTHER


def test_a_number_or_place_that_could_be_a_person_is_not_taken(desks: tuple[Desk, Desk]) -> None:
    ours, _ = desks
    folder = Path(ours.context.inbox, "assist", "in")
    folder.mkdir(parents=True)
    lines = [f"{number},1,01,{OTHER}," for number in (id_number(7), f"XC{id_number(7)}", "协查测试甲", "", "X" * 61)]
    lines += [f"XC1,1,01,{place}," for place in (id_number(7), "测试甲", "")]
    rows = "".join(f"{line}990100,测试,x,2026-06-03,\n" for line in lines)
    (folder / "a.csv").write_text(f"{len(lines)}\n{','.join(wire.REQUEST)}\n{rows}", encoding="utf-8")
    assert wire.receive(ours, day=DAY) == {"unreadable": len(lines)}
    assert book.listed(ours.ledger) == []


def test_the_log_is_append_only_and_steps_are_closed(desks: tuple[Desk, Desk]) -> None:
    ours, _ = desks
    asked(ours, 1)
    for statement in ("UPDATE hedui.assist_event SET event = 'x'", "DELETE FROM hedui.assist_event"):
        with pytest.raises(LedgerError), begin(ours.ledger) as connection:
            connection.execute(text(statement))
    assert set(STEPS) == {str(state) for state in State}
    assert write_overdue(ours, date=DATE) == 0
