"""What a check is once it is rendered for one source and date, and what it found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from dataclasses import field as attribute
from typing import Any, Literal

from hedui.errors import HeduiError

State = Literal["passed", "failed", "no_data", "disabled", "error"]

STATES: dict[State, str] = {"passed": "通过", "failed": "不通过", "no_data": "无数据", "disabled": "已停用", "error": "执行出错"}
"""States of a rule with their Chinese names."""

NOT_DELIVERED = "该来源当日未到"
"""Reason of a record whose source has no partition of the date."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule over one dataset of one source, its SQL rendered for a business date.

    Attributes:
        rule: Rule id.
        name: Chinese name.
        severity: ``block``, ``error``, ``warning`` or ``info``, the site's where it sets one.
        agency: Id of the agency that acts.
        dataset: Canonical dataset.
        source: Source id.
        grain: ``row``: every breaking row is a finding. ``group``: the query gives one row per finding.
        columns: Canonical fields the rule needs; a source that does not deliver all of them has no data for it.
        field: The field a finding is about, None where it is about several; findings name it in their evidence.
        kind: Kind of the findings.
        denominator: SQL condition of the rows the rule examines.
        condition: Row grain: SQL condition of the breaking rows. Group grain: the query of the findings, ``{batch}`` for the relation.
        value: SQL text of the value that findings show.
        amount: SQL expression of the money at stake in fen.
        threshold: Share of examined rows that may break the rule before its state is ``failed``.
        expectation: The Great Expectations configuration.
        enabled: Whether the site runs the rule.
        problem: Why the rule cannot run (its text does not render); empty where it can.
    """

    rule: str
    name: str
    severity: str
    agency: str
    dataset: str
    source: str
    grain: Literal["row", "group"] = "row"
    columns: tuple[str, ...] = ()
    field: str | None = None
    kind: str = "RULE"
    denominator: str = "TRUE"
    condition: str = ""
    value: str = "NULL"
    amount: str = "NULL"
    threshold: float = 0.0
    expectation: dict[str, Any] = attribute(default_factory=dict)
    enabled: bool = True
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleRecord:
    """How one rule fared on one source's data; kept in the manifest of the findings, ``meta["rules"]``.

    Attributes:
        rule: Rule id.
        name: Chinese name.
        severity: Severity code in force.
        dataset: Canonical dataset.
        source: Source id.
        examined: Rows the rule looked at: the denominator.
        violations: Rows (or groups of rows) that break it: the numerator.
        threshold: Share of violations up to which the rule passes.
        state: ``passed``, ``failed``, ``no_data`` (it saw no rows, which is never a pass), ``disabled`` or ``error``.
        reason: Why there is no data or an error, without personal data; else empty.
    """

    rule: str
    name: str
    severity: str
    dataset: str
    source: str
    examined: int = 0
    violations: int = 0
    threshold: float = 0.0
    state: State = "no_data"
    reason: str = ""

    @property
    def ratio(self) -> float | None:
        """Violations per examined row, None where there is none."""
        return self.violations / self.examined if self.examined else None

    def as_meta(self) -> dict[str, Any]:
        """The record as plain JSON."""
        return asdict(self)


def record(check: Check, *, examined: int = 0, violations: int = 0, state: State | None = None, reason: str = "") -> RuleRecord:
    """The record of a check; without ``state`` the figures decide."""
    if state is None:
        state = "no_data" if examined == 0 else "failed" if violations > check.threshold * examined else "passed"
    if state == "no_data" and not reason:
        reason = "没有符合检查范围的记录"
    return RuleRecord(
        rule=check.rule,
        name=check.name,
        severity=check.severity,
        dataset=check.dataset,
        source=check.source,
        examined=examined,
        violations=violations,
        threshold=check.threshold,
        state=state,
        reason=reason,
    )


class CheckError(HeduiError):
    """Checks could not run as they are written; what did run has been kept."""
