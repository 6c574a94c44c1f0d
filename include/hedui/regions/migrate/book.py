"""A run's page in the ledger: state, mapping rows, measures, predicted moves, checks, decisions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from hedui.audit import append
from hedui.ledger.database import begin
from hedui.ledger.region_models import RegionCheck, RegionDecision, RegionMapping, RegionMeasure, RegionMove, RegionRun
from hedui.regions.errors import RegionError
from hedui.regions.migrate.checks import Check
from hedui.regions.migrate.records import Logged, Measure
from hedui.regions.model import Change

STATES: Final[dict[str, str]] = {
    "loaded": "已载入",
    "measured": "已建立基线",
    "rehearsed": "已演练",
    "approved": "已批准",
    "rejected": "已驳回",
    "migrating": "迁移中",
    "migrated": "已迁移",
    "proved": "已核验",
    "rolled_back": "已回退",
}

_PUT_MEASURES: Final = """
INSERT INTO hedui.region_measure (run_id, target, phase, closed, grp, code, figures)
SELECT :run, :target, :phase, closed, grp, code, figures
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row (closed boolean, grp text, code text, figures jsonb)
"""
"""One statement for thousands of codes; row by row it takes seconds."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run's line."""

    id: str
    from_date: dt.date
    to_date: dt.date
    mapping_digest: str
    state: str
    facts: dict[str, Any]
    approved_by: str | None
    approved_at: dt.datetime | None
    approval_note: str | None
    page_digest: str | None
    report_path: str | None
    report_digest: str | None


@dataclass(frozen=True, kw_only=True)
class Deed:
    """An entry for the audit chain: who, what (a key of :data:`hedui.audit.ACTIONS`), details without personal data."""

    actor: str
    action: str
    details: dict[str, Any]


