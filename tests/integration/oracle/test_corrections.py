"""Correction bundles over Oracle's wire protocol; the emulator runs the statements, it does not prove how Oracle plans them."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import DEMO_SITE
from hedui.context import Context
from hedui.corrections.model import Column, Dialect, Operation, Table
from hedui.corrections.reading import rows_in_target
from hedui.corrections.run import Outcome, Standing, execute, outcome_of, rehearse, rollback
from hedui.corrections.run.errors import StaleError, TransientTargetError
from hedui.corrections.sql.statement import Step
from hedui.lake import Lake
from hedui.site import load_site
from hedui.sources import retry
from integration.corrections.run.made import Correction, Row, bundle_of, expected, target
from integration.oracle.conftest import Faults, connect

NAME = "HEDUI_TEST_INSURED"
COLUMNS = (
    Column(name="PERSON_NO", length=20, nullable=False, label="个人编号"),
    Column(name="INSURANCE", length=3, nullable=False, label="险种"),
    Column(name="NAME", length=1000, label="姓名"),
    Column(name="BASE", kind="decimal", length=12, scale=2, label="缴费基数"),
    Column(name="MONTHS", kind="integer", label="累计月数"),
    Column(name="BEGIN_DAY", kind="date", label="开始日期"),
    Column(name="BATCH", length=60, label="批次"),
)
TABLE = Table(name=NAME, key=("PERSON_NO", "INSURANCE"), columns=COLUMNS, batch_column="BATCH", label="参保登记")
TYPES = {
    "PERSON_NO": "VARCHAR2(20) NOT NULL",
    "INSURANCE": "VARCHAR2(3) NOT NULL",
    "NAME": "VARCHAR2(1000)",
    "BASE": "NUMBER(12,2)",
    "MONTHS": "NUMBER(18)",
    "BEGIN_DAY": "DATE",
    "BATCH": "VARCHAR2(60)",
}


def people() -> list[Row]:
    names = ("张三", None, "O'Brien & Söhne -- x", "换\n行 q'[a]'", "𠮷野家😀", "长" * 900, "a;b")
    return [
        (
            f"99{number:06d}",
            "110",
            names[number % 7],
            None if number % 5 == 4 else Decimal(number * 100) / 4,
            number * 7 if number % 4 else None,
            None if number % 3 == 2 else dt.date(2000, 1, 1) + dt.timedelta(days=number),
            None,
        )
        for number in range(12)
    ]


def corrections() -> list[Correction]:
    new = {"NAME": "李'四\n😀 &x", "BASE": Decimal("3.50"), "MONTHS": 1, "BEGIN_DAY": dt.date(1999, 12, 31)}
    rows, update = people(), Operation.UPDATE
    return [
        Correction(update, rows[0][:2], {"MONTHS": 144}),
        Correction(update, rows[1][:2], {"MONTHS": 145}),
        Correction(update, rows[2][:2], {"NAME": None, "BASE": Decimal("9999999.99")}),
        Correction(update, rows[4][:2], {"BASE": Decimal("0.01"), "BEGIN_DAY": None, "NAME": "新" * 1000}),
        Correction(Operation.INSERT, ("99900001", "310"), new),
        Correction(Operation.DELETE, rows[5][:2]),
    ]


BUNDLE = bundle_of(TABLE, people(), corrections(), to=target(Dialect.ORACLE))
AFTER = expected(TABLE, people(), corrections(), BUNDLE.id)


class OracleTable:
    """The table in the Oracle of the tests."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
        with closing(connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, list(binds))
            found = cursor.fetchall() if cursor.description else []
            connection.commit()
        return found

    def rows(self) -> list[Row]:
        rows = self.query(f"SELECT {', '.join(TYPES)} FROM {NAME} ORDER BY PERSON_NO, INSURANCE")
        return [tuple(_value(value) for value in row) for row in rows]

    def fill(self) -> None:
        places = ", ".join(f":{number}" for number in range(1, len(TYPES) + 1))
        with closing(connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT TABLE_NAME FROM USER_TABLES WHERE TABLE_NAME LIKE 'HEDUI%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {name}")
            cursor.execute(f"CREATE TABLE {NAME} ({', '.join(f'{name} {kind}' for name, kind in TYPES.items())})")
            cursor.execute(f"ALTER TABLE {NAME} ADD CONSTRAINT {NAME}_PK PRIMARY KEY (PERSON_NO, INSURANCE)")
            for row in people():
                cursor.execute(f"INSERT INTO {NAME} ({', '.join(TYPES)}) VALUES ({places})", list(row))
            connection.commit()


def _value(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.date()
    return Decimal(str(value)) if isinstance(value, float) else value


@pytest.fixture
def insured(oracle_url: str, faults: Faults) -> OracleTable:
    table = OracleTable(oracle_url)
    table.fill()
    return table


@pytest.fixture
def context(tmp_path: Path, oracle_url: str) -> Context:
    return Context(
        site=load_site(DEMO_SITE),
        lake=Lake(str(tmp_path / "lake")),
        reports=tmp_path / "reports",
        inbox=str(tmp_path),
        ledger_url="",
        connection={"db": oracle_url}.__getitem__,
    )


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between tries, noted instead of waited for."""
    pauses: list[float] = []
    monkeypatch.setattr(retry, "pause", pauses.append)
    return pauses


def test_it_is_rehearsed_applied_once_and_rolled_back(context: Context, insured: OracleTable) -> None:
    rehearsal = rehearse(context, BUNDLE, judged=False)
    assert (rehearsal.ok, rehearsal.reasons) == (True, ())
    assert insured.query("SELECT TABLE_NAME FROM USER_TABLES WHERE TABLE_NAME LIKE 'HEDUI%'") == [(NAME,)]
    assert insured.rows() == people()
    done = execute(context, BUNDLE, executor="engineer")
    assert (done.state, done.rows, done.already) == (Standing.APPLIED, 6, False)
    assert insured.rows() == AFTER
    assert execute(context, BUNDLE, executor="somebody").already
    undone = rollback(context, BUNDLE, executor="engineer")
    assert (undone.state, undone.rows) == (Standing.ROLLED_BACK, 6)
    assert insured.rows() == people()


def test_stale_data_refuse_the_whole(context: Context, insured: OracleTable) -> None:
    insured.query(f"UPDATE {NAME} SET MONTHS = 8 WHERE PERSON_NO = '99000001'")
    before = insured.rows()
    assert rehearse(context, BUNDLE, judged=False).reasons == ("参保登记：修改累计月数，现值与原值一致的行：应为 2，实为 1",)
    with pytest.raises(StaleError):
        execute(context, BUNDLE, executor="engineer")
    assert insured.rows() == before


def test_columns_of_char_compare_without_their_blanks(context: Context, insured: OracleTable) -> None:
    """Key and values of CHAR(n): what is compared with them is CHAR too, for beside VARCHAR2 Oracle counts the blanks."""
    insured.query(f"ALTER TABLE {NAME} MODIFY (PERSON_NO CHAR(20 CHAR), NAME CHAR(1000 CHAR), BATCH CHAR(60 CHAR))")
    insured.query(f"UPDATE {NAME} SET NAME = ' ' WHERE PERSON_NO = '99000001'")
    before = insured.rows()
    assert before[0][:3] == (f"{'99000000':<20}", "110", f"{'张三':<1000}")
    columns = tuple(
        replace(column, name=column.name.lower(), fixed=column.name in ("PERSON_NO", "NAME", "BATCH")) for column in COLUMNS
    )
    table = replace(TABLE, name=NAME.lower(), key=("person_no", "insurance"), columns=columns, batch_column="batch")
    wanted = [replace(item, values={name.lower(): value for name, value in item.values.items()}) for item in corrections()]
    wanted[1] = Correction(Operation.UPDATE, people()[1][:2], {"months": 145, "name": "原为空白"})
    wanted.append(Correction(Operation.UPDATE, people()[3][:2], {"name": "新"}))
    bundle = bundle_of(table, people(), wanted, to=target(Dialect.ORACLE))
    rehearsal = rehearse(context, bundle, judged=False)
    assert (rehearsal.ok, rehearsal.reasons) == (True, ())
    assert execute(context, bundle, executor="engineer").rows == 7
    found = rows_in_target(context, bundle.plan, bundle.plan.changes)
    assert {number: row["name"] for number, row in found.items() if number != 4} == {
        1: "张三", 2: "原为空白", 3: None, 5: "李'四\n😀 &x", 7: "新"
    }  # fmt: skip
    assert rollback(context, bundle, executor="engineer").rows == 7
    assert insured.rows() == before
    stage = next(step.sql for step in bundle.statements(Step.PREPARE) if "K_PERSON_NO" in step.sql)
    assert "K_PERSON_NO CHAR(20 CHAR) NOT NULL" in stage
    assert "O_NAME CHAR(1000 CHAR)" in stage
    assert "K_INSURANCE VARCHAR2(3 CHAR)" in stage


CODES = (60, 1555, 3113, 8177)
POINTS = [
    ("execute", "FOR UPDATE NOWAIT"),
    ("execute", "^SELECT 1 FROM.*NOWAIT"),
    ("execute", "^SELECT COUNT"),
    ("execute", "^INSERT INTO .?HEDUI_B"),
    ("execute", "^UPDATE .?HEDUI_TEST"),
    ("execute", "^DELETE FROM .?HEDUI_TEST"),
    ("execute", "^UPDATE .?HEDUI_CORRECTION_JOURNAL"),
    ("rollback", "FOR UPDATE NOWAIT"),
    ("rollback", "^UPDATE .?HEDUI_TEST"),
    ("rollback", "^INSERT INTO .?HEDUI_TEST"),
]
FAULTS = [
    pytest.param(deed, pattern, code, id=f"{deed}-{number}-{code}", marks=() if code == CODES[number % 4] else pytest.mark.slow)
    for number, (deed, pattern) in enumerate(POINTS)
    for code in CODES
]


@pytest.mark.parametrize(("deed", "pattern", "code"), FAULTS)
def test_what_breaks_a_transaction_is_taken_up_whole(
    context: Context, insured: OracleTable, faults: Faults, code: int, pattern: str, deed: str
) -> None:
    if deed == "rollback":
        execute(context, BUNDLE, executor="engineer")
    faults.plan([(code, {"pattern": pattern})])
    outcome = {"execute": execute, "rollback": rollback}[deed](context, BUNDLE, executor="engineer")
    faults.all_raised()
    assert (outcome.rows, outcome.already) == (6, False)
    assert insured.rows() == (AFTER if deed == "execute" else people())


def test_rows_that_others_hold_are_asked_for_again(
    context: Context, insured: OracleTable, faults: Faults, waited: list[float]
) -> None:
    faults.plan([(54, {"pattern": "FOR UPDATE NOWAIT", "times": 1})])
    assert execute(context, BUNDLE, executor="engineer").rows == 6
    faults.all_raised()
    assert waited == []
    assert insured.rows() == AFTER


def test_rows_that_others_hold_too_long_leave_all_as_it_was(
    context: Context, insured: OracleTable, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hedui.corrections.run import oracle

    monkeypatch.setattr(oracle, "LOCK_SECONDS", 0.1)
    with closing(connect(insured.url)) as other, other.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {NAME} WHERE PERSON_NO = '99000001' FOR UPDATE")
        with pytest.raises(TransientTargetError, match=r"ORA-00054.*tried 5 times"):
            execute(context, BUNDLE, executor="engineer")
        other.rollback()
    assert waited == [1, 5, 15, 30]
    assert insured.rows() == people()
    assert execute(context, BUNDLE, executor="engineer").rows == 6


@pytest.mark.parametrize("deed", ["execute", "rollback"])
@pytest.mark.parametrize("at", ["commit", "committed"])
def test_a_commit_whose_connection_is_lost_is_asked_from_the_target(
    context: Context, insured: OracleTable, faults: Faults, at: str, deed: str
) -> None:
    """The COMMIT behind the journal's entry."""
    deeds: dict[str, Callable[..., Outcome]] = {"execute": execute, "rollback": rollback}

    def ready() -> None:
        insured.fill()
        if deed == "rollback":
            execute(context, BUNDLE, executor="engineer")

    ready()
    faults.plan([(3113, {"at": at, "pattern": "^UPDATE .?HEDUI_CORRECTION_JOURNAL"})])
    outcome = deeds[deed](context, BUNDLE, executor="engineer")
    faults.all_raised()
    if faults.emulator is not None:  # a real Oracle is spared
        assert outcome.already is (at == "committed")
    assert insured.rows() == (AFTER if deed == "execute" else people())


def test_two_runs_at_once_apply_once(context: Context, insured: OracleTable) -> None:
    outcomes: list[Outcome] = []
    runs = [threading.Thread(target=lambda: outcomes.append(execute(context, BUNDLE, executor="engineer"))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(outcome.already for outcome in outcomes) == [False, True, True]
    assert insured.rows() == AFTER
    assert outcome_of(context, BUNDLE).state is Standing.APPLIED
