"""A day of the requests for help: taken, paired, sent, reminded of; what is overdue becomes a case (F24)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.corrections.notices import tell
from hedui.exchange.assist import book, wire
from hedui.exchange.assist.desk import Desk, pair
from hedui.exchange.assist.model import DIRECTIONS, FORMS, OPEN, Assist, AssistError
from hedui.ledger.database import begin
from hedui.padis.findings import write_rows
from hedui.site.assist import FILE, load_assist

RULE: Final = "F24"
SCOPE: Final = "assist"


def open_desk(context: Context, folder: Path, *, operator: str) -> Desk:
    """The desk of a site.

    Raises:
        AssistError: The site has no ``assist.yaml``. SiteError: it has mistakes.
    """
    settings = load_assist(folder, context.site)
    if settings is None:
        raise AssistError(f"The site {folder.name} has no {FILE}: it says who we are and what the terms are; see docs/padis.md.")
    return Desk(context=context, settings=settings, operator=operator)


def follow(context: Context, folder: Path, *, date: dt.date, operator: str) -> dict[str, int]:
    """Does all that a day asks for; may be run again at any time.

    Args:
        context: The step's surroundings.
        folder: The site's folder.
        date: Business date; terms count by the day after, on which the run is made.
        operator: Who acts.

    Returns:
        Figures by name.
    """
    desk, day = open_desk(context, folder, operator=operator), date + dt.timedelta(days=1)
    counts = {f"received_{name}": value for name, value in wire.receive(desk, day=day).items()}
    counts |= {f"paired_{name}": value for name, value in pair(desk, date=date).items()}
    counts |= {f"sent_{name}": value for name, value in wire.send(desk, day=day).items()}
    counts["reminded"] = remind(desk, day=day)
    counts["overdue"] = write_overdue(desk, date=date)
    counts["cases_open"] = record_findings(context, date).counts["open_total"]
    return counts


def remind(desk: Desk, *, day: dt.date) -> int:
    """Reminds of requests near or past their term, once a day in one message without personal data; how many there are."""
    workdays = desk.context.workdays
    near = [one for one in book.listed(desk.ledger, *OPEN) if workdays.add(day, desk.settings.remind_days) >= one.due]
    with begin(desk.ledger) as connection:
        fresh = [one for one in near if book.remind_once(connection, one, day)]
        for one in fresh:
            book.note(connection, one.id, "reminded", one.state, desk.operator, due=one.due.isoformat())
    if fresh:
        lines = [f"{FORMS[one.form]} {one.number}（{DIRECTIONS[one.direction]}）：期限 {one.due}" for one in fresh]
        late = sum(one.due < day for one in fresh)
        tell(desk.context, f"协查催办 {len(fresh)} 件，其中超期 {late} 件", *lines)
    return len(fresh)


def overdue(desk: Desk, *, day: dt.date) -> list[Assist]:
    """Requests without an answer, and notices unread, past their term."""
    return [one for one in book.listed(desk.ledger, *OPEN) if one.due < day]


def write_overdue(desk: Desk, *, date: dt.date) -> int:
    """Writes overdue requests as findings F24 of ``date``; none is written, too, so that cases clear."""
    day, how = date + dt.timedelta(days=1), {"source": desk.settings.source, "agency": desk.settings.agency}
    rows = [_row(desk, one, day) for one in overdue(desk, day=day)]
    return write_rows(desk.context, SCOPE, rows, subject_type="group", date=date, **how)


def _row(desk: Desk, one: Assist, day: dt.date) -> Mapping[str, Any]:
    what = "超期未读" if one.form == "notice" else "超期未反馈"
    said = f"{DIRECTIONS[one.direction]}的{FORMS[one.form]}，期限 {one.due}，{what}"
    evidence = {"working_days_late": desk.context.workdays.age(one.due, day), "state": str(one.state), "topic": one.topic}
    return {
        "rule": RULE,
        "severity": desk.context.site.rule_severity(RULE),
        "dataset": None,
        "subject_key": f"{one.direction}/{one.number}",
        "region": one.sender if one.direction == "in" else one.receiver,
        "period": None,
        "field": None,
        "side_values": json.dumps({desk.settings.source: said}, ensure_ascii=False),
        "origin_date": one.opened_on,
        "evidence": json.dumps(evidence, ensure_ascii=False),
    }
