"""What a site says about the way back of changes (回流): from the upper tiers to the local system."""

from __future__ import annotations

from pydantic import Field

from hedui.site.base import Identifier, Model


class ReturnFlow(Model):
    """Changes made upstream come back to the local system within some working days.

    A deviation is such a change where the upper side's row was changed after the local one. Within the window it is a notice (kind
    ``IN_TRANSIT``), afterwards ``rule`` is broken (kind ``LATE``); in both cases it takes the place of the deviating fields' own
    findings. A row that is new upstream is a notice within the window, and afterwards a row that the local side lacks.

    Attributes:
        local: Source id of the side that waits.
        field: Date field with the row's last change; the upper sides are those that deliver it.
        window: Working days that the way back may take.
        rule: Rule of what has not come back.
    """

    local: Identifier
    field: str = "changed_on"
    window: int = Field(default=3, ge=0)
    rule: str = "T14"
