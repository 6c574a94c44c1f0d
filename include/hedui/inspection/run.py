"""Makes the inspections of a day: measures, writes the report, records, and turns what is abnormal into cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hedui.context import Context
from hedui.inspection import databases, exchange, machine, web
from hedui.inspection.calendar import kinds_due
from hedui.inspection.checks import CHECKS
from hedui.inspection.errors import InspectionError
from hedui.inspection.findings import write_findings
from hedui.inspection.model import KINDS, Inspection, Item, Kind
from hedui.inspection.recording import record, recorded_kinds
from hedui.inspection.settings import FILE, InspectionSettings, Standards, System, load_inspection

FOLDER: Final = "inspection"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of one system's inspection, as XCom carries it.

    Attributes:
        system: Id of the system.
        number: 编号 of the report.
        items, abnormal, unmeasured: How many.
        path: The 巡检报告单.
        lines: What a message says of it.
    """

    system: str
    number: str
    items: int
    abnormal: int
    unmeasured: int
    path: str
    lines: tuple[str, ...]


def settings_of(context: Context) -> InspectionSettings:
    """The site's inspection.yaml.

    Raises:
        InspectionError: The site has none.
    """
    settings = load_inspection(context.site)
    if settings is None:
        raise InspectionError(f"The site has no {FILE}; write one to have its systems inspected, see docs/inspection.md.")
    return settings


def _system(context: Context, system_id: str) -> System:
    settings = settings_of(context)
    system = next((item for item in settings.systems if item.id == system_id), None)
    if system is None:
        known = ", ".join(item.id for item in settings.systems)
        raise InspectionError(f'There is no system "{system_id}" in {FILE}; it knows {known}.')
    return system


def day_of(context: Context, now: dt.datetime) -> dt.date:
    """The day of a moment in the site's time zone."""
    return now.astimezone(ZoneInfo(context.site.timezone)).date()


def inspect(context: Context, system_id: str, *, now: dt.datetime, kinds: tuple[Kind, ...] = (), inspector: str = "") -> Inspection:
    """Measures one system; nothing is written.

    Args:
        context: The step's context.
        system_id: Which system.
        now: The time, with its zone.
        kinds: Which inspections; none: those that are due on the day.
        inspector: Who makes it; empty: the site's.

    Raises:
        InspectionError: The system or a kind is not known.
    """
    settings, system = settings_of(context), _system(context, system_id)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise InspectionError(f'There is no inspection "{unknown[0]}"; choose from {", ".join(KINDS)}.')
    today = day_of(context, now)
    wanted = kinds or kinds_due(context.workdays, today)
    checks = settings.checks_of(wanted)
    found = list(_items(context, system, settings.standards_of(system, wanted), checks, now, today))
    order = list(CHECKS)
    return Inspection(
        system=system.id,
        name=system.name,
        date=today,
        kinds=wanted,
        checks=checks,
        at=now,
        inspector=inspector or settings.inspector,
        items=tuple(sorted(found, key=lambda item: (order.index(item.check), item.part))),
    )


def _items(
    context: Context, system: System, standards: Standards, checks: tuple[str, ...], now: dt.datetime, today: dt.date
) -> Iterator[Item]:
    for name in system.connections:
        yield from databases.database_items(context, name, standards, checks=checks, now=lambda: dt.datetime.now(dt.UTC))
    for page in system.pages if "page" in checks else ():
        yield from web.page_items(page, standards)
    for certificate in web.certificates_of(system) if "certificate" in checks else ():
        yield from web.certificate_items(certificate, standards, now)
    if system.airflow and "airflow" in checks:
        yield from web.airflow_items(system.airflow, standards, now)
    for disk in system.disks if "disk" in checks else ():
        yield from machine.disk_items(context, disk, standards)
    for logs in system.logs if "logs" in checks else ():
        yield from machine.log_items(logs, standards, now)
    for source in system.sources:
        yield from exchange.source_items(context, source, standards, today, checks=checks)


def inspect_and_record(
    context: Context, system_id: str, *, now: dt.datetime, actor: str, kinds: tuple[Kind, ...] = (), inspector: str = ""
) -> Done:
    """Inspects one system, deletes logs whose time is over, writes the 巡检报告单, records it, and opens and closes cases.

    A second inspection of the same day replaces the first, and is of its kinds too: what was due and made stays made.

    Args:
        context: The step's context.
        system_id: Which system.
        now: The time, with its zone.
        actor: Who, in the audit chain.
        kinds: Which inspections; none: those that are due.
        inspector: Who signs; empty: the site's.
    """
    from hedui.inspection.report import write_report

    for logs in _system(context, system_id).logs:
        machine.delete_old_logs(context, logs, now=now, actor=actor)
    wanted = kinds or kinds_due(context.workdays, day_of(context, now))
    before = recorded_kinds(context, system_id, day_of(context, now))
    made = inspect(
        context, system_id, now=now, kinds=(*wanted, *(kind for kind in before if kind not in wanted)), inspector=inspector
    )
    path = folder_of(context, made.date) / f"巡检报告单_{made.number}.xlsx"
    write_report(context, made, path)
    write_findings(context, made, agency=_system(context, system_id).agency)
    record(context, made, path=path, actor=actor)
    abnormal, unmeasured = made.of("abnormal"), made.of("unmeasured")
    return Done(
        system=made.system,
        number=made.number,
        items=len(made.items),
        abnormal=len(abnormal),
        unmeasured=len(unmeasured),
        path=str(path),
        lines=tuple(
            f"{made.name}：{CHECKS[i.check].label} {i.part} {i.target}：{i.measured}（标准 {i.standard}）" for i in abnormal
        ),
    )


def folder_of(context: Context, date: dt.date) -> Path:
    """Where a day's reports are."""
    return context.reports / FOLDER / date.isoformat()
