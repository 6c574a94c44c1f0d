"""Judges a rehearsal by the night's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hedui.context import Context
from hedui.corrections.model import BundlePlan
from hedui.corrections.run.ground import Ground


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rules say of the change.

    Attributes:
        reasons: Why it cannot be proposed, in Chinese.
        lines: Figures by label.
    """

    reasons: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()


Findings = frozenset[str]


class Judge(Protocol):
    """Finds what the rules find in a place of rehearsal."""

    def findings(self) -> Findings:
        """Fingerprints of all findings that concern the rows, as they are now."""

    def verdict(self, before: Findings, after: Findings) -> Verdict:
        """Whether the cases are gone and nothing else has appeared."""


def judge_of(context: Context, plan: BundlePlan, place: Ground) -> Judge:
    """The judge of a bundle."""
    return _Nobody()


class _Nobody:
    def findings(self) -> Findings:
        return frozenset()

    def verdict(self, before: Findings, after: Findings) -> Verdict:
        return Verdict()
