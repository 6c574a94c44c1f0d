"""Plans for the tests of bundles: two tables, all three operations, hostile texts. People are synthetic (id prefix 99)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from hedui.corrections.model import BundlePlan, Cell, Change, Column, Decision, Dialect, Operation, Reason, Table, Target

BUNDLE = "BUNDLE-990102-20260605-001"
HOSTILE = {
    "quotes": "O'Neil \"x\" ''; DROP TABLE t; --",
    "ampersand": "甲&乙 &1 &&x",
    "lines": "一\n二\r\n\n/\n.\n--\n;三-\n",
    "percent": "100% %s %(a)s {b} :1 :P_BATCH ?",
    "dollar": "$hedui$ $$ \\n \\ E'",
    "emoji": "😀🀄 𠮷野",
    "controls": "a\tb\x01\x1e\nc\x7f",
    "comma": ',",",\n"',
    "long": "长" * 1999 + "'" + "&" * 100 + "x" * 1900,
    "spaces": "  前后有空格  ",
    "formula": "=cmd|' /C calc'!A0",
}

PERSONS = Table(
    name="ac01",
    label="人员基本信息",
    key=("aac001",),
    columns=(
        Column(name="aac001", kind="integer", nullable=False, label="个人编号"),
        Column(name="aac002", length=18, fixed=True, label="公民身份号码"),
        Column(name="aac003", length=50, label="姓名"),
        Column(name="aac006", kind="date", label="出生日期"),
        Column(name="aae013", length=4000, label="备注"),
        Column(name="aae036", kind="timestamp", label="经办时间"),
        Column(name="aaz999", length=60, label="修改批次"),
    ),
    batch_column="aaz999",
)
MONTHS = Table(
    name="ac43",
    label="逐月缴费",
    key=("aac001", "aae140"),
    columns=(
        Column(name="aac001", kind="integer", nullable=False, label="个人编号"),
        Column(name="aae140", length=3, nullable=False, label="险种"),
        Column(name="aae020", kind="decimal", length=16, scale=2, label="应缴金额"),
        Column(name="aae021", kind="integer", label="缴费月数"),
        Column(name="aae031", length=8, label="失效日期"),
    ),
    live=(("aae031", "99991231"),),
)


def target(dialect: Dialect = Dialect.ORACLE) -> Target:
    return Target.model_validate(
        {
            "id": "sheng",
            "name": "省集中社保系统",
            "tier": "province",
            "region": "990000",
            "source": "sheng",
            "dialect": str(dialect),
            "mode": "dispatch",
            "outbox": {"url": "outbox/sheng", "receipts": "inbox/sheng"},
            "tables": [{"dataset": "person", "key": ["aac001"]}],
            "people": {"approvers": ["manager"], "leaders": ["leader"], "executor": "engineer", "reviewers": ["reviewer"]},
        }
    )


def update(number: int, table: Table, key: tuple[object, ...], *cells: Cell, field: str = "name") -> Change:
    return change(number, Operation.UPDATE, table, key, cells, field=field)


def change(
    number: int, operation: Operation, table: Table, key: tuple[object, ...], cells: Sequence[Cell], *, field: str = ""
) -> Change:
    return Change(
        number=number,
        operation=operation,
        table=table.name,
        key=key,  # type: ignore[arg-type]
        cells=tuple(cells),
        cases=(f"{number:032x}",),
        rule="R12",
        field=field,
        region="990102",
        person=f"99010219900101{key[0]:04d}" if isinstance(key[0], int) else None,
    )


def plan(changes: Sequence[Change], *, dialect: Dialect = Dialect.ORACLE, bundle: str = BUNDLE, **more: object) -> BundlePlan:
    return BundlePlan(
        id=bundle,
        target=target(dialect),
        business_date=dt.date(2026, 6, 5),
        tables=(PERSONS, MONTHS),
        changes=tuple(changes),
        decision=Decision.LOCAL_RIGHT,
        reasons=tuple(
            Reason(case=case, rule=item.rule, kind="VALUE", decision=Decision.LOCAL_RIGHT, basis="权威来源：县社保（姓名）")
            for item in changes
            for case in item.cases
        ),
        selection={"rule": ["R12"], "region": "990102"},
        proposer="analyst",
        **more,  # type: ignore[arg-type]
    )


def sample(dialect: Dialect = Dialect.ORACLE) -> BundlePlan:
    """Updates of two tables, an insert, a delete, hostile texts, NULL in both directions."""
    empty = "" if dialect is Dialect.POSTGRESQL else None
    changes = [
        update(number, PERSONS, (number,), Cell(column="aae013", old=f"旧{number}", new=text), field="remark")
        for number, text in enumerate(HOSTILE.values(), start=1)
    ]
    begin = len(changes)
    further = (
        update(begin + 1, PERSONS, (1,), Cell(column="aac003", old="王小明", new="王晓明")),
        update(begin + 2, PERSONS, (21,), Cell(column="aae013", old=HOSTILE["lines"], new=None), field="remark"),
        update(begin + 3, PERSONS, (22,), Cell(column="aae013", old=None, new=HOSTILE["quotes"]), field="remark"),
        update(
            begin + 4,
            PERSONS,
            (23,),
            Cell(column="aac003", old="李  四", new="李四"),
            Cell(column="aac006", old=dt.date(1980, 1, 2), new=dt.date(1980, 2, 1)),
            field="name,birth_date",
        ),
        update(begin + 5, PERSONS, (24,), Cell(column="aae013", old="x", new=empty), field="remark"),
        update(
            begin + 6,
            MONTHS,
            (1, "110"),
            Cell(column="aae020", old=Decimal("100.00"), new=Decimal("120.50"), amount_fen=(10000, 12050)),
            Cell(column="aae021", old=10, new=12),
            field="due_fen,months",
        ),
        change(
            begin + 7,
            Operation.DELETE,
            MONTHS,
            (2, "110"),
            (
                Cell(column="aae020", old=Decimal("5.00"), new=None, amount_fen=(500, None)),
                Cell(column="aae021", old=None, new=None),
                Cell(column="aae031", old="99991231", new=None),
            ),
        ),
        change(
            begin + 8,
            Operation.INSERT,
            PERSONS,
            (99,),
            (
                Cell(column="aac002", old=None, new="990102199001010099"),
                Cell(column="aac003", old=None, new="赵'新&"),
                Cell(column="aac006", old=None, new=dt.date(1990, 1, 1)),
                Cell(column="aae013", old=None, new=None),
                Cell(column="aae036", old=None, new=dt.datetime(2026, 6, 5, 8, 9, 10, 123456)),
            ),
        ),
    )
    return plan([*changes, *further], dialect=dialect)
