"""What the target says of a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Standing(StrEnum):
    """How a bundle stands in its target. Labels: :data:`STANDING_LABELS`."""

    NOT_APPLIED = "not_applied"
    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"


STANDING_LABELS: Final[dict[Standing, str]] = {
    Standing.NOT_APPLIED: "未执行",
    Standing.APPLIED: "已执行",
    Standing.ROLLED_BACK: "已回退",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a bundle stands, read from the journal in the target.

    Attributes:
        bundle: Id of the bundle.
        digest: Digest of the bundle that was applied; empty where none was.
        state: How it stands.
        rows: Rows that were changed (or put back).
        already: It was found so: an earlier run, or an earlier try of this one, has done it.
        at: When, ISO 8601 in UTC by the clock of the machine that ran it; empty where it was not applied.
        by: Who executed it.
    """

    bundle: str
    digest: str
    state: Standing
    rows: int = 0
    already: bool = False
    at: str = ""
    by: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values, for XCom and the ledger."""
        return {
            "bundle": self.bundle,
            "digest": self.digest,
            "state": str(self.state),
            "rows": self.rows,
            "already": self.already,
            "at": self.at,
            "by": self.by,
        }
