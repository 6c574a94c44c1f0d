"""What a site says of its operations in ``operations.yaml``: working hours, SLAs, levels of faults; the handbook's by default."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, model_validator

from hedui.site import Site
from hedui.site.base import Model
from hedui.site.documents import Document
from hedui.site.problems import Problems
from hedui.site.settings import read_settings

FILE = "operations.yaml"


class Shift(Model):
    """Hours of a working day in which people work, in the site's time zone."""

    begins: dt.time
    ends: dt.time

    @model_validator(mode="after")
    def _forward(self) -> Shift:
        if self.begins >= self.ends:
            raise ValueError("a shift ends after it begins; write one over midnight as two")
        return self


class Limits(Model):
    """Working minutes from the report of a fault; none: not agreed."""

    respond: int | None = Field(default=None, ge=1)
    diagnose: int | None = Field(default=None, ge=1)
    repair: int | None = Field(default=None, ge=1)


class TaskDays(Model):
    """Working days for a maintenance task by its kind."""

    routine: int = Field(default=2, ge=1)
    corrective: int = Field(default=3, ge=1)
    perfective: int = Field(default=5, ge=1)


class Targets(Model):
    """Targets of the KPI table in percent; the buyers' by default."""

    workload: float = 100
    inspections: float = 98
    timely: float = 90
    solved: float = 90
    responded: float = 99
    handled: float = 100
    code_changes: float = 85


class OperationsSettings(Model):
    """The whole of ``operations.yaml``.

    Attributes:
        hours: When people work on a working day, in order.
        hotline: Over the telephone: 2 h to respond, 4 h to diagnose.
        onsite: On site: 15 min to respond, 4 h to diagnose, 8 h to repair.
        task_days: 日常性 2, 改正性 3, 完善性 5 working days.
        targets: What the KPI table is measured against.
        run_levels: Level of the fault that a failed run of a DAG opens; others are of level 3.
    """

    hours: tuple[Shift, ...] = (
        Shift(begins=dt.time(9), ends=dt.time(12)),
        Shift(begins=dt.time(13), ends=dt.time(18)),
    )
    hotline: Limits = Limits(respond=120, diagnose=240)
    onsite: Limits = Limits(respond=15, diagnose=240, repair=480)
    task_days: TaskDays = TaskDays()
    targets: Targets = Targets()
    run_levels: dict[str, int] = Field(default={})


def load_operations(site: Site) -> OperationsSettings:
    """The site's operations.yaml; the handbook's values where it has none.

    Raises:
        SiteError: With all mistakes, each with file, line, field, value and what is allowed.
    """
    return read_settings(OperationsSettings, site.folder, FILE, _check) or OperationsSettings()


def _check(settings: OperationsSettings, document: Document, problems: Problems) -> None:
    for number in range(1, len(settings.hours)):
        if settings.hours[number].begins < settings.hours[number - 1].ends:
            path = ("hours", number, "begins")
            problems.add(FILE, document.line(path), path, "begins before the shift above ends; write shifts in order")
    for dag, level in settings.run_levels.items():
        if level not in (1, 2, 3):
            place = ("run_levels", dag)
            problems.add(FILE, document.line(place), place, f"{level} is no level; choose one of 1, 2, 3")