class Book:
    """Reads and writes one run; every method is a transaction of its own."""

    def __init__(self, url: str, run: str) -> None:
        self.url = url
        self.run = run

    def open(self, *, start: dt.date, end: dt.date, digest: str, changes: Sequence[Change]) -> Run:
        """Begins the run, or finds it again.

        Raises:
            RegionError: It was begun with another mapping: files changed in between.
        """
        rows = [{name: _plain(value) for name, value in asdict(row).items()} for row in changes]
        with begin(self.url) as connection:
            values = {"id": self.run, "from_date": start, "to_date": end, "mapping_digest": digest, "state": "loaded", "facts": {}}
            made = connection.execute(
                upsert(RegionRun).values(values).on_conflict_do_nothing().returning(RegionRun.id)
            ).one_or_none()
            if made and rows:
                lines = [{"run_id": self.run, "line": number, "row": row} for number, row in enumerate(rows, start=1)]
                connection.execute(insert(RegionMapping), lines)
        found = self.read()
        if found.mapping_digest != digest:
            raise RegionError(
                f"The run {self.run} was begun with another mapping ({found.mapping_digest[:12]}, now {digest[:12]}): region files have "
                "changed since. Roll it back and begin a new run, or put the files back."
            )
        return found

    def read(self) -> Run:
        """The run's line.

        Raises:
            RegionError: There is no such run.
        """
        columns = [getattr(RegionRun, name) for name in Run.__dataclass_fields__]
        with begin(self.url) as connection:
            row = connection.execute(select(*columns).where(RegionRun.id == self.run)).one_or_none()
        if row is None:
            raise RegionError(f"There is no region migration {self.run} in the ledger; begin it with `hedui regions plan`.")
        return Run(**row._mapping)

    def update(self, *, facts: dict[str, Any] | None = None, deed: Deed | None = None, **values: Any) -> None:
        """Changes columns of the run and adds facts to those it has; a deed is entered into the audit chain in the same transaction."""
        with begin(self.url) as connection:
            if facts:
                values["facts"] = RegionRun.facts.op("||")(facts)
            connection.execute(update(RegionRun).where(RegionRun.id == self.run).values(values))
            if deed is not None:
                append(connection, actor=deed.actor, action=deed.action, subject=f"区划迁移 {self.run}", details=deed.details)

    def mapping_rows(self) -> list[dict[str, Any]]:
        """The change rows behind the run."""
        with begin(self.url) as connection:
            query = select(RegionMapping.row).where(RegionMapping.run_id == self.run).order_by(RegionMapping.line)
            return list(connection.execute(query).scalars())

    def put_measures(self, target: str, phase: str, measures: Iterable[Measure]) -> None:
        """Replaces a target's measures of a phase."""
        rows = []
        for item in measures:
            figures = {name: value for name, value in asdict(item).items() if name not in ("closed", "group", "code")}
            rows.append({"closed": item.closed, "grp": item.group, "code": item.code, "figures": figures})
        key = {"run": self.run, "target": target, "phase": phase}
        with begin(self.url) as connection:
            old = (RegionMeasure.run_id == self.run, RegionMeasure.target == target, RegionMeasure.phase == phase)
            connection.execute(delete(RegionMeasure).where(*old))
            connection.execute(text(_PUT_MEASURES), {**key, "rows": json.dumps(rows, ensure_ascii=False)})

    def measures(self, target: str, phase: str) -> list[Measure]:
        """A target's measures of a phase; empty where it was not measured."""
        columns = (RegionMeasure.closed, RegionMeasure.grp, RegionMeasure.code, RegionMeasure.figures)
        chosen = (RegionMeasure.run_id == self.run, RegionMeasure.target == target, RegionMeasure.phase == phase)
        with begin(self.url) as connection:
            rows = connection.execute(select(*columns).where(*chosen).order_by(RegionMeasure.id)).all()
        return [
            Measure(closed=closed, group=group, code=code, **{**figures, "fen": tuple(figures["fen"])})
            for closed, group, code, figures in rows
        ]

    def put_logged(self, target: str, logged: Logged) -> None:
        """Replaces the predicted moves of a target."""
        rows = [(old, new, method, count) for old, new, method, count in logged.moves]
        waiting: dict[str, int] = {}
        for old, _, count in logged.queued:
            waiting[old] = waiting.get(old, 0) + count
        rows += [(old, "", "queue", count) for old, count in waiting.items()]
        names = ("old_code", "new_code", "method", "rows")
        with begin(self.url) as connection:
            connection.execute(delete(RegionMove).where(RegionMove.run_id == self.run, RegionMove.target == target))
            if rows:
                key = {"run_id": self.run, "target": target}
                connection.execute(insert(RegionMove), [{**key, **dict(zip(names, row, strict=True))} for row in rows])

    def moves(self) -> list[tuple[str, str, str, str, int]]:
        """Target, old code, new code (empty: waits for a person), method and rows of every prediction."""
        columns = (RegionMove.target, RegionMove.old_code, RegionMove.new_code, RegionMove.method, RegionMove.rows)
        with begin(self.url) as connection:
            rows = connection.execute(select(*columns).where(RegionMove.run_id == self.run).order_by(*columns)).all()
        return [tuple(row) for row in rows]  # type: ignore[misc]

    def put_checks(self, stage: str, checks: Iterable[Check]) -> None:
        """Replaces a stage's checks."""
        rows = [{"run_id": self.run, "stage": stage, "check": asdict(item)} for item in checks]
        with begin(self.url) as connection:
            connection.execute(delete(RegionCheck).where(RegionCheck.run_id == self.run, RegionCheck.stage == stage))
            if rows:
                connection.execute(insert(RegionCheck), rows)

    def checks(self, *stages: str) -> list[tuple[str, Check]]:
        """The checks of all stages, or of those named, in order."""
        query = select(RegionCheck.stage, RegionCheck.check).where(RegionCheck.run_id == self.run).order_by(RegionCheck.id)
        if stages:
            query = query.where(RegionCheck.stage.in_(stages))
        with begin(self.url) as connection:
            return [(stage, Check(**values)) for stage, values in connection.execute(query)]

    def put_decisions(self, target: str, rows: Sequence[dict[str, str]]) -> None:
        """Adds decisions of persons; a later one on the same row replaces an earlier one."""
        if not rows:
            return
        statement = upsert(RegionDecision)
        statement = statement.on_conflict_do_update(
            index_elements=["run_id", "target", "row_key", "old_code"],
            set_={name: statement.excluded[name] for name in ("new_code", "decided_by", "basis")},
        )
        with begin(self.url) as connection:
            connection.execute(statement, [{"run_id": self.run, "target": target, **row} for row in rows])

    def decisions(self, target: str) -> dict[tuple[str, str], str]:
        """What persons decided for a target: (row key, old code) → new code."""
        columns = (RegionDecision.row_key, RegionDecision.old_code, RegionDecision.new_code)
        chosen = (RegionDecision.run_id == self.run, RegionDecision.target == target)
        with begin(self.url) as connection:
            return {(key, old): new for key, old, new in connection.execute(select(*columns).where(*chosen))}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
