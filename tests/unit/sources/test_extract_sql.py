from __future__ import annotations

import pytest

from hedui import engine
from hedui.canonical.plan import BLANKS, field_plans
from hedui.canonical.schemas import dataset
from hedui.site.models import CodeRow, SourceDataset


def test_validity_rows_hold_at_the_end_of_the_day():
    sql = engine.render("extract/validity.sql", items=["a", "b"], table="s.t", valid_from="f", valid_to="t", next="'2026-06-04'")

    where = engine.statements(sql)[0].split("WHERE")[1]
    assert " ".join(where.split()) == "(f IS NULL OR f < '2026-06-04') AND (t IS NULL OR t >= '2026-06-04')"


PLANS = field_plans(
    dataset=dataset("levy"),
    spec=SourceDataset.model_validate(
        {
            "table": "t",
            "columns": {
                "levy_no": {"from": "号", "required": True},
                "insurance": {"from": "险", "codes": "x"},
                "payment_type": {"from": "类", "codes": "x"},
                "id_number": {"from": "证", "normalise": "id_number"},
                "unit_no": {"from": "单", "normalise": "unit_name"},
                "unit_rate": {"from": "率"},
                "unit_due_fen": {"from": "额"},
                "levy_date": {"from": "日"},
                "agency_code": {"const": "1"},
            },
        }
    ),
    columns=["号", "险", "类", "证", "单", "率", "额", "日"],
    codes={"x": (CodeRow(insurance="110", code="1", canonical="1", label="一"),)},
)
COLUMNS = ["号", "险", "类", "证", "单", "率", "额", "日"]
REFUSABLE = [plan for plan in PLANS if plan.column and (plan.fallible or plan.required)]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        pytest.param("extract/current.sql", {"items": ["a"], "table": "t"}, id="current"),
        pytest.param("extract/date.sql", {"items": ["a"], "table": "t", "column": "d", "first": ":f", "next": ":n"}, id="date"),
        pytest.param(
            "canonical/cleaned.sql", {"relation": "raw", "fields": PLANS, "columns": COLUMNS, "blanks": BLANKS}, id="cleaned"
        ),
        pytest.param("canonical/typed.sql", {"fields": PLANS, "columns": COLUMNS, "insurance": "NULL"}, id="typed"),
        pytest.param("canonical/data.sql", {"fields": PLANS}, id="data"),
        pytest.param("canonical/rejects.sql", {"fields": REFUSABLE, "columns": COLUMNS}, id="rejects"),
        pytest.param("canonical/unreadable.sql", {"relation": "bad"}, id="unreadable"),
        pytest.param("canonical/totals.sql", {"relation": "data", "amounts": ["unit_due_fen"]}, id="totals"),
    ],
)
def test_the_same_text_runs_on_spark(name, parameters):
    [spark] = engine.to_spark(engine.render(name, **parameters))

    assert spark
