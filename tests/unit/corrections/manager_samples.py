"""A bundle as a manager sees it: three people of a city whose paid months and names are to be corrected; all made up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hedui.corrections.model import BundlePlan, Cell, Change, Column, Decision, Operation, Reason, Table
from hedui.site.corrections import Target

BUNDLE = "BUNDLE-990100-20260603-01"
ID_NUMBERS = ("990101197001011234", "990101198002022345", "990101199003033456", "990101200004044567")
MONTHS = Table(
    name="shebao.ac51",
    key=("aac001",),
    columns=(
        Column(name="aac001", length=20, label="个人编号"),
        Column(name="aae201", kind="integer", label="实际缴费月数"),
        Column(name="aic268", kind="decimal", length=14, scale=2, label="累计储存额"),
    ),
    label="个人账户",
)


def target(**values: Any) -> Target:
    """The demo's local system, with a manager, a leader and a reviewer."""
    people = {
        "proposers": ["analyst"],
        "approvers": ["manager", "deputy"],
        "leaders": ["leader"],
        "executor": "engineer",
        "reviewers": ["reviewer"],
    }
    given = {
        "id": "local",
        "name": "市社保业务库",
        "tier": "local",
        "region": "990100",
        "source": "shebao",
        "dialect": "postgresql",
        "mode": "execute",
        "connection": "shebao_db",
        "tables": [{"dataset": "pension_account", "key": ["aac001"]}],
        "people": people,
    }
    return Target.model_validate({**given, **values})


def change(number: int, *, fen: tuple[int, int] = (100_000, 120_050)) -> Change:
    """A person's paid months and savings."""
    person = ID_NUMBERS[(number - 1) % len(ID_NUMBERS)]
    return Change(
        number=number,
        operation=Operation.UPDATE,
        table="shebao.ac51",
        key=(f"P{number:04d}",),
        cells=(
            Cell(column="aae201", old=118, new=120),
            Cell(column="aic268", old=Decimal(fen[0]) / 100, new=Decimal(fen[1]) / 100, amount_fen=fen),
        ),
        cases=(f"{number:032x}",),
        rule="T06",
        field="months_paid,accumulated_fen",
        region="990100",
        person=person,
    )


def plan(count: int = 3, **values: Any) -> BundlePlan:
    """A bundle of so many people."""
    changes = tuple(change(number) for number in range(1, count + 1))
    given: dict[str, Any] = {
        "id": BUNDLE,
        "target": target(),
        "business_date": dt.date(2026, 6, 3),
        "tables": (MONTHS,),
        "changes": changes,
        "decision": Decision.UPPER_RIGHT,
        "reasons": tuple(
            Reason(case=item.cases[0], rule="T06", kind="FIELD", decision=Decision.UPPER_RIGHT, basis="权威矩阵：全国统筹系统为准")
            for item in changes
        ),
        "proposer": "analyst",
    }
    return BundlePlan(**{**given, **values})
