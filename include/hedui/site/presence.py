"""What a site says of a key that one side of a comparison has and another lacks."""

from __future__ import annotations

from pydantic import Field

from hedui.site.base import Identifier, Model


class After(Model):
    """Time that a side is given to have what another one has.

    Attributes:
        field: Date field of the side that has the key, from which the days count; where it is empty no time is given.
        days: Days that are given; the finding is raised on the day after the last.
    """

    field: str
    days: int = Field(ge=1)


class PresenceRule(Model):
    """The rule for a key that one side has and another lacks."""

    rule: str
    missing: Identifier | None = None  # source id of the side that lacks it; None: any side
    after: After | None = None
