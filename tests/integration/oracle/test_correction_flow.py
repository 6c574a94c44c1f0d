"""A bundle's whole way over Oracle's wire protocol: from the night's cases to closed ones, judged on copies there, read again, put back."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import DEMO_SITE
from hedui import audit
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.corrections.approval import Answer, Stage
from hedui.corrections.decisions import decide, propose
from hedui.corrections.flow import carry_out, prepare, prove, request_rollback
from hedui.corrections.ledger import read_bundle
from hedui.corrections.model import Dialect, Operation
from hedui.corrections.signed import rehearsal_lines
from hedui.corrections.states import CaseState, State
from hedui.lake import Lake
from hedui.ledger.schema import upgrade
from hedui.site import load_site
from integration.corrections.night_world import TABLES, NightWorld, number, record
from integration.oracle.conftest import Faults, connect

KINDS = {"fen": "NUMBER(16, 2)", "int": "NUMBER(18)"}
VERSIONS = ((dt.date(2020, 1, 1), dt.date(2026, 1, 1)), (dt.date(2026, 1, 1), dt.date(9999, 12, 31)))


@dataclass(kw_only=True)
class OracleWorld(NightWorld):
    """Nights of a city whose database is an Oracle."""

    oracle: str

    def make_table(self, dataset: str = "pension_account") -> None:
        """The city's table, each record in force and in an old version."""
        spec, fields = self.context.site.source("shebao").datasets[dataset], canonical_dataset(dataset).fields
        kinds = {str(spec.columns[name].column): KINDS.get(fields[name].type, "VARCHAR2(100 CHAR)") for name in spec.columns}
        columns = {**kinds, "ksrq": "DATE", "jsrq": "DATE", "xgpc": "VARCHAR2(60 CHAR)"}
        rows = [self.raw("shebao", dataset, values) for values in self.of("shebao", dataset)]
        held = [[_held(row[name], kinds[name]) for name in kinds] + [*version, None] for row in rows for version in VERSIONS]
        places = ", ".join(f":{place}" for place in range(1, len(columns) + 1))
        with closing(connect(self.oracle)) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {TABLES[dataset]} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
            for row in held:
                cursor.execute(f"INSERT INTO {TABLES[dataset]} ({', '.join(columns)}) VALUES ({places})", row)
            connection.commit()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Anything in the city's database."""
        with closing(connect(self.oracle)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            found = cursor.fetchall() if cursor.description else []
            connection.commit()
        return found

    def content(self) -> list[list[tuple[Any, ...]]]:
        """All rows of both tables."""
        return [self.ask(f"SELECT * FROM {name} ORDER BY aac001, jsrq") for name in ("ac50", "ac51")]

    def say(self, bundle: str, stage: Stage, by: str, *, approved: bool = True) -> str:
        answer = Answer(approved=approved, by=by, name=by, at=dt.datetime.now(dt.UTC), reason="已核对")
        return decide(self.context, bundle, stage, answer)


def _held(text: str | None, kind: str) -> Any:
    return Decimal(text) if text is not None and kind.startswith("NUMBER") else text


@pytest.fixture
def world(tmp_path: Path, new_database: Callable[[], str], oracle_url: str, faults: Faults) -> OracleWorld:
    """The city has wrong months of one person, lacks another's account, and has a third one's contribution twice."""
    url = new_database()
    upgrade(url)
    shutil.copytree(DEMO_SITE, tmp_path / "site")
    settings = tmp_path / "site" / "corrections.yaml"
    text = settings.read_text("utf-8").replace("dialect: postgresql", "dialect: oracle").replace("table: shebao.", "table: ")
    settings.write_text(text, "utf-8")
    context = Context(
        site=load_site(tmp_path / "site"), lake=Lake(str(tmp_path / "lake")), reports=tmp_path / "reports", inbox=str(tmp_path),
        ledger_url=url, connection={"shebao_db": oracle_url}.__getitem__,
    )  # fmt: skip
    made = OracleWorld(context=context, url=url, oracle=oracle_url)
    for (name,) in made.ask("SELECT TABLE_NAME FROM USER_TABLES WHERE TABLE_NAME LIKE 'HEDUI%' OR TABLE_NAME IN ('AC50', 'AC51')"):
        made.ask(f"DROP TABLE {name}")
    for dataset in ("contribution_month", "pension_account"):
        made.everywhere(dataset)
    made.of("shebao")[0]["months_paid"] = 110
    del made.of("shebao")[2]
    made.of("shebao", "contribution_month").append(record("shebao", 1, "contribution_month", person_no="6000000001"))
    made.night()
    for dataset in ("contribution_month", "pension_account"):
        made.make_table(dataset)
    return made


def test_cases_of_an_oracle_are_corrected_there_proven_closed_and_put_back(world: OracleWorld) -> None:
    before = world.content()
    (plan,) = world.propose()
    assert plan.target.dialect is Dialect.ORACLE
    assert {(change.operation, change.key[0]) for change in plan.changes} == {
        (Operation.UPDATE, number("shebao", 0)), (Operation.INSERT, number("shebao", 2)), (Operation.DELETE, "6000000001"),
    }  # fmt: skip
    made = prepare(world.context, plan.id)
    assert (made.state, made.note) == (State.REHEARSED, "")
    seen = dict(rehearsal_lines(made))
    cases = made.figures["cases"]
    assert (seen["差异已消除"], seen["新出现的差异"], seen["回退后与原状一致"]) == (f"{cases} / {cases}", "0", "通过")
    assert world.content() == before
    assert world.ask("SELECT TABLE_NAME FROM USER_TABLES WHERE TABLE_NAME LIKE 'HEDUI%'") == []

    propose(world.context, plan.id)
    assert world.say(plan.id, Stage.BUSINESS, "manager") == ""
    assert carry_out(world.context, plan.id) == {"rows": 3, "already": False}
    assert carry_out(world.context, plan.id) == {"rows": 3, "already": True}
    in_force = "WHERE jsrq = DATE '9999-12-31' ORDER BY aac001"
    assert world.ask(f"SELECT aac001, aae201, xgpc FROM ac51 {in_force}") == [
        (number("shebao", 0), 120, plan.id), (number("shebao", 1), 120, None), (number("shebao", 2), 120, plan.id),
    ]  # fmt: skip
    assert world.ask(f"SELECT aac001 FROM ac50 {in_force}") == [(number("shebao", person),) for person in range(3)]

    wrong = next(change.number for change in plan.changes if change.operation is Operation.UPDATE)
    world.ask(f"UPDATE ac51 SET aae201 = 110 WHERE aac001 = '{number('shebao', 0)}' AND jsrq = DATE '9999-12-31'")
    lines = dict(prove(world.context, plan.id) or ())
    assert (lines["复读行数"], lines["不一致"], lines["不一致的行号"]) == ("3", "1", str(wrong))
    assert world.say(plan.id, Stage.REVIEW, "reviewer").startswith("复读未通过")
    world.ask(f"UPDATE ac51 SET aae201 = 120 WHERE aac001 = '{number('shebao', 0)}' AND jsrq = DATE '9999-12-31'")
    lines = dict(prove(world.context, plan.id) or ())
    assert (lines["复读位置"], lines["不一致"], lines["通过验证的案件"]) == ("市社保业务库数据库", "0", str(cases))
    assert world.say(plan.id, Stage.REVIEW, "reviewer") == ""
    closed = read_bundle(world.context, plan.id)
    assert (closed.state, dict(closed.cases)) == (State.CLOSED, {CaseState.CLOSED: cases})

    request_rollback(world.context, plan.id, actor="analyst", reason="依据有误")
    assert world.say(plan.id, Stage.BUSINESS, "manager") == ""
    assert carry_out(world.context, plan.id) == {"rows": 3, "already": False}
    assert world.content() == before
    assert dict(read_bundle(world.context, plan.id).cases) == {CaseState.REOPENED: cases}
    assert audit.verify(world.context.ledger_url).broken is None


@pytest.mark.slow
def test_a_correction_that_would_make_another_finding_fails_on_the_oracle_s_copy(world: OracleWorld) -> None:
    """The months of the years before and of this year no longer add up to the corrected sum."""
    world.of("shebao")[0] |= {"months_before": 98, "months_total": 110}
    world.night()
    for name in ("ac50", "ac51"):
        world.ask(f"DROP TABLE {name}")
    for dataset in ("contribution_month", "pension_account"):
        world.make_table(dataset)
    before = world.content()
    (plan,) = world.propose(fields=("months_paid",))
    failed = prepare(world.context, plan.id)
    assert failed.state is State.REHEARSAL_FAILED
    assert failed.note.startswith("修改后新出现 1 项“T11 ")
    assert world.content() == before
