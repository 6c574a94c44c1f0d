"""The ledger's record of inspections: what the monthly report counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import delete, insert, select

from hedui.audit import append
from hedui.context import Context
from hedui.inspection.errors import InspectionError
from hedui.inspection.model import Inspection, Item, Kind
from hedui.ledger.database import begin, session
from hedui.ledger.operations_models import InspectionItem, InspectionRecord


def record(context: Context, made: Inspection, *, path: Path, actor: str) -> None:
    """Writes an inspection with its items, in place of an earlier one of the day; the deed is in the audit chain."""
    with begin(context.ledger_url) as connection:
        append(
            connection,
            actor=actor,
            action="inspection.record",
            subject=made.number,
            details={
                "kinds": list(made.kinds),
                "items": len(made.items),
                "abnormal": [item.key for item in made.of("abnormal")],
                "unmeasured": [item.key for item in made.of("unmeasured")],
            },
        )
        connection.execute(delete(InspectionRecord).where(InspectionRecord.number == made.number))
        connection.execute(
            insert(InspectionRecord).values(
                number=made.number,
                system=made.system,
                name=made.name,
                inspected_on=made.date,
                kinds=list(made.kinds),
                inspected_at=made.at,
                inspector=made.inspector,
                items=len(made.items),
                abnormal=len(made.of("abnormal")),
                unmeasured=len(made.of("unmeasured")),
                report=path.name,
            )
        )
        if made.items:
            connection.execute(
                insert(InspectionItem),
                [
                    {
                        "number": made.number,
                        "position": position,
                        "check": item.check,
                        "part": item.part,
                        "target": item.target,
                        "standard": item.standard,
                        "measured": item.measured,
                        "verdict": item.verdict,
                        "handling": item.handling,
                    }
                    for position, item in enumerate(made.items, start=1)
                ],
            )


def recorded_kinds(context: Context, system: str, date: dt.date) -> tuple[Kind, ...]:
    """Of which kinds a system's recorded inspection of a day is; none where there is no inspection yet."""
    query = select(InspectionRecord.kinds).where(InspectionRecord.system == system, InspectionRecord.inspected_on == date)
    with begin(context.ledger_url) as connection:
        return tuple(connection.execute(query).scalar_one_or_none() or ())  # type: ignore[arg-type]  # written by record


def items_of(context: Context, number: str) -> list[Item]:
    """The items of a recorded inspection, in order.

    Raises:
        InspectionError: There is no such inspection.
    """
    query = select(InspectionItem).where(InspectionItem.number == number).order_by(InspectionItem.position)
    with session(context.ledger_url) as orm:
        rows = list(orm.scalars(query))
    if not rows:
        raise InspectionError(f'The ledger has no inspection "{number}"; numbers are like XJ-20260603-shebao.')
    return [
        Item(
            check=row.check,
            part=row.part,
            target=row.target,
            standard=row.standard,
            measured=row.measured,
            verdict=row.verdict,  # type: ignore[arg-type]  # written by record
            handling=row.handling,
        )
        for row in rows
    ]
