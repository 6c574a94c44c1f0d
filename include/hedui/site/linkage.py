"""How the keys that one side of a comparison lacks are linked to each other: what a site's YAML may say below ``linkage``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hedui.site.base import Model

LinkField = Literal["name", "birth_date", "sex", "unit_no", "id_number"]


class Linkage(Model):
    """Suggests which one-sided keys of different sides are the same person.

    Attributes:
        threshold: Probability from which a pair is suggested.
        rule: Rule of the suggestions between sides.
        within_rule: Rule of the suggestions inside one source.
        fields: What is compared. Leave out what the sides number differently, as ``unit_no`` often is.
        within: Sources in which a one-sided key is also looked for under another key of the same source.
    """

    threshold: float = Field(default=0.95, ge=0.5, lt=1)
    rule: str = "R24"
    within_rule: str = "P14"
    fields: tuple[LinkField, ...] = Field(default=("name", "birth_date", "sex", "unit_no", "id_number"), min_length=1)
    within: tuple[str, ...] = ()
