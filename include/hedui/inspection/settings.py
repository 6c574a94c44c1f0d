"""What a site says of its inspections in ``inspection.yaml``: systems, what belongs to them, standards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Final

from pydantic import Field

from hedui.inspection.checks import CHECKS
from hedui.inspection.model import Kind
from hedui.site import Site
from hedui.site.base import Identifier, Model
from hedui.site.documents import Document
from hedui.site.problems import Problems, choose
from hedui.site.settings import read_settings

FILE = "inspection.yaml"
LEAST_LOG_DAYS = 184
"""Network logs are kept for six months at least (网络安全法, article 21): no rule may delete younger ones."""


class Standards(Model):
    """What is allowed at most. None: the check is left out.

    Attributes:
        latency_ms: Milliseconds until a database answers.
        tablespace_percent: Used share of a tablespace.
        sessions_percent: Used share of sessions or connections.
        lock_seconds: How long a session may wait for another one's lock.
        invalid_objects: Invalid objects per owner.
        failed_jobs: Failures of a job within a day.
        backup_hours: Hours since the last backup.
        disk_percent: Used share of a disk.
        log_days: Age of the oldest log file.
        url_ms: Milliseconds until a health page answers.
        certificate_days: A certificate must hold for more days than this.
        clock_seconds: Difference of a server's clock from ours.
        backlog_rows: Rows that wait too long in an intermediate database.
        receipts_overdue: Receipts past their time.
        batches_missing: Batches past their time.
        heartbeat_seconds: Age of the last heartbeat of Airflow's parts.
    """

    latency_ms: int | None = 1000
    tablespace_percent: float | None = 85
    sessions_percent: float | None = 80
    lock_seconds: int | None = 300
    invalid_objects: int | None = 0
    failed_jobs: int | None = 0
    backup_hours: float | None = 26
    disk_percent: float | None = 85
    log_days: int | None = 366
    url_ms: int | None = 3000
    certificate_days: int | None = 30
    clock_seconds: float | None = 5
    backlog_rows: int | None = 0
    receipts_overdue: int | None = 0
    batches_missing: int | None = 0
    heartbeat_seconds: int | None = 60

    def stricter(self, other: Standards) -> Standards:
        """These standards, and where the other says something stricter, that; what is left out here stays left out."""
        changed = {}
        for name, limit in other.model_dump(exclude_unset=True, exclude_none=True).items():
            own = getattr(self, name)
            if own is not None:
                changed[name] = max(own, limit) if name in AT_LEAST else min(own, limit)
        return self.model_copy(update=changed)


AT_LEAST: Final = frozenset(check.limit for check in CHECKS.values() if check.least)
"""Standards that must be exceeded: the greater one is the stricter."""
DAILY: Final = tuple(code for code in CHECKS if code not in ("invalid_objects", "logs"))


class Variant(Model):
    """What an inspection of a kind looks at.

    Attributes:
        checks: Codes of :data:`hedui.inspection.checks.CHECKS`.
        standards: Where this kind is stricter than the system's standards.
    """

    checks: tuple[str, ...] = Field(min_length=1)
    standards: Standards = Standards()


VARIANTS: Final[dict[Kind, Variant]] = {
    "daily": Variant(checks=DAILY),
    "weekly": Variant(checks=tuple(CHECKS)),
    "holiday": Variant(checks=DAILY, standards=Standards(disk_percent=75, tablespace_percent=80, certificate_days=45)),
    "quarterly": Variant(checks=tuple(CHECKS)),
}
"""What is looked at where a site says nothing else: weekly also what grows slowly; before a holiday there has to be more in reserve, for
nobody is there to add any."""


class Page(Model):
    """A health page of a middleware; of ``https`` the certificate is looked at too.

    Attributes:
        name: What it is called.
        url: Its address, without secrets.
        status: The answer that says it is well.
        contains: Text that a good answer has.
    """

    name: str
    url: str = Field(pattern=r"^https?://[^@\s]+$")
    status: int = 200
    contains: str = ""


class Certificate(Model):
    """A server whose certificate is looked at."""

    name: str
    host: str
    port: int = Field(default=443, ge=1, le=65535)


class Disk(Model):
    """A disk, by a folder on it; ``lake`` and ``reports`` are Hedui's own."""

    name: str
    path: str


