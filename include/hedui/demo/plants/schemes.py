"""The legacy local schemes (老农保, 被征地): what was moved to the province is what arrived there."""

from __future__ import annotations

from hedui.demo.planting import ALL, Planting, Row, Slots, Subject
from hedui.demo.plants.registry import plant
from hedui.demo.systems.schemes import LANDLESS, OLD_FARMERS

SCOPES = {OLD_FARMERS: ("scheme_laonongbao", "laonongbao"), LANDLESS: ("scheme_beizhengdi", "beizhengdi")}


def _row(person: Subject, source: str, scheme: str) -> Row:
    return next(row for row in person.rows[source, "scheme_record"] if row.values["scheme"] == scheme)


def _expect(
    p: Planting,
    rule: str,
    kind: str,
    person: Subject,
    scheme: str,
    when: Slots = ALL,
    *,
    field: str | None = None,
    expect: str = "hit",
) -> None:
    p.expect(rule, SCOPES[scheme][0], f"{person.id}/{scheme}", when, kind=kind, field=field, expect=expect)


@plant("T17 schemes")
def moved_otherwise(p: Planting) -> None:
    """The amount or the months that arrived are not those that left; near: the same in yuan and in fen, 15 digits and 18."""
    for scheme, (_, source) in SCOPES.items():
        for number, when, person in p.hits("O"):
            field, by = (("amount_fen", -1), ("months_paid", 1))[number % 2]
            row = _row(person, ("sheng", source)[number // 2], scheme)
            row.set(field, row.values[field] + by, when)
            _expect(p, "T17", "ATTR" if number % 2 else "AMT", person, scheme, when, field=field)
        for _, person in p.nears("O"):
            for system in ("sheng", source):
                row = _row(person, system, scheme)
                row.set("amount_fen", row.values["amount_fen"] + 1)
            _expect(p, "T17", "AMT", person, scheme, field="amount_fen", expect="near")


@plant("T01/T02/T04 schemes")
def not_moved(p: Planting) -> None:
    """A record that only one side has, or has moved; near: moved on neither side."""
    for scheme, (_, source) in SCOPES.items():
        for number, when, person in p.hits("O"):
            _row(person, ("sheng", source)[number % 2], scheme).hide(when)
            rule, kind = (("T02", "ONLY_LEFT"), ("T01", "ONLY_RIGHT"))[number % 2]
            _expect(p, rule, kind, person, scheme, when)
        for number, when, person in p.hits("O"):
            _row(person, ("sheng", source)[number % 2], scheme).set("transfer_state", "0", when)
            _expect(p, "T04", "STATUS", person, scheme, when, field="transfer_state")
        for _, person in p.nears("O", 2):
            for system in ("sheng", source):
                _row(person, system, scheme).set("transfer_state", "0")
            _expect(p, "T04", "STATUS", person, scheme, field="transfer_state", expect="near")
            for rule, kind in (("T02", "ONLY_LEFT"), ("T01", "ONLY_RIGHT")):
                _expect(p, rule, kind, person, scheme, expect="near")
