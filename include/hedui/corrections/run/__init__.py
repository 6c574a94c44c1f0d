"""Bundles at work: rehearsed on a copy, executed or rolled back in one transaction, their outcome asked from the target."""

from __future__ import annotations

from hedui.corrections.run.execute import clean, execute, outcome_of, rollback
from hedui.corrections.run.records import Outcome, Standing
from hedui.corrections.run.rehearse import Rehearsal, rehearse

__all__ = ["Outcome", "Rehearsal", "Standing", "clean", "execute", "outcome_of", "rehearse", "rollback"]
