"""Codes stand in papers and on pages with what they mean, by the target's own code table."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hedui.corrections.approval import Stage
from hedui.corrections.bundle.planfile import PLAN, read_head, write_plan
from hedui.corrections.bundle.shown import shown
from hedui.corrections.model import Cell, Change, Operation, Table
from hedui.corrections.page import Request, approval_page
from hedui.corrections.reverse import Reverse
from hedui.site.corrections import Target
from unit.corrections.manager_samples import plan
from unit.corrections.plans_world import LOCAL, NIGHT, PROVINCE, SITE


def described(target: Target, dataset: str, column: str) -> Table:
    spec = next(table for table in target.tables if table.dataset == dataset)
    return Reverse(site=SITE, target=target, table=spec, date=NIGHT).described({column})


def change(table: Table, column: str, old: str, new: str) -> Change:
    return Change(
        number=1, operation=Operation.UPDATE, table=table.name, key=("P0001", *["x"] * (len(table.key) - 1)),
        cells=(Cell(column=column, old=old, new=new),), cases=("c" * 32,), rule="T04", field="account_state", person="p",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "dataset", "column", "code", "label"),
    [
        (LOCAL, "pension_account", "eac040", "1", "正常结息"),
        (LOCAL, "benefit", "aae116", "2", "暂停发放"),
        (PROVINCE, "pension_account", "XZ", None, "企业职工基本养老保险"),
    ],
    ids=["state", "benefit", "the province's own codes"],
)
def test_a_code_is_shown_with_what_it_means(target: Target, dataset: str, column: str, code: str | None, label: str) -> None:
    table = described(target, dataset, column)
    codes = {meaning: own for own, meaning in table.column(column).codes}
    assert codes[label] == (code or codes[label])
    one = change(table, column, codes[label], "?")
    assert shown(one, table, one.cells[0], codes[label]) == f"{codes[label]}（{label}）"
    assert "（" not in shown(one, table, one.cells[0], "?")


def test_the_frozen_plan_keeps_the_meanings_and_the_page_shows_them(tmp_path: Path) -> None:
    table = described(LOCAL, "pension_account", "eac040")
    one = change(table, "eac040", "1", "2")
    made = replace(plan(), tables=(table,), changes=(one,))
    (tmp_path / "04_data").mkdir()
    write_plan(tmp_path, made)
    content = (tmp_path / PLAN).read_bytes()
    assert read_head(content)["tables"] == (table,)
    assert ["2", "终止"] in next(item["codes"] for item in json.loads(content)["tables"][0]["columns"] if item["name"] == "eac040")
    request = Request(stage=Stage.BUSINESS, asked=("manager",), until=None, digest="d", files="f")
    page = approval_page(made, request, site="和对市", timezone=dt.UTC)
    assert "| 1（正常结息） | 2（终止） |" in page
