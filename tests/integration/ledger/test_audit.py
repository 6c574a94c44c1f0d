"""The audit chain: nothing in it can be changed, removed or slipped in without being seen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from hedui.audit import ORIGIN, append, entries, verify
from hedui.cases.exemptions import NewExemption, add_exemption, withdraw_exemption
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.lake import Lake
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.site import Site


@pytest.fixture
def ledger(new_database: Callable[[], str]) -> str:
    url = new_database()
    upgrade(url)
    return url


def add(url: str, count: int, *, actor: str = "王主任") -> list[str]:
    digests = []
    for number in range(count):
        with begin(url) as connection:
            digests.append(
                append(
                    connection, actor=actor, action="exemption.add", subject=f"豁免 {number}", details={"rule": "P05", "n": number}
                )
            )
    return digests


def tamper(url: str, statement: str) -> None:
    """Changes the chain as the owner of the database could."""
    with begin(url) as connection:
        connection.execute(text("ALTER TABLE hedui.audit_entry DISABLE TRIGGER ALL"))
        connection.execute(text(statement))
        connection.execute(text("ALTER TABLE hedui.audit_entry ENABLE TRIGGER ALL"))


def test_an_empty_chain_and_a_whole_one_are_proved(ledger: str) -> None:
    assert (verify(ledger).entries, verify(ledger).head, verify(ledger).broken) == (0, ORIGIN, None)
    digests = add(ledger, 3)
    verdict = verify(ledger, known=digests[1])
    assert (verdict.entries, verdict.head, verdict.broken) == (3, digests[2], None)


def test_the_digest_is_what_its_description_says(ledger: str) -> None:
    (digest,) = add(ledger, 1)
    (entry,) = entries(ledger)
    content = {
        "number": 1, "actor": "王主任", "action": "exemption.add", "subject": "豁免 0", "details": {"n": 0, "rule": "P05"},
        "previous": "0" * 64, "at": entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
    }  # fmt: skip
    body = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(body.encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("statement", "broken", "reason"),
    [
        ("UPDATE hedui.audit_entry SET actor = '他人' WHERE number = 2", 2, "内容与摘要不符"),
        ("UPDATE hedui.audit_entry SET details = '{}' WHERE number = 1", 1, "内容与摘要不符"),
        ("UPDATE hedui.audit_entry SET at = at + interval '1 microsecond' WHERE number = 3", 3, "内容与摘要不符"),
        ("DELETE FROM hedui.audit_entry WHERE number = 2", 2, "缺少第 2 条"),
        ("DELETE FROM hedui.audit_entry WHERE number = 1", 1, "缺少第 1 条"),
        ("UPDATE hedui.audit_entry SET previous = repeat('a', 64) WHERE number = 3", 3, "与上一条不相扣"),
    ],
    ids=["actor", "details", "time", "removed", "first removed", "unlinked"],
)
def test_what_was_tampered_with_is_found(ledger: str, statement: str, broken: int, reason: str) -> None:
    add(ledger, 4)
    tamper(ledger, statement)
    verdict = verify(ledger)
    assert (verdict.broken, verdict.reason) == (broken, reason)


def test_a_shortened_chain_is_found_by_a_digest_kept_elsewhere(ledger: str) -> None:
    digests = add(ledger, 4)
    tamper(ledger, "DELETE FROM hedui.audit_entry WHERE number = 4")
    assert verify(ledger).broken is None
    assert verify(ledger, known=digests[3]).broken == 4


@pytest.mark.parametrize(
    "statement", ["UPDATE hedui.audit_entry SET actor = 'x'", "DELETE FROM hedui.audit_entry", "TRUNCATE hedui.audit_entry"]
)
def test_the_database_refuses_to_change_it(ledger: str, statement: str) -> None:
    digests = add(ledger, 2)
    with pytest.raises(LedgerError, match="The ledger refused"), begin(ledger) as connection:
        connection.execute(text(statement))
    assert verify(ledger).head == digests[1]


def test_an_entry_goes_with_the_deed_that_failed(ledger: str) -> None:
    add(ledger, 1)

    def fail() -> None:
        with begin(ledger) as connection:
            append(connection, actor="李", action="exemption.add", subject="豁免 9", details={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert verify(ledger).entries == 1


def test_many_at_once_make_one_chain(ledger: str) -> None:
    threads = [threading.Thread(target=add, args=(ledger, 5), kwargs={"actor": f"人员{number}"}) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (verify(ledger).entries, verify(ledger).broken) == (20, None)


@pytest.mark.parametrize(
    ("actor", "action", "message"), [(" ", "exemption.add", "needs an actor"), ("李", "dance", 'no action "dance"')]
)
def test_entries_without_sense_are_refused(ledger: str, actor: str, action: str, message: str) -> None:
    with pytest.raises(LedgerError, match=message), begin(ledger) as connection:
        append(connection, actor=actor, action=action, subject="", details={})


def test_exemptions_are_in_the_chain(ledger: str, tmp_path: Path) -> None:
    site = Site(id="probe", name="probe", region="990100", agencies=(), sources=(), comparisons=())
    context = Context(site=site, lake=Lake(str(tmp_path)), reports=tmp_path, inbox=str(tmp_path), ledger_url=ledger)
    day = dt.date(2026, 6, 3)
    number = add_exemption(
        context, NewExemption(reason="公安已核实", approver="王主任", created_by="李", valid_from=day, expires_on=day, rule="P05")
    )
    withdraw_exemption(context, number, on=day, by="赵", reason="误登")
    told = [(entry.action, entry.actor, entry.subject, entry.details["reason"]) for entry in entries(ledger)]
    assert told == [
        ("exemption.add", "李", f"豁免 {number}", "公安已核实"),
        ("exemption.withdraw", "赵", f"豁免 {number}", "误登"),
    ]
    assert verify(ledger).broken is None
