"""Whether a finding that stands is about the target or about others."""

from __future__ import annotations

import json

import pytest

from hedui.corrections.sides import Sides


def sides(city: str | None, province: str | None, *, right: str | None = "guotong", field: str | None = "months_paid") -> Sides:
    values = {"shebao": city, "sheng": province, "guotong": "132"}
    return Sides.of(source="shebao", side_values=json.dumps(values), right_source=right, field=field)


@pytest.mark.parametrize(
    ("found", "word", "settled"),
    [
        pytest.param(sides("132", "120"), None, True, id="as the nation, which is right"),
        pytest.param(sides("120", "120"), None, False, id="as the province, which is wrong"),
        pytest.param(sides(None, "120"), None, False, id="no value"),
        pytest.param(sides("120", "120", right=None), None, True, id="nobody knows, another side agrees"),
        pytest.param(sides("121", "120", right=None), None, False, id="nobody knows, nobody agrees"),
        pytest.param(sides("132", "120", right="shebao"), None, True, id="the target itself is called right"),
        pytest.param(sides("131", "120"), "131", True, id="a person's word"),
        pytest.param(sides("132", "120"), "131", False, id="against a person's word"),
        pytest.param(sides("无", "无", right=None, field=None), None, False, id="a record that the province lacks as well"),
    ],
)
def test_settled(found: Sides, word: str | None, settled: bool) -> None:
    assert found.settled(word) is settled


def test_a_finding_without_sides_is_not_settled() -> None:
    assert not Sides.of(source="shebao", side_values=None, right_source=None, field="months_paid").settled()
