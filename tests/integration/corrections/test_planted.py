"""The demo world's plan of corrections, played with the real code: what was executed and is wrong again is found (T18), nothing else.

Only what concerns the plan runs: the tiers' registrations are read and compared, and the night is recorded.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from psycopg import sql
from sqlalchemy import make_url

from conftest import DemoWorld
from hedui import audit, steps
from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.corrections import decisions, flow
from hedui.corrections.approval import Stage
from hedui.corrections.effects import note_effects
from hedui.corrections.ledger import read_bundle
from hedui.corrections.plan import propose
from hedui.corrections.run import ground
from hedui.corrections.select import Selection
from hedui.corrections.states import CaseState, State
from hedui.corrections.watch import scope, write_unproven
from hedui.demo.writers import connect_postgres
from hedui.local.postgres import Postgres
from integration.corrections.ledger_kit import Desk

TIERS, COMPARISON = ("shebao", "sheng", "guotong"), "enrolment_tiers"
Key = tuple[str, str, str | None]
"""Subject, insurance, field."""


@dataclass(frozen=True, kw_only=True)
class City:
    """The demo's city over a database of its own, with the plan of what is corrected in it."""

    context: Context
    plan: dict[str, Any]
    bundles: dict[str, str]

    @property
    def nights(self) -> tuple[dt.date, dt.date]:
        return dt.date.fromisoformat(self.plan["night"]), dt.date.fromisoformat(self.plan["next_night"])

    def night(self, date: dt.date) -> None:
        """Reads and compares the registrations of the tiers, and records the night."""
        for source in TIERS:
            steps.extract(self.context, source, date)
        steps.compare(self.context, COMPARISON, date)
        write_unproven(self.context, date)
        record_findings(self.context, date)
        note_effects(self.context, date)

    def shown(self, name: str, date: dt.date) -> dict[Key, dict[str, Any]]:
        """A scope's findings by whom and what they are about."""
        files = self.context.lake.files(self.context.findings(name, date))
        with duckdb.connect() as duck:
            rows = duck.read_parquet(files).to_arrow_table().to_pylist()
        return {(row["subject_key"], row["insurance"], row["field"]): row for row in rows}

    def bundle(self, end: str, cases: list[dict[str, str]]) -> None:
        """Proposes the cases as one bundle and brings it to its end."""
        night = self.nights[0]
        shown = self.shown(COMPARISON, night)
        found = [shown[case["subject_key"], case["insurance"], case["field"]] for case in cases]
        assert [(row["scope"], row["rule"]) for row in found] == [(case["scope"], case["rule"]) for case in cases]
        chosen = Selection(cases=tuple(row["fingerprint"] for row in found))
        (plan,) = propose(self.context, date=night, target=self.plan["target"], selection=chosen, proposer="analyst", run=end)
        assert len(plan.cases) == len(cases)
        assert flow.prepare(self.context, plan.id).state is State.REHEARSED
        decisions.propose(self.context, plan.id)
        self.bundles[end] = plan.id
        self._decide(end, plan.id)

    def _decide(self, end: str, bundle: str) -> None:
        desk = Desk(context=self.context)
        assert desk.say(bundle, by="manager", approved=end != "rejected", reason="依据已核对") == ""
        if end not in ("executed", "rolled_back"):
            return
        flow.carry_out(self.context, bundle)
        assert dict(flow.prove(self.context, bundle) or ())["不一致"] == "0"
        assert desk.say(bundle, by="reviewer", stage=Stage.REVIEW) == ""
        if end == "rolled_back":
            flow.request_rollback(self.context, bundle, actor="analyst", reason="依据有误")
            assert desk.say(bundle, by="manager", reason="同意回退") == ""
            flow.carry_out(self.context, bundle)

    def write(self, change: dict[str, Any]) -> None:
        """Writes into the version in force of a row, as a clerk or a loader does."""
        names = {"set": change["values"], "where": change["key"] | {"jsrq": "9999-12-31"}}
        terms = {part: [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in given] for part, given in names.items()}
        update = sql.SQL("UPDATE {} SET {} WHERE {}").format(
            sql.Identifier(*change["table"].split(".")), sql.SQL(", ").join(terms["set"]), sql.SQL(" AND ").join(terms["where"])
        )
        with connect_postgres(self.context.connection("shebao_db")) as connection:
            assert connection.execute(update, [*names["set"].values(), *names["where"].values()]).rowcount == 1


@pytest.fixture(scope="module")
def city(demo_world: DemoWorld, context_factory: Callable[[str], Context], postgres_server: Postgres) -> Iterator[City]:
    """The plan, played: a night, bundles to their ends, what the city writes afterwards, the next night."""
    url = make_url(demo_world.urls["shebao_db"])
    postgres_server.query("postgres", f'CREATE DATABASE planted_corrections TEMPLATE "{url.database}"')
    urls = demo_world.urls | {"shebao_db": postgres_server.url("planted_corrections")}
    context = replace(context_factory("planted-corrections"), connection=urls.__getitem__)
    plan = json.loads((demo_world.inbox / "correction_plan.json").read_text("utf-8"))
    played = City(context=context, plan=plan, bundles={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ground.SERVER, postgres_server.url("postgres"))
        played.night(played.nights[0])
        for bundle in plan["bundles"]:
            played.bundle(bundle["end"], bundle["cases"])
        for change in plan["later"]:
            played.write(change)
        played.night(played.nights[1])
        yield played


def planted(inbox: str, expect: str) -> set[Key]:
    with (Path(inbox) / "correction_truth.csv").open(encoding="utf-8", newline="") as handle:
        lines = [line for line in csv.DictReader(handle) if line["expect"] == expect]
    assert {(line["rule"], line["scope"]) for line in lines} == {("T18", "bundle:shebao")}
    return {(line["subject_key"], line["insurance"], line["field"]) for line in lines}


def test_what_is_wrong_again_is_found_and_nothing_else(city: City) -> None:
    hits, nears = (planted(city.context.inbox, expect) for expect in ("hit", "near"))
    assert len(hits) >= 4
    assert len(nears) >= 4
    found = city.shown(scope("shebao"), city.nights[1])
    assert found.keys() == hits
    assert {(row["rule"], row["severity"], row["source"]) for row in found.values()} == {("T18", "block", "shebao")}
    assert {json.loads(row["evidence"])["bundle"] for row in found.values()} == {city.bundles["executed"]}


def test_the_near_misses_are_differences_that_the_night_shows(city: City) -> None:
    nears = planted(city.context.inbox, "near")
    shown = nears & city.shown(COMPARISON, city.nights[1]).keys()
    # put right and shown no more: the person who is right in both fields, the other field of two, one of half a row
    assert len(nears - shown) == 4
    assert len(shown) >= 5


def test_a_first_night_has_nothing_of_the_kind(city: City) -> None:
    assert city.context.lake.manifest(city.context.findings(scope("shebao"), city.nights[0])) is None


def test_bundles_stand_where_the_plan_leaves_them_but_the_executed_one_is_open_again(city: City) -> None:
    ends = {end: read_bundle(city.context, bundle) for end, bundle in city.bundles.items()}
    assert {end: bundle.state for end, bundle in ends.items()} == {
        "executed": State.REOPENED, "approved": State.APPROVED, "rejected": State.REJECTED, "rolled_back": State.ROLLED_BACK,
    }  # fmt: skip
    hits = planted(city.context.inbox, "hit")
    cases = Counter(ends["executed"].cases)
    assert cases[CaseState.REOPENED] == len(hits)
    assert cases[CaseState.CLOSED] == cases.total() - len(hits)
    assert audit.verify(city.context.ledger_url).broken is None
