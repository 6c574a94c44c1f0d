"""What a site's YAML may say: agencies, sources, comparisons, authority, rules, roles, calendar.

All that differs between a county, a city and a province lives in these files; a new site needs no Python. Every model is frozen and
refuses unknown keys, so that a typing mistake is a message and never a silently ignored setting.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from hedui.site.base import Identifier as Identifier
from hedui.site.base import Model as Model
from hedui.site.batches import Batches, Staging
from hedui.site.comparisons import FlowMatching as FlowMatching
from hedui.site.comparisons import KeyMap as KeyMap
from hedui.site.linkage import Linkage as Linkage
from hedui.site.presence import PresenceRule as PresenceRule
from hedui.site.readers import DelimitedReader as DelimitedReader
from hedui.site.readers import FixedReader as FixedReader
from hedui.site.readers import Reader as Reader
from hedui.site.readers import SqlReader as SqlReader
from hedui.site.readers import XlsxReader as XlsxReader
from hedui.site.readers import XmlReader as XmlReader
from hedui.site.return_flow import ReturnFlow as ReturnFlow

Tier = Literal["local", "provincial", "national", "tax", "medical", "bank", "health", "civil", "police", "treasury"]
Severity = Literal["block", "error", "warning", "info"]
Normaliser = Literal["none", "trim", "id_number", "person_name", "unit_name", "code", "upper"]


class Agency(Model):
    """An organisation that holds a copy of the data and owns cases."""

    id: Identifier
    name: str
    tier: Tier
    contact: str = ""


class Calendar(Model):
    """Working days: Chinese public holidays from ``chinesecalendar``, with the site's own exceptions."""

    extra_workdays: tuple[dt.date, ...] = ()
    extra_holidays: tuple[dt.date, ...] = ()


class Column(Model):
    """How one canonical field is filled from a source's column.

    Attributes:
        column: The source's column name (``from`` in YAML).
        normalise: Cleaning before comparison; raw values stay in the raw batch and are what reports show.
        codes: Name of the code table (``codes/*.csv``) that translates to canonical codes.
        unit: For money: the source's unit.
        format: For dates: a strptime pattern; default ISO.
        const: A fixed canonical value instead of a column.
        required: A row whose value is empty is rejected.
    """

    column: str | None = Field(default=None, alias="from")
    normalise: Normaliser = "trim"
    codes: Identifier | None = None
    unit: Literal["yuan", "fen"] = "yuan"
    format: str = "%Y-%m-%d"
    const: str | None = None
    required: bool = False


class AsOf(Model):
    """How a table is read as of a business date.

    ``date``: rows whose column equals the date. ``validity``: rows with from ≤ date < to (拉链表). ``current``: the table only knows
    today; a past date is refused. Files are dated by their name and need none of these. ``format``: how a date is written where the
    column is text or a number; columns of type date need none.
    """

    mode: Literal["date", "validity", "current"] = "current"
    column: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    format: Literal["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"] = "%Y-%m-%d"


class SourceDataset(Model):
    """One canonical dataset that a source delivers."""

    table: str
    as_of: AsOf = AsOf()
    path: str | None = None  # files: overrides the reader's path
    staging: Staging | None = None  # tables: how rows are passed on
    columns: dict[str, Column]


class Expected(Model):
    """When the source's batch of a business date should be there (local time of the following day)."""

    days: Literal["daily", "working"] = "daily"
    by: str = Field(default="02:30", pattern=r"^\d\d:\d\d$")


class Source(Model):
    """A system of an agency that Hedui reads."""

    id: Identifier
    name: str
    agency: Identifier
    reader: Reader
    expected: Expected = Expected()
    batches: Batches = Batches()
    datasets: dict[str, SourceDataset]


class Side(Model):
    """One side of a comparison.

    ``where`` restricts to rows whose canonical field has one of the values, for example ``insurance: ["110"]``.
    """

    source: Identifier
    dataset: Identifier
    where: dict[str, tuple[str, ...]] = {}


class FieldRule(Model):
    """A compared field: which rule a deviation is, its severity and kind."""

    rule: str
    severity: Severity | None = None
    kind: str = "ATTR"
    tolerance_fen: int = Field(default=0, ge=0)


class SnapshotComparison(Model):
    """N sides compared as of one date by key: who has it, which field deviates, who is right."""

    type: Literal["snapshot"]
    id: Identifier
    name: str
    sides: tuple[Side, ...] = Field(min_length=2)
    key: tuple[str, ...] = Field(min_length=1)
    fields: dict[str, FieldRule]
    presence: tuple[PresenceRule, ...] = Field(min_length=1)
    key_maps: tuple[KeyMap, ...] = ()
    unusable_rule: str = "K01"
    duplicate_rule: str = "K02"
    linkage: Linkage | None = None
    return_flow: ReturnFlow | None = None


