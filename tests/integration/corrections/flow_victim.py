"""Walks a bundle's way step by step, each in a process of its own that dies, as by ``kill -9``, at the first moment not died at before.

Moments are where something outside of the process comes to be: a transaction that wrote is committed (in the ledger or in the target), a
file is put in its place; thoroughly also before each of them, before and after each statement and each file that is written.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import pathlib
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine.default import DefaultDialect

from hedui.context import Context
from hedui.corrections import decisions, flow
from hedui.corrections.approval import Answer, Stage
from hedui.corrections.dispatch.follow import enter
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.plan import propose
from hedui.corrections.run import rehearse
from hedui.corrections.select import Selection
from hedui.lake import Lake
from hedui.site import load_site

ROOT = Path(__file__).resolve().parents[3]
SITE = load_site(ROOT / "include" / "sites" / "demo")
HERE = os.getpid()


def context_of(order: dict[str, Any]) -> Context:
    """The surroundings that an order tells."""
    return Context(
        site=SITE, lake=Lake(order["lake"]), reports=Path(order["reports"]), inbox=order["inbox"], ledger_url=order["url"],
        connection={"shebao_db": order["url"]}.__getitem__,
    )  # fmt: skip


def _plan(context: Context, order: dict[str, Any]) -> Any:
    date = dt.date.fromisoformat(order["date"])
    plans = propose(context, date=date, target=order["target"], selection=Selection(), proposer="analyst", run="run")
    return [plan.id for plan in plans]


def _gather(context: Context, order: dict[str, Any]) -> Any:
    ready = flow.without_failures(context, [order["bundle"]], lambda number: [])
    for bundle in ready:
        decisions.propose(context, bundle)
    return ready


def _decide(stage: Stage, by: str, context: Context, order: dict[str, Any]) -> Any:
    """As the approval task: what was decided before it was killed stands, else the page is made and the answer taken."""
    earlier = decisions.decided(context, order["bundle"], stage)
    if earlier is None:
        asked = decisions.ask(context, order["bundle"], stage, files="http://here/")
        assert asked is not None
        assert by in asked.users
        answer = Answer(approved=True, by=by, name=by, at=dt.datetime(2026, 6, 5, tzinfo=dt.UTC), reason="同意")
        assert decisions.decide(context, order["bundle"], stage, answer) == ""
    if stage is Stage.REVIEW:
        flow.tidy(context, order["bundle"])
    return by


def _of(step: Callable[[Context, str], Any]) -> Callable[[Context, dict[str, Any]], Any]:
    return lambda context, order: str(step(context, order["bundle"]))


def _ask_back(context: Context, order: dict[str, Any]) -> None:
    flow.request_rollback(context, order["bundle"], actor="analyst", reason="依据有误")


def _enter(context: Context, order: dict[str, Any]) -> Any:
    """As the form of a letter: the second row was refused."""
    rows = [{"number": 2, "reason": "缺少凭证"}]
    form = {
        "number": "粤社函1号",
        "result": "partly",
        "issuer": "省社会保险局",
        "issued_at": "2026-06-05T00:00:00+08:00",
        "rows": rows,
    }
    _, frozen = frozen_bundle(context, order["bundle"])
    return enter(context, frozen, form, document="粤社函〔2026〕1号", actor="analyst", today=dt.date(2026, 6, 5)).verdict


STEPS: dict[str, Callable[[Context, dict[str, Any]], Any]] = {
    "plan": _plan,
    "prepare": _of(lambda context, bundle: flow.prepare(context, bundle).state),
    "gather": _gather,
    "business": partial(_decide, Stage.BUSINESS, "manager"),
    "carry_out": _of(lambda context, bundle: sorted(flow.carry_out(context, bundle))),
    "receipt": _of(flow.receipts),
    "enter": _enter,
    "prove": _of(lambda context, bundle: flow.prove(context, bundle) is not None),
    "review": partial(_decide, Stage.REVIEW, "reviewer"),
    "ask_back": _ask_back,
    "business_back": partial(_decide, Stage.BUSINESS, "manager"),
    "put_back": _of(lambda context, bundle: sorted(flow.carry_out(context, bundle))),
}


class Moments:
    """Where the process can die, and where it has died before."""

    def __init__(self, seen: list[str], tell: Callable[[str], None]) -> None:
        self._seen = frozenset(seen)
        self._tell = tell

    def pass_moment(self, what: str) -> None:
        """Dies here, unless it has before."""
        label = f"{what} at {_place()}"
        if label not in self._seen:
            self._tell(label)
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str, *, before: bool, matters: Callable[..., bool] = lambda *_, **__: True) -> None:
        """Makes a call of a library a moment."""
        call = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            durable = matters(*arguments, **named)
            if before and durable:
                self.pass_moment(f"before {name}")
            result = call(*arguments, **named)
            if durable:
                self.pass_moment(f"after {name}")
            return result

        setattr(owner, name, watched)


def _place() -> str:
    """The three nearest places in our own code."""
    found = [
        f"{Path(frame.filename).stem}:{frame.lineno}"
        for frame in reversed(traceback.extract_stack())
        if "/include/hedui/" in frame.filename
    ]
    return " < ".join(found[:3])


def _has_written(connection: psycopg.Connection[Any]) -> bool:
    if connection.closed or connection.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
        return False
    result = connection.pgconn.exec_(b"SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    return result.get_value(0, 0) == b"t"


def _ledger_has_written(_: DefaultDialect, connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
        return bool(cursor.fetchone()[0])


def _watch(moments: Moments, *, thorough: bool) -> None:
    moments.watch(psycopg.Connection, "commit", before=thorough, matters=_has_written)
    moments.watch(DefaultDialect, "do_commit", before=thorough, matters=_ledger_has_written)  # the ledger's driver is written in C
    for name in ("rename", "replace"):
        moments.watch(os, name, before=thorough)
    if thorough:
        for name in ("write_text", "write_bytes", "mkdir"):
            moments.watch(pathlib.Path, name, before=True)
        moments.watch(psycopg.Cursor, "execute", before=True)
        for name in ("do_execute", "do_executemany"):
            moments.watch(DefaultDialect, name, before=True)


def run(order: dict[str, Any], tell: Callable[[str], None]) -> str:
    """Walks a step; gives what it says, as JSON."""
    context = context_of(order)
    if not order["judged"]:
        flow.rehearse = partial(rehearse, judged=False)  # type: ignore[assignment]
    _watch(Moments(order["seen"], tell), thorough=order["thorough"])
    return json.dumps(STEPS[order["step"]](context, order))


def main() -> None:
    """Reads orders, one JSON object a line, and walks each in a process of its own.

    Answers with the moment at which it died, or with what the step said.
    """

    for line in sys.stdin:
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read_end)

            def tell(label: str, end: int = write_end) -> None:
                os.write(end, label.encode())

            try:
                tell("=" + run(json.loads(line), tell))
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        os.close(write_end)
        told = b"".join(iter(lambda end=read_end: os.read(end, 65536), b"")).decode()  # type: ignore[misc]
        os.close(read_end)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(
            json.dumps({"killed": told if killed else "", "said": told[1:], "code": os.waitstatus_to_exitcode(status)}), flush=True
        )


if __name__ == "__main__":
    main()
