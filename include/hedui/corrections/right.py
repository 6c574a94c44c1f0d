"""What is right about a case, as the authority matrix or a person says."""

from __future__ import annotations

from dataclasses import dataclass

from hedui.corrections.model import Decision, Operation
from hedui.site import Site


@dataclass(frozen=True, kw_only=True)
class Right:
    """What is right and whose word it is.

    Attributes:
        decision: The decision.
        basis: What it rests on, in Chinese.
        value: The right canonical value; None for whole rows.
        decided_by: Who said so; empty for the matrix.
        evidence: Reference of the proof.
        operation: What is to be done.
        source: For a record that is added: whose record is right.
    """

    decision: Decision
    basis: str
    value: str | None = None
    decided_by: str = ""
    evidence: str = ""
    operation: Operation = Operation.UPDATE
    source: str | None = None


class Undecided(Exception):
    """Nobody has said what is right; the message says why, in Chinese."""


def is_local(site: Site, source: str) -> bool:
    """Whether a source belongs to the local tier."""
    return site.agency(site.source(source).agency).tier == "local"
