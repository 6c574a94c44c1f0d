"""Thresholds from the same hour of past weeks, never stricter than the site's floor."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

WIDER: Final = 1.5
"""How far a measure may lie above what is usual at the hour."""
NARROWER: Final = 0.5
"""How far a volume may lie below it."""
FEWEST_WEEKS: Final = 3
"""Fewer past weeks teach nothing."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a channel showed at a moment: its measures by name; None where there was none."""

    at: dt.datetime
    measures: Mapping[str, float | None]


def same_hour(
    samples: Iterable[Sample], *, now: dt.datetime, weeks: int, zone: ZoneInfo, is_workday: Callable[[dt.date], bool]
) -> dict[int, list[Sample]]:
    """The samples of the same hour on the same weekday of past weeks, by how many weeks ago.

    A week in which the day was a holiday where today is a working day, or the reverse, teaches nothing.
    """
    here = now.astimezone(zone)
    found: dict[int, list[Sample]] = {}
    for sample in samples:
        there = sample.at.astimezone(zone)
        days = (here.date() - there.date()).days
        past = days > 0 and days % 7 == 0 and days <= 7 * weeks and there.hour == here.hour
        if past and is_workday(there.date()) == is_workday(here.date()):
            found.setdefault(days // 7, []).append(sample)
    return found


def usual(weeks: Mapping[int, list[Sample]], measure: str) -> float | None:
    """What a measure usually is at the hour: the median over weeks of each week's median; None where too few weeks have one."""
    medians = []
    for samples in weeks.values():
        values = [value for sample in samples if (value := sample.measures.get(measure)) is not None]
        if values:
            medians.append(statistics.median(values))
    return statistics.median(medians) if len(medians) >= FEWEST_WEEKS else None


def highest_allowed(usual_value: float | None, floor: float) -> float:
    """Above this a measure is told."""
    return floor if usual_value is None else max(floor, WIDER * usual_value)


def lowest_allowed(usual_value: float | None, floor: float) -> float:
    """Below this a volume is told: half of what is usual, and what the site always wants."""
    return floor if usual_value is None else max(floor, NARROWER * usual_value)
