"""Columns of CHAR(n), whose values the database fills up with blanks: keys and values compare without them, everywhere."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hedui.context import Context
from hedui.corrections.model import Column, Operation, Table
from hedui.corrections.reading import rows_in_target
from hedui.corrections.run import Standing, execute, rehearse, rollback
from hedui.corrections.run.errors import StaleError
from hedui.corrections.run.ground import ground
from integration.corrections.run.made import Bundle, Correction, PostgresTable, Row, bundle_of, expected

COLUMNS = (
    Column(name="person_no", length=20, nullable=False, fixed=True, label="个人编号"),
    Column(name="insurance", length=3, nullable=False, label="险种"),
    Column(name="name", length=50, fixed=True, label="姓名"),
    Column(name="remark", length=10, fixed=True, label="备注"),
    Column(name="state", length=2, fixed=True, label="状态"),
    Column(name="batch", length=60, fixed=True, label="批次"),
)
TABLE = Table(
    name="insured_char",
    key=("person_no", "insurance"),
    columns=COLUMNS,
    batch_column="batch",
    live=(("state", "1"),),
    label="参保登记",
)


def people() -> list[Row]:
    """As the source's reader gives them: without padding, what is all blank as the empty text."""
    names = ("张三", None, "O'Brien -- x", "", "𠮷野家😀", "a b")
    return [(f"99{number:06d}", "110", names[number % 6], "旧", "1", None) for number in range(8)]


def corrections() -> list[Correction]:
    rows, update = people(), Operation.UPDATE
    return [
        Correction(update, rows[0][:2], {"name": "李四"}),
        Correction(update, rows[1][:2], {"name": "王五", "remark": None}),
        Correction(update, rows[2][:2], {"name": None}),
        Correction(update, rows[3][:2], {"name": "原为空白"}),
        Correction(update, rows[4][:2], {"name": ""}),
        Correction(Operation.INSERT, ("99900001", "310"), {"name": "新增", "remark": "", "state": "1"}),
        Correction(Operation.DELETE, rows[5][:2]),
    ]


@pytest.fixture
def bundle(chars: PostgresTable) -> Bundle:
    return bundle_of(TABLE, people(), corrections())


@pytest.fixture
def chars(target_url: str) -> PostgresTable:
    table = PostgresTable(target_url, TABLE)
    table.fill(people())
    return table


def unpadded(rows: list[Row]) -> list[Row]:
    return [tuple(value.rstrip(" ") if isinstance(value, str) else value for value in row) for row in rows]


def test_it_is_rehearsed_applied_read_again_and_rolled_back(context: Context, chars: PostgresTable, bundle: Bundle) -> None:
    before = chars.rows()
    assert before[0][2] == f"{'张三':<50}"
    rehearsal = rehearse(context, bundle, judged=False)
    assert (rehearsal.ok, rehearsal.reasons) == (True, ())
    assert execute(context, bundle, executor="engineer").state is Standing.APPLIED
    assert unpadded(chars.rows()) == expected(TABLE, people(), corrections(), bundle.id)
    found = rows_in_target(context, bundle.plan, bundle.plan.changes)
    assert {number: row["name"] for number, row in found.items()} == {
        1: "李四", 2: "王五", 3: None, 4: "原为空白", 5: "", 6: "新增"
    }  # fmt: skip
    assert found[1]["person_no"] == "99000000"
    assert rollback(context, bundle, executor="engineer").state is Standing.ROLLED_BACK
    assert chars.rows() == before


def test_another_old_value_is_refused(context: Context, chars: PostgresTable, bundle: Bundle) -> None:
    chars.query("UPDATE insured_char SET name = '赵六' WHERE person_no = '99000003'")
    assert rehearse(context, bundle, judged=False).reasons == ("参保登记：修改姓名，现值与原值一致的行：应为 4，实为 3",)
    with pytest.raises(StaleError):
        execute(context, bundle, executor="engineer")


def test_who_looks_at_the_rehearsed_rows_sees_no_padding(context: Context, chars: PostgresTable, bundle: Bundle) -> None:
    chars.query("ALTER TABLE insured_char ADD COLUMN unnamed character(9) DEFAULT 'x'")
    with ground(context, bundle.plan) as place:
        rows = list(place.rows(TABLE.name))
    assert sorted(row[0] for row in rows) == [f"9900000{number}" for number in range(6)]
    assert {row[-1] for row in rows} == {"x"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("name", r"name is CHAR\(n\): write its length and fixed: true"),
        ("insurance", r"insurance is not CHAR\(n\), .* leave out fixed: true"),
    ],
    ids=["not declared", "declared in vain"],
)
def test_a_column_that_is_not_as_the_site_declares_it_is_named(
    context: Context, chars: PostgresTable, name: str, says: str
) -> None:
    wrong = replace(TABLE, columns=tuple(replace(each, fixed=each.fixed != (each.name == name)) for each in COLUMNS))
    (reason,) = rehearse(context, bundle_of(wrong, people(), corrections()), judged=False).reasons
    assert re.search(says, reason)
