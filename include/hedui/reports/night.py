"""The figures of one night that the workbook shows: plain frozen records, filled by :mod:`hedui.reports.sources`.

Counts are rows, money is fen, ages are working days. Nothing here holds a person's name or number; the details come as a masked
stream of their own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class SourceNight:
    """A source on the night: ``arrived`` is None where nothing is known of it (not extracted)."""

    id: str
    name: str
    agency: str
    arrived: bool | None
    datasets: tuple[tuple[str, int], ...] = ()  # label, rows as received
    rows: int = 0
    rejected: int = 0


@dataclass(frozen=True, kw_only=True)
class ComparisonNight:
    """A comparison on the night: it ran, or why not."""

    id: str
    name: str
    ran: bool
    reason: str = ""
    findings: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class CaseFigures:
    """The ledger as of the night: open cases (exempt and waiting ones apart) and what changed against the recorded night before."""

    open: int = 0
    exempt: int = 0
    waiting: int = 0  # in transit or cut off
    opened: int = 0
    cleared: int = 0
    reopened: int = 0
    amount_fen: int = 0
    severe: int = 0  # open with severity block or error
    carried: int = 0  # open, of comparisons and checks that did not run on the night


@dataclass(frozen=True, kw_only=True)
class GroupTotal:
    """A line of the totals reconciliation; sums in component order."""

    group: tuple[str, ...]
    left_count: int
    right_count: int
    left_fen: tuple[int, ...]
    right_fen: tuple[int, ...]
    explained_count: int  # left minus right of what is in transit or was cleared across dates
    explained_fen: int
    state: str

    @property
    def open_fen(self) -> int:
        """The difference that nothing explains, left minus right."""
        return sum(self.left_fen) - sum(self.right_fen) - self.explained_fen


@dataclass(frozen=True, kw_only=True)
class BalanceLine:
    """The footing of one side: what came in and where every row of it went.

    Attributes:
        side: The side's name.
        received: Rows that the source delivered, as counted when they were read.
        carried_in: Rows open from earlier nights.
        outside: Rows that the comparison's own restriction leaves out.
        rejected: Rows that could not be converted.
        parts: Outcome key, rows and fen (None where there is no money) of the compared rows.
        received_fen: Sum of the compared rows as read; None where there is no money.
        carried_in_fen: Sum of the rows carried in.
    """

    side: str
    received: int
    carried_in: int = 0
    outside: int = 0
    rejected: int = 0
    parts: tuple[tuple[str, int, int | None], ...] = ()
    received_fen: int | None = None
    carried_in_fen: int | None = None


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """A group of a reconciliation statement, in fen; pairs are left and right.

    Attributes:
        group: The group's values with their names.
        balance: What each side's rows and the items carried in amount to.
        transit: In transit: booked on this side, not yet on the other.
        one_sided: On this side only, and too long or impossible.
        elsewhere: Matched with rows of another group, or in a sum.
        excluded: What does not count: duplicate, without a usable key, not mapped, undone.
        difference: Left minus right of matched pairs.
        adjusted: The adjusted balances.
    """

    group: tuple[str, ...]
    balance: tuple[int, int]
    transit: tuple[int, int]
    one_sided: tuple[int, int]
    elsewhere: tuple[int, int]
    excluded: tuple[int, int]
    difference: int
    adjusted: tuple[int, int]

    @property
    def quiet(self) -> bool:
        """Whether both balances agree without any adjustment."""
        return self.balance[0] == self.balance[1] and not any((*self.transit, *self.one_sided, *self.elsewhere, *self.excluded))


@dataclass(frozen=True, kw_only=True)
class FlowTotals:
    """Totals reconciliation of one pair of flows."""

    id: str
    name: str
    left: str
    right: str
    group_titles: tuple[str, ...]
    components: tuple[str, ...]
    groups: tuple[GroupTotal, ...]
    left_out: int = 0  # balanced groups beyond the cap
    balance: tuple[BalanceLine, ...] = ()
    statement: tuple[StatementLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KindCount:
    """Findings of the night by kind, rule, agency and severity (codes)."""

    kind: str
    rule: str
    rule_name: str
    agency: str
    severity: str
    findings: int
    exempt: int
    opened: int
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class FieldDeviation:
    """Deviations of one field in a snapshot comparison."""

    field: str
    rule: str
    total: int
    deviating: tuple[int, ...]  # per side: value differs from the right one
    right: tuple[int, ...]  # per side: called right by the authority matrix
    undecided: int


@dataclass(frozen=True, kw_only=True)
class SnapshotNight:
    """A snapshot comparison: sides, who lacks what, which field deviates where, footing."""

    id: str
    name: str
    sides: tuple[str, ...]
    missing: tuple[int, ...]  # per side: keys that others have and it lacks
    duplicates: tuple[int, ...]
    unusable: tuple[int, ...]
    fields: tuple[FieldDeviation, ...]
    balance: tuple[BalanceLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """A data-quality rule on one source: how many were examined, how many failed, and what follows."""

    rule: str
    name: str
    severity: str
    source: str
    dataset: str
    examined: int
    violations: int
    threshold: float | None
    state: str  # 通过, 不通过, 无数据, 已停用, 执行出错
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AgeCount:
    """Open cases by agency, kind and age bucket."""

    agency: str
    kind: str
    bucket: int  # position in BUCKETS
    cases: int
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class TrendPoint:
    """The ledger as of one recorded night."""

    date: dt.date
    open: int
    opened: int
    cleared: int
    reopened: int


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A pattern that explains many findings."""

    comparison: str
    field: str
    change: str
    region: str
    unit: str
    findings: int
    share: float
    amount_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class ExemptionLine:
    """An exemption in force on the night."""

    subject: str
    rule: str
    reason: str
    approver: str
    valid_from: dt.date
    expires_on: dt.date
    cases: int


@dataclass(frozen=True, kw_only=True)
class Input:
    """A partition that the night's figures rest on."""

    layer: str
    name: str
    rows: int
    digest: str
    code_version: str


@dataclass(frozen=True, kw_only=True)
class Night:
    """Everything but the details."""

    title: str
    organisation: str
    site: str
    business_date: dt.date
    code_version: str
    sources: tuple[SourceNight, ...]
    comparisons: tuple[ComparisonNight, ...]
    cases: CaseFigures
    flows: tuple[FlowTotals, ...] = ()
    snapshots: tuple[SnapshotNight, ...] = ()
    kinds: tuple[KindCount, ...] = ()
    quality: tuple[RuleResult, ...] = ()
    ages: tuple[AgeCount, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    causes: tuple[Cause, ...] = ()
    exemptions: tuple[ExemptionLine, ...] = ()
    inputs: tuple[Input, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    agencies: dict[str, str] = field(default_factory=dict)  # names by id, in the site's order
    restated: dt.date | None = None  # the region table that figures are restated in; None: the codes of the night


BUCKETS: tuple[tuple[str, int, int | None], ...] = (
    ("0–3天", 0, 3),
    ("4–7天", 4, 7),
    ("8–15天", 8, 15),
    ("16–30天", 16, 30),
    ("30天以上", 31, None),
)
"""Age buckets in working days: label, from, to."""


def bucket_of(age: int) -> int:
    """Position in :data:`BUCKETS` of an age in working days."""
    return next(index for index, (_, low, high) in enumerate(BUCKETS) if age >= low and (high is None or age <= high))
