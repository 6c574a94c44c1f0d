"""Changes made upstream (回流): on their way back within one working day, then overdue; and what only looks like that."""

from __future__ import annotations

import datetime as dt

from hedui.demo.planting import ALL, Planting, Row, Slots, Subject
from hedui.demo.plants.registry import plant
from hedui.demo.plants.tier_rows import ACCOUNTS, MONTHS, TIERS, account, month

MAY, TUESDAY, WEDNESDAY = dt.date(2026, 5, 28), dt.date(2026, 6, 2), dt.date(2026, 6, 3)
UPPER = ("sheng", "guotong")
PERIOD = "202605"


def _months(
    p: Planting, rule: str, kind: str, person: Subject, when: Slots, *, field: str | None = None, expect: str = "hit"
) -> None:
    p.expect(rule, MONTHS, f"{person.id}/10", when, kind=kind, insurance="110", period=PERIOD, field=field, expect=expect)


def _account(
    p: Planting, rule: str, kind: str, person: Subject, when: Slots, *, field: str | None = None, expect: str = "hit"
) -> None:
    p.expect(rule, ACCOUNTS, f"{person.id}/2025", when, kind=kind, insurance="110", field=field, expect=expect)


def _raise_base(row: Row, changed: dt.date, when: Slots = ALL) -> None:
    row.set("pay_base_fen", row.values["pay_base_fen"] + 20000, when)
    row.set("changed_on", changed, when)


@plant("T14 months")
def base_changed_upstream(p: Planting) -> None:
    """A base raised upstream on Tuesday (notice, then overdue), in May (overdue), and back on Friday; near: back at once, or local."""
    cases: tuple[tuple[dt.date, tuple[tuple[int, str], ...]], ...] = (
        (TUESDAY, ((1, "IN_TRANSIT"), (3, "LATE"))),
        (MAY, ((1, "LATE"), (3, "LATE"))),
        (TUESDAY, ((1, "IN_TRANSIT"),)),
        (WEDNESDAY, ((1, "IN_TRANSIT"), (3, "LATE"))),
    )
    for number, (changed, kinds) in enumerate(cases):
        person = p.take("M")
        for source in UPPER:
            _raise_base(month(person, source, PERIOD), changed)
        if number == 2:
            _raise_base(month(person, "shebao", PERIOD), dt.date(2026, 6, 5), (3, 4))
        for slot, kind in kinds:
            _months(p, "T14", kind, person, (slot,))
    for number in range(3):
        person = p.take("M")
        for source in TIERS if number == 0 else UPPER:
            _raise_base(month(person, source, PERIOD), TUESDAY)
        if number:  # the local row was changed later, so that it did not wait for the way back
            month(person, "shebao", PERIOD).set("changed_on", WEDNESDAY)
            _months(p, "T08", "ATTR", person, ALL, field="pay_base_fen")
        for kind in ("IN_TRANSIT", "LATE"):
            _months(p, "T14", kind, person, ALL, expect="near")


@plant("T14 new month")
def month_new_upstream(p: Planting) -> None:
    """A month that is new upstream: a notice on Wednesday, missing on Friday; near: new everywhere."""
    for _ in range(2):
        person = p.take("M")
        month(person, "shebao", PERIOD).hide()
        for source in UPPER:
            month(person, source, PERIOD).set("changed_on", TUESDAY)
        _months(p, "T14", "IN_TRANSIT", person, (1,))
        _months(p, "T07", "MISSING_TIER", person, (3,))
    for _, person in p.nears("M", 2):
        for source in TIERS:
            month(person, source, PERIOD).set("changed_on", TUESDAY)
        _months(p, "T14", "IN_TRANSIT", person, ALL, expect="near")


@plant("T14 accounts")
def account_changed_upstream(p: Planting) -> None:
    """Several figures of an account corrected upstream are one finding; near: only the nation corrected it, and the province differs."""
    for number in range(4):
        person = p.take("M")
        changed = (TUESDAY, MAY)[number % 2]
        for source in UPPER:
            row = account(person, source)
            for name in ("months_before", "months_paid", "months_total"):
                row.set(name, row.values[name] + 2)
            row.set("changed_on", changed)
        _account(p, "T14", "LATE" if number % 2 else "IN_TRANSIT", person, (1,))
        _account(p, "T14", "LATE", person, (3,))
    for _, person in p.nears("M"):
        row = account(person, "guotong")
        row.set("months_deemed", row.values["months_deemed"] + 1)
        row.set("months_total", row.values["months_total"] + 1)
        row.set("changed_on", TUESDAY)
        _account(p, "T05", "ATTR", person, ALL, field="months_deemed")
        _account(p, "T06", "ATTR", person, ALL, field="months_total")
        for kind in ("IN_TRANSIT", "LATE"):
            _account(p, "T14", kind, person, ALL, expect="near")