class Logs(Model):
    """A folder of log files.

    Attributes:
        name: What it is called.
        path: The folder.
        pattern: Which files, below it at any depth.
        delete_after: Age in days beyond which files are deleted; none: they are only listed.
    """

    name: str
    path: str
    pattern: str = "*.log"
    delete_after: int | None = Field(default=None, ge=LEAST_LOG_DAYS)


class System(Model):
    """A system that is inspected.

    Attributes:
        id: Name of its cases.
        name: Chinese name.
        agency: Who acts on its cases.
        connections: Named connections of its databases.
        sources: Sources whose backlog, receipts and batches are looked at.
        pages, certificates, disks, logs: See there.
        airflow: Address of Airflow's API server.
        standards: What differs from the site's standards.
    """

    id: Identifier
    name: str
    agency: Identifier
    connections: tuple[Identifier, ...] = ()
    sources: tuple[Identifier, ...] = ()
    pages: tuple[Page, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    disks: tuple[Disk, ...] = ()
    logs: tuple[Logs, ...] = ()
    airflow: str | None = Field(default=None, pattern=r"^https?://[^@\s]+$")
    standards: Standards | None = None


class InspectionSettings(Model):
    """The whole of ``inspection.yaml``.

    Attributes:
        inspector: Who signs where nobody else is named.
        standards: What is allowed, for all systems.
        kinds: What the inspections of a kind look at; those that are not named are as in :data:`VARIANTS`.
        systems: What is inspected.
    """

    inspector: str = "值班工程师"
    standards: Standards = Standards()
    kinds: dict[Kind, Variant] = Field(default={})
    systems: tuple[System, ...] = Field(min_length=1)

    def standards_of(self, system: System, kinds: Iterable[Kind] = ()) -> Standards:
        """A system's standards: the site's, with what the system says itself, and what inspections of some kinds are stricter in."""
        own = system.standards.model_dump(exclude_unset=True) if system.standards else {}
        standards = self.standards.model_copy(update=own)
        for kind in kinds:
            standards = standards.stricter(self.variant(kind).standards)
        return standards

    def variant(self, kind: Kind) -> Variant:
        """What an inspection of a kind looks at."""
        return self.kinds.get(kind, VARIANTS[kind])

    def checks_of(self, kinds: Iterable[Kind]) -> tuple[str, ...]:
        """The checks of inspections of some kinds made at once, in the order of the report."""
        wanted = {code for kind in kinds for code in self.variant(kind).checks}
        return tuple(code for code in CHECKS if code in wanted)


def load_inspection(site: Site) -> InspectionSettings | None:
    """The site's inspection.yaml; None where it has none.

    Raises:
        SiteError: With all mistakes, each with file, line, field, value and what is allowed.
    """
    return read_settings(InspectionSettings, site.folder, FILE, partial(_check, site))


def _check(site: Site, settings: InspectionSettings, document: Document, problems: Problems) -> None:
    agencies = [agency.id for agency in site.agencies]
    sources = [source.id for source in site.sources]
    counts = Counter(system.id for system in settings.systems)

    def problem(path: tuple[str | int, ...], what: str) -> None:
        problems.add(FILE, document.line(path), path, what)

    for kind, variant in settings.kinds.items():
        for place, code in enumerate(variant.checks):
            if code not in CHECKS:
                problem(("kinds", kind, "checks", place), f'there is no check "{code}"; {choose(code, CHECKS)}')
    for number, system in enumerate(settings.systems):
        path = ("systems", number)
        if counts[system.id] > 1:
            problem((*path, "id"), f'"{system.id}" is there twice; give each system its own id')
        if system.agency not in agencies:
            problem((*path, "agency"), f'the site has no agency "{system.agency}"; {choose(system.agency, agencies)}')
        for place, source in enumerate(system.sources):
            if source not in sources:
                problem((*path, "sources", place), f'the site has no source "{source}"; {choose(source, sources)}')
