"""All checks of one view: Great Expectations counts, our own passes say how many rows were examined and which ones break a rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from hedui.canonical.schemas import Dataset
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.checks.model import Check, CheckError, RuleRecord, record
from hedui.checks.pushdown import Outcome, Pushdown, safe_message
from hedui.checks.suites import unmapped
from hedui.checks.writing import Shape, query
from hedui.engine import ident


@dataclass(frozen=True, kw_only=True)
class ViewResult:
    """What the checks of a view found.

    Attributes:
        records: One per check, in their order.
        outcomes: What Great Expectations said, by rule.
        shapes: Queries of the findings; they hold as long as the connection's temporary table ``failing`` stands.
    """

    records: list[RuleRecord]
    outcomes: dict[str, Outcome]
    shapes: list[Shape] = field(default_factory=list)


def check_view(
    pushdown: Pushdown,
    view: str,
    checks: Sequence[Check],
    *,
    delivered: Collection[str] | None = None,
    structure: dict[str, Any] | None = None,
) -> ViewResult:
    """Runs checks over a view of the pushdown.

    Args:
        pushdown: Where the view is.
        view: Name of a registered view.
        checks: The checks of one dataset and source.
        delivered: Canonical fields that the source delivers; None: all.
        structure: An expectation on the whole table that must hold before anything is checked.

    Raises:
        CheckError: The view does not have the dataset's columns.
    """
    records = {check.rule: done for check in checks if (done := _not_to_run(check, delivered)) is not None}
    runnable = [check for check in checks if check.rule not in records]
    expectations = [check.expectation for check in runnable]
    first, *rest = (
        pushdown.validate(view, [structure, *expectations])
        if structure
        else [Outcome(success=True), *pushdown.validate(view, expectations)]
    )
    if not first.success:
        raise CheckError(
            f"The partition of {view} does not have the columns of its canonical dataset; extract it again. {first.error}".rstrip()
        )
    outcomes = {check.rule: outcome for check, outcome in zip(runnable, rest, strict=True)}
    for check in runnable:
        if outcomes[check.rule].error:
            records[check.rule] = record(check, state="error", reason=outcomes[check.rule].error)
    run = _Passes(connection=pushdown.connection, view=view, outcomes=outcomes)
    for check, examined, violations in run.figures([check for check in runnable if check.rule not in records], records):
        records[check.rule] = record(check, examined=examined, violations=violations)
    return ViewResult(records=[records[check.rule] for check in checks], outcomes=outcomes, shapes=run.shapes)


def _not_to_run(check: Check, delivered: Collection[str] | None) -> RuleRecord | None:
    """The record of a check that does not run: switched off, broken text, or the source does not deliver what it needs."""
    if not check.enabled:
        return record(check, state="disabled", reason="本地配置停用")
    if check.problem:
        return record(check, state="error", reason=check.problem)
    if delivered is not None and (missing := unmapped(check, frozenset(delivered))):
        return record(check, state="no_data", reason="该来源不提供：" + "、".join(missing))
    return None


@dataclass(kw_only=True)
class _Passes:
    """Our own passes over a view."""

    connection: duckdb.DuckDBPyConnection
    view: str
    outcomes: dict[str, Outcome]
    shapes: list[Shape] = field(default_factory=list)

    def figures(self, checks: list[Check], records: dict[str, RuleRecord]) -> list[tuple[Check, int, int]]:
        """Examined rows and violations per check; a check whose SQL fails gets an error record instead and leaves the others."""
        good, counts = self._counts(checks, records)
        figures = []
        for check in good:
            counted = self.outcomes[check.rule].violations
            fetched = counts[f"v_{check.rule}"] if check.grain == "row" else counted
            if fetched != counted:
                reason = f"Great Expectations counts {counted} violations, the keys' query {fetched}"
                records[check.rule] = record(check, state="error", reason=reason)
                continue
            figures.append((check, counts[f"d_{check.rule}"], counted))
        failing = [check for check, _, violations in figures if violations]
        self.shapes = [Shape(rule=check.rule, source=check.source, query=self._shape(check)) for check in failing]
        return figures

    def _counts(self, checks: list[Check], records: dict[str, RuleRecord]) -> tuple[list[Check], dict[str, int]]:
        """Finds and counts what all checks find; where that fails, finds the broken checks and leaves them out."""
        if not checks:
            return [], {}
        try:
            return checks, self._find(checks)
        except duckdb.Error as failure:
            good = []
            for check in checks:
                try:
                    self._find([check])
                    good.append(check)
                except duckdb.Error as error:
                    records[check.rule] = record(check, state="error", reason=safe_message(str(error), type(error).__name__))
            if len(good) == len(checks):
                raise CheckError(
                    f"The checks of {self.view} fail together: {safe_message(str(failure), type(failure).__name__)}"
                ) from None
            return self._counts(good, records)

    def _find(self, checks: list[Check]) -> dict[str, int]:
        """Makes ``failing``, the rows that break row rules with a flag ``v_<rule>`` each; gives ``d_<rule>`` and ``v_<rule>`` counts."""
        examined = self.connection.execute(query("examined.sql", batch=ident(self.view), rules=checks)).fetchone() or ()
        counts = dict(zip((f"d_{check.rule}" for check in checks), examined, strict=True))
        rules = [check for check in checks if check.grain == "row"]
        if rules:
            columns = sorted(set().union(*(_fields_of(check) for check in rules)))
            text = query("failing_rows.sql", batch=ident(self.view), rules=rules, columns=columns)
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE failing AS\n{text}")
            flags = [f"v_{check.rule}" for check in rules]
            found = self.connection.execute(query("counts.sql", flags="failing", columns=flags)).fetchone() or ()
            counts |= dict(zip(flags, found, strict=True))
        return counts

    def _shape(self, check: Check) -> str:
        if check.grain == "group":
            return check.condition.replace("{batch}", ident(self.view))
        spec = canonical_dataset(check.dataset)
        return query(
            "row_shape.sql",
            rows="failing",
            flag=f"v_{check.rule}",
            key=key_fields(spec),
            region=region_field(spec),
            insurance="insurance" if "insurance" in spec.fields else None,
            period="period" if "period" in spec.fields else None,
            value=check.value,
            amount=check.amount,
        )


def key_fields(spec: Dataset) -> list[str]:
    """The fields of a finding's subject key: the dataset's key without what has its own column."""
    return [name for name in spec.key if name not in ("insurance", "period")]


def region_field(spec: Dataset) -> str | None:
    """The field that holds the region of a dataset's rows."""
    return next((name for name in ("region", "pool_region") if name in spec.fields), None)


def _fields_of(check: Check) -> set[str]:
    """The fields that the findings of a row check show."""
    spec = canonical_dataset(check.dataset)
    parsed = (sqlglot.parse_one(text, read="duckdb") for text in (check.value, check.amount))
    used = {column.name for tree in parsed for column in tree.find_all(exp.Column)}
    return {name for name in (*spec.key, region_field(spec), "insurance", "period") if name in spec.fields} | used
