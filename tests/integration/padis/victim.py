"""Reports in a process of its own and kills itself, as ``kill -9`` would, at a point inside the work; or runs until somebody kills it."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hedui.context import Context
from hedui.lake import Lake
from hedui.padis import dispatch, inbound, intake, outgoing, ready, steps
from hedui.padis.build import drafts
from hedui.padis.office import Office, open_office
from hedui.site import load_site
from integration.padis.people import DATE

ROOT = Path(__file__).resolve().parents[3]


def office_of(order: dict[str, Any]) -> Office:
    """The office that the order describes; its time moves on by a minute with every look at it."""
    context = Context(
        site=load_site(ROOT / "include" / "sites" / "demo"),
        lake=Lake(order["folder"]),
        reports=Path(order["folder"]),
        inbox=order["folder"],
        ledger_url=order["ledger"],
        connection=order["connections"].__getitem__,
    )
    found = open_office(context, Path(order["site"]), operator="victim")
    moment = [dt.datetime.fromisoformat(order["now"])]

    def clock() -> dt.datetime:
        moment[0] += dt.timedelta(seconds=20)
        return moment[0]

    transport = found.profile.transport.model_copy(update={"timeout_seconds": order["timeout"]})
    profile = found.profile.model_copy(update={"transport": transport, "rows": order["rows"], "per_minute": None})
    return replace(found, profile=profile, clock=clock)


def dying(function: Callable[..., Any], *, after: bool, count: int) -> Callable[..., Any]:
    """The function, which is the last thing the process does (``after``), or what it comes to before it dies."""
    calls = [0]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        last = calls[0] == count
        if last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **named)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


POINTS: dict[str, tuple[Any, str, bool]] = {
    "written down, not sent": (dispatch, "_deliver", False),
    "sent, nothing kept": (dispatch, "_answered", False),
    "receipt kept, not applied": (dispatch, "settle", False),
    "applied, not committed": (inbound, "_apply", True),
    "asking": (dispatch, "_asked", False),
    "packed, not committed": (outgoing, "_pack", True),
    "judged, not committed": (ready, "_write", True),
    "taken, not committed": (intake, "_copy", True),
}


def main() -> None:
    """One argument: the order as JSON."""
    order = json.loads(sys.argv[1])
    if order.get("point"):
        module, name, after = POINTS[order["point"]]
        setattr(module, name, dying(getattr(module, name), after=after, count=order.get("count", 1)))
    work(office_of(order), order["births"])


def work(office: Office, rows: list[dict[str, Any]]) -> None:
    """Everything that a day does, again and again until nothing is under way."""
    parsed = [
        {**row, "birth_time": dt.datetime.fromisoformat(row["birth_time"]), "issue_date": dt.date.fromisoformat(row["issue_date"])}
        for row in rows
    ]
    intake.collect(office, "birth", drafts("birth", parsed), date=DATE)
    ready.validate(office, "birth", report=DATE)
    outgoing.pack_records(office, "birth", report=DATE)
    while steps.turn(office, date=DATE).counts["open"]:
        pass


if __name__ == "__main__":
    main()
