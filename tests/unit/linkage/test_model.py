"""The shipped model is a proper one, and Splink takes it as it is."""

from __future__ import annotations

import math

import pytest
import sqlglot

from hedui.linkage.model import FieldModel, shipped_model
from hedui.site.linkage import Linkage

MODEL = shipped_model()
FIELDS = list(MODEL.fields.values())


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_levels_share_out_what_can_happen(field: FieldModel) -> None:
    assert math.isclose(sum(level.m for level in field.levels), 1, abs_tol=1e-6)
    assert math.isclose(sum(level.u for level in field.levels), 1, abs_tol=1e-4)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_first_level_speaks_for_one_person_and_the_last_against(field: FieldModel) -> None:
    assert field.levels[0].weight > 0 > field.levels[-1].weight
    assert [level.condition is None for level in field.levels] == [False] * (len(field.levels) - 1) + [True]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_conditions_read_the_columns_that_the_field_names(field: FieldModel) -> None:
    allowed = {f"{name}_{side}" for name in field.columns for side in "lr"}
    for level in field.levels[:-1]:
        columns = {column.name for column in sqlglot.parse_one(str(level.condition), read="duckdb").find_all(sqlglot.exp.Column)}
        assert columns <= allowed


def test_a_name_or_a_birth_date_alone_never_reaches_the_least_threshold_that_a_site_may_set() -> None:
    name, birth = MODEL.fields["name"].levels[0].weight, MODEL.fields["birth_date"].levels[0].weight
    prior = math.log2(MODEL.prior / (1 - MODEL.prior))
    assert max(name, birth) + prior < 0


def test_a_site_may_name_every_field_of_the_model_and_no_other() -> None:
    assert set(Linkage().fields) == set(MODEL.fields)


def test_only_the_chosen_fields_are_compared() -> None:
    settings = MODEL.settings(["sex", "name"])
    assert [comparison["output_column_name"] for comparison in settings["comparisons"]] == ["name", "sex"]
    assert all(rule["blocking_rule"].endswith("l.rest = r.rest") for rule in settings["blocking_rules_to_generate_predictions"])
