"""The linkage model: what is compared, what each outcome weighs, which pairs are compared at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True, kw_only=True)
class Level:
    """An outcome of a comparison.

    Attributes:
        label: Chinese name, what users see.
        condition: SQL over the two rows' columns (``_l``, ``_r``); None for what is left.
        m: Its probability for two rows of one person.
        u: Its probability for rows of two persons.
    """

    label: str
    condition: str | None
    m: float
    u: float

    @property
    def weight(self) -> float:
        """What the outcome says for one person, in bits; negative: against."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True, kw_only=True)
class FieldModel:
    """A compared field; rows that lack one of its columns are not compared in it.

    Attributes:
        name: Canonical field.
        label: Chinese name.
        columns: Columns of the compared rows that it needs.
        levels: Outcomes; the first whose condition holds counts.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]

    @property
    def numbered(self) -> list[tuple[int, Level]]:
        """The levels with the numbers that Splink gives them: the last is 0."""
        return [(len(self.levels) - 1 - position, level) for position, level in enumerate(self.levels)]


@dataclass(frozen=True, kw_only=True)
class Model:
    """The whole model.

    Attributes:
        version: Changes with anything below.
        prior: Probability of two rows being one person before anything is compared.
        fields: Compared fields by name.
        blocks: A pair is compared where it shares all columns of one of them.
    """

    version: str
    prior: float
    fields: dict[str, FieldModel]
    blocks: tuple[tuple[str, ...], ...]

    def chosen(self, names: Sequence[str]) -> tuple[FieldModel, ...]:
        """The fields that a site compares, in the model's order."""
        return tuple(field for name, field in self.fields.items() if name in names)

    def settings(self, names: Sequence[str]) -> dict[str, Any]:
        """Splink's settings for the fields of a site; persons are linked within the same rest of the key only."""
        rules = (" AND ".join(f"l.{name} = r.{name}" for name in (*block, "rest")) for block in self.blocks)
        return {
            "link_type": "link_only",
            "unique_id_column_name": "unique_id",
            "probability_two_random_records_match": self.prior,
            "comparisons": [_comparison(field) for field in self.chosen(names)],
            "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules],
            "retain_matching_columns": True,  # brings the levels with it
            "retain_intermediate_calculation_columns": False,
        }


def _comparison(field: FieldModel) -> dict[str, Any]:
    unknown = " OR ".join(f"{name}_{side} IS NULL" for name in field.columns for side in "lr")
    levels: list[dict[str, Any]] = [{"sql_condition": unknown, "label_for_charts": "空", "is_null_level": True}]
    for level in field.levels:
        condition = {"sql_condition": level.condition or "ELSE", "label_for_charts": level.label}
        levels.append(condition | {"m_probability": level.m, "u_probability": level.u})
    return {"output_column_name": field.name, "comparison_description": field.label, "comparison_levels": levels}


@cache
def shipped_model() -> Model:
    """The model of this release (``model.yaml``)."""
    raw = YAML(typ="safe").load(files("hedui.linkage").joinpath("model.yaml").read_text("utf-8"))
    fields = {
        name: FieldModel(
            name=name,
            label=spec["label"],
            columns=tuple(spec["columns"]),
            levels=tuple(
                Level(label=level["label"], condition=level.get("condition"), m=level["m"], u=level["u"])
                for level in spec["levels"]
            ),
        )
        for name, spec in raw["comparisons"].items()
    }
    return Model(version=raw["version"], prior=raw["prior"], fields=fields, blocks=tuple(tuple(block) for block in raw["blocks"]))