class FlowRules(Model):
    """Rule ids of a flow comparison's outcomes."""

    only_left: str = "R03"
    only_right: str = "R04"
    in_transit: str = "R09"
    late: str = "R10"
    cutoff: str = "R07"
    total: str = "R01"
    count: str = "R02"
    duplicate: str = "K02"
    unusable: str = "K01"


class FlowComparison(FlowMatching):
    """Two flows compared totals first, then in detail, with a window in working days for items in transit.

    Attributes:
        key: Fields that identify the same detail on both sides; ``keys`` is a ladder of them (see :class:`FlowMatching`).
        amounts: Amount components in fen as ``{name: [left expression fields, right expression fields]}``: each side's fields are added,
            those with a minus sign before them are taken off (a refund that one side writes below zero).
        fields: Other compared fields.
        group: Fields of the totals stage.
        window: Working days within which a missing counterpart is in transit, per direction.
        audit_sample: Share of balanced groups whose details are compared all the same.
    """

    type: Literal["flow"]
    id: Identifier
    name: str
    left: Side
    right: Side
    amounts: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    fields: dict[str, FieldRule] = {}
    group: dict[str, tuple[str, str]]
    window: int = Field(default=1, ge=0)
    tolerance_fen: int = Field(default=0, ge=0)
    audit_sample: float = Field(default=0.05, ge=0, le=1)
    rules: FlowRules = FlowRules()
    amount_rule: str = "R05"


Comparison = Annotated[SnapshotComparison | FlowComparison, Field(discriminator="type")]


class Authority(Model):
    """Whose value is right for a field (authority.csv); the first row that fits decides, empty cells fit all."""

    dataset: str = ""
    field: str = ""
    insurance: str = ""
    valid_from: dt.date = dt.date.min
    valid_to: dt.date = dt.date.max
    source: Identifier


class CodeRow(Model):
    """A row of a code table (codes/<name>.csv): a source's code, what it means, and when."""

    source: str = ""  # empty: every source
    insurance: str = ""  # empty: every scheme
    code: str
    canonical: str
    label: str
    valid_from: dt.date = dt.date.min
    valid_to: dt.date = dt.date.max


class RuleSetting(Model):
    """A site's setting for one rule: parameters, severity, the agency that acts, or switched off."""

    enabled: bool = True
    severity: Severity | None = None
    agency: Identifier | None = None
    parameters: dict[str, int | float | str | tuple[str, ...]] = {}


class Limit(Model):
    """A dated limit (limits.csv): for example 缴费基数 bounds per region, insurance and year. Money in fen."""

    name: str
    region: str = ""
    insurance: str = ""
    valid_from: dt.date
    valid_to: dt.date
    minimum: int
    maximum: int


class Role(Model):
    """A role of users: what they may do in Airflow and which regions they see."""

    id: Literal["engineer", "analyst", "manager", "leader", "reviewer", "auditor"]
    name: str
    airflow_role: Literal["Viewer", "User", "Op", "Admin"]
    regions: tuple[str, ...] = ()


class Notify(Model):
    """Who hears of a finished night. Secrets (webhook tokens, SMTP passwords) live in connections, not here."""

    email_to: tuple[str, ...] = ()
    webhook_connection: Identifier | None = None
    language: Literal["zh"] = "zh"


class Region(Model):
    """A row of regions.csv; a region that was founded or abolished has its dates."""

    code: str
    name: str
    parent: str = ""
    valid_from: dt.date = dt.date.min
    valid_to: dt.date = dt.date.max

    @property
    def dated(self) -> bool:
        """Whether it holds for a time only."""
        return (self.valid_from, self.valid_to) != (dt.date.min, dt.date.max)

    @property
    def prefecture(self) -> str:
        """The first four digits."""
        return self.code[:4]


class SiteModel(Model):
    """A whole site, assembled from its folder."""

    id: Identifier
    name: str
    title: str = "社会保险跨部门对账"
    timezone: str = "Asia/Shanghai"
    region: str
    calendar: Calendar = Calendar()
    agencies: tuple[Agency, ...]
    sources: tuple[Source, ...]
    comparisons: tuple[Comparison, ...]
    authority: tuple[Authority, ...] = ()
    codes: dict[str, tuple[CodeRow, ...]] = {}
    limits: tuple[Limit, ...] = ()
    rules: dict[str, RuleSetting] = {}
    roles: tuple[Role, ...] = ()
    notify: Notify = Notify()
    regions: tuple[Region, ...] = ()
