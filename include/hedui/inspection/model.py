"""What an inspection says: items with standard, measured value and verdict."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal["daily", "weekly", "holiday", "quarterly"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
KIND_NAMES: Final[dict[Kind, str]] = {"daily": "日常巡检", "weekly": "每周巡检", "holiday": "节假日前巡检", "quarterly": "季度例检"}
Verdict = Literal["normal", "abnormal", "unmeasured"]
VERDICT_NAMES: Final[dict[Verdict, str]] = {"normal": "正常", "abnormal": "异常", "unmeasured": "未检出"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that was measured. Grain: system × check × part × target.

    Attributes:
        check: Code of the check, see :data:`hedui.inspection.checks.CHECKS`.
        part: Which of the system's parts: a connection, a page, a disk … by its name in inspection.yaml.
        target: What of it: a tablespace, a lock, a file; without personal data.
        standard: What is allowed, in Chinese.
        measured: What was found, in Chinese.
        verdict: ``unmeasured`` where no value could be had: what was wrong there before stays open.
        handling: What to do where it is not normal.
    """

    check: str
    part: str
    target: str
    standard: str
    measured: str
    verdict: Verdict
    handling: str = ""

    @property
    def key(self) -> str:
        """What tells it from the system's other items, over inspections."""
        return "/".join((self.check, self.part, self.target))


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """One system's inspection of a day.

    Attributes:
        system: Id of the system.
        name: Chinese name.
        date: The day, in the site's time zone.
        kinds: Which inspections it is at once; the widest last.
        checks: Which checks were to be made: of others it says nothing.
        at: When it was made.
        inspector: Who made it.
        items: What was measured, in order.
    """

    system: str
    name: str
    date: dt.date
    kinds: tuple[Kind, ...]
    checks: tuple[str, ...]
    at: dt.datetime
    inspector: str
    items: tuple[Item, ...]

    @property
    def number(self) -> str:
        """编号: of a system and a day there is one; a repeated inspection replaces it."""
        return f"XJ-{self.date:%Y%m%d}-{self.system}"

    @property
    def kind_label(self) -> str:
        """巡检类型."""
        return "、".join(KIND_NAMES[kind] for kind in self.kinds)

    def of(self, *verdicts: Verdict) -> tuple[Item, ...]:
        """The items with one of the verdicts."""
        return tuple(item for item in self.items if item.verdict in verdicts)
