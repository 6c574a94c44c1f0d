"""The canonical datasets are whole: keys and amounts are fields, every field has an identifier and a Chinese label."""

from __future__ import annotations

import re

import pytest

from hedui.canonical.schemas import Dataset, dataset, datasets
from hedui.errors import HeduiError


@pytest.mark.parametrize("item", datasets().values(), ids=lambda item: item.name)
def test_a_dataset_is_whole(item: Dataset) -> None:
    assert set(item.key) <= set(item.fields)
    assert all(item.fields[name].type == "fen" for name in item.amounts)
    for field in item.fields.values():
        assert re.search(r"[\u4e00-\u9fff]", field.label)
        assert re.fullmatch(r"[A-Z0-9_]+", field.identifier)
        assert field.name.endswith("_fen") == (field.type == "fen")


def test_an_unknown_dataset_lists_those_there_are() -> None:
    with pytest.raises(HeduiError, match=r'no canonical dataset "persons".*person, unit'):
        dataset("persons")
