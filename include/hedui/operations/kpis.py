"""The KPI table: each figure with numerator and denominator, as of the end of a period, from the ledger only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from hedui.context import Context
from hedui.inspection.calendar import due_between, kinds_due
from hedui.inspection.settings import load_inspection
from hedui.ledger.operations_models import Fault
from hedui.operations.faults import clock_of, faults_between, kept, limits_of
from hedui.operations.ledger import rows
from hedui.operations.settings import OperationsSettings, load_operations
from hedui.operations.tasks import in_time, tasks_due
from hedui.statistics.periods import ONE_DAY, Period

TITLES: Final[dict[str, tuple[str, str]]] = {
    "workload": ("工作量完成率", "本期到期且期末前办结的维护任务 / 本期到期的维护任务"),
    "inspections": ("巡检完成率", "已完成的巡检 / 按日历应做的巡检（系统 × 类型）"),
    "timely": ("故障处理及时率", "响应、诊断、修复均在时限内的故障 / 本期报告且期末已可判定的故障"),
    "solved": ("处理成功率", "处理成功的故障 / 本期报告且已确认关闭的故障"),
    "responded": ("响应率", "在时限内响应的故障 / 本期报告且期末已可判定的故障"),
    "handled": ("问题处理率", "期末前已修复的故障 / 本期报告的故障"),
    "code_changes": ("代码修改按时率", "按期办结的代码修改 / 本期到期的代码修改"),
}
"""KPIs by field of :class:`hedui.operations.settings.Targets`: name, what is divided by what."""


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """A figure of the table.

    Attributes:
        code: A key of :data:`TITLES`.
        target: In percent.
        numerator, denominator: What is divided; a denominator of 0 has no quotient.
    """

    code: str
    target: float
    numerator: int
    denominator: int

    @property
    def share(self) -> float | None:
        """The quotient; None where there is nothing to divide by: that is neither good nor bad."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def verdict(self) -> str:
        """达标."""
        if self.share is None:
            return "—"
        return "达标" if 100 * self.numerator >= self.target * self.denominator else "未达标"


def bounds(context: Context, period: Period) -> tuple[dt.datetime, dt.datetime]:
    """The moments at which a period begins and after which it is over, in the site's time zone."""
    zone = ZoneInfo(context.site.timezone)
    start, end = (dt.datetime.combine(day, dt.time(), tzinfo=zone) for day in (period.start, period.end + ONE_DAY))
    return start, end


def kpis(context: Context, period: Period) -> list[Kpi]:
    """The KPI table of a period, in order."""
    settings = load_operations(context.site)
    start, end = bounds(context, period)
    faults = faults_between(context, start, end)
    pairs = {
        **_of_tasks(context, period, end),
        "inspections": _inspections(context, period),
        **_of_faults(context, faults, settings, end),
    }
    return [
        Kpi(code=code, target=getattr(settings.targets, code), numerator=pairs[code][0], denominator=pairs[code][1])
        for code in TITLES
    ]


def _of_tasks(context: Context, period: Period, end: dt.datetime) -> dict[str, tuple[int, int]]:
    due = tasks_due(context, period.start, period.end)
    done = [task for task in due if task.finished_at is not None and task.finished_at < end]
    code = [task for task in due if task.code_change]
    return {"workload": (len(done), len(due)), "code_changes": (sum(in_time(context, task) for task in code), len(code))}


def _inspections(context: Context, period: Period) -> tuple[int, int]:
    settings = load_inspection(context.site)
    if settings is None:
        return 0, 0
    due = due_between(context.workdays, period.start, period.end)
    systems = {system.id for system in settings.systems}
    made = [
        row
        for row in rows(context, "inspected", first=period.start, last=period.end)
        if row["system"] in systems
        and row["kind"] in kinds_due(context.workdays, row["day"])  # what nobody had to make fills no gap
    ]
    return len(made), len(systems) * sum(due.values())


def _of_faults(context: Context, faults: list[Fault], settings: OperationsSettings, end: dt.datetime) -> dict[str, tuple[int, int]]:
    clock = clock_of(context)

    def standing(fault: Fault, stages: Iterable[str]) -> bool | None:
        """All stages in time; False where one was missed; None where one may still be reached."""
        found = [kept(fault, stage, settings=settings, clock=clock, by=end) for stage in stages if _agreed(fault, stage, settings)]  # type: ignore[arg-type]
        return False if False in found else None if None in found else True

    def decided(stages: Iterable[str]) -> tuple[int, int]:
        stood = [standing(fault, stages) for fault in faults]
        return sum(item is True for item in stood), sum(item is not None for item in stood)

    def before_end(moment: Callable[[Fault], dt.datetime | None]) -> list[Fault]:
        return [fault for fault in faults if (at := moment(fault)) is not None and at < end]

    closed = before_end(lambda fault: fault.closed_at)
    return {
        "timely": decided(("respond", "diagnose", "repair")),
        "responded": decided(("respond",)),
        "solved": (sum(bool(fault.solved) for fault in closed), len(closed)),
        "handled": (len(before_end(lambda fault: fault.repaired_at)), len(faults)),
    }


def _agreed(fault: Fault, stage: str, settings: OperationsSettings) -> bool:
    return getattr(limits_of(fault, settings), stage) is not None
