"""A bundle's statements one after another, each asserted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hedui.context import Progress, no_progress
from hedui.corrections.run.errors import StaleError
from hedui.corrections.run.session import Session
from hedui.corrections.sql.statement import Count, Definition, Load, Lock, Statement


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs statements in a session.

    Attributes:
        session: Where.
        bundle: Id of the bundle, for messages.
        progress: Hears of each statement.
    """

    session: Session
    bundle: str
    progress: Progress = no_progress

    def run(self, statements: Iterable[Statement]) -> None:
        """Runs them in order.

        Raises:
            StaleError: A statement met another number of rows than it must; the caller gives the transaction up.
        """
        todo = list(statements)
        for number, statement in enumerate(todo, start=1):
            met = self._met(statement)
            expected = getattr(statement, "expect", None)
            if expected is not None and met != expected:
                raise StaleError(
                    f"{self.bundle}: {statement.label}: {met:,} instead of {expected:,}. The target's data are not those the bundle was "
                    "made for; nothing was kept. Return the bundle and propose it anew from tonight's data.",
                    label=statement.label,
                    met=met,
                    expected=expected,
                )
            self.progress(f"{self.bundle} {statement.label}", number, len(todo))

    def _met(self, statement: Statement) -> int:
        session = self.session
        match statement:
            case Definition():
                session.define(statement.sql)
                return 0
            case Load():
                return session.insert(
                    sql=statement.sql,
                    table=statement.table,
                    columns=statement.columns,
                    kinds=statement.kinds,
                    rows=statement.rows(),
                    csv=None if statement.csv is None else statement.csv(),
                )
            case Lock():
                return session.lock_all(statement.sql)
            case Count():
                return int(session.query(statement.sql)[0][0])
            case _:
                return session.change(statement.sql)
