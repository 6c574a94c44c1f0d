"""Where the embedded services keep their state: one folder, by default ``var`` beside the code, safe to delete when nothing runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hedui.errors import HeduiError

ROOT = Path(__file__).resolve().parents[3]
"""The checkout: the folder with ``dags``, ``include`` and ``Makefile``."""

MINIMUM_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, kw_only=True)
class Home:
    """Folders and files of one embedded installation.

    Attributes:
        root: The folder below which everything is; two installations in different folders do not know each other.
    """

    root: Path

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "postgres"

    @property
    def airflow(self) -> Path:
        """``AIRFLOW_HOME``."""
        return self.root / "airflow"

    @property
    def task_logs(self) -> Path:
        """Airflow's task logs."""
        return self.airflow / "logs"

    @property
    def logs(self) -> Path:
        """Output of the services themselves, one file each."""
        return self.root / "logs"

    @property
    def lake(self) -> Path:
        """The lake's root."""
        return self.root / "lake"

    @property
    def reports(self) -> Path:
        """Finished workbooks, one folder per business date."""
        return self.root / "reports"

    @property
    def inbox(self) -> Path:
        """Where the demo's agencies put their files; the truth of what was planted is beside them."""
        return self.root / "inbox"

    @property
    def world(self) -> Path:
        """Says which demo world has been built to its end."""
        return self.root / "world.json"

    @property
    def lock(self) -> Path:
        """Held by the process that runs the services."""
        return self.root / "run.lock"

    @property
    def state(self) -> Path:
        """What runs and where: URL and process ids, for ``make down`` and for the next start after a kill."""
        return self.root / "state.json"

    @property
    def passwords(self) -> Path:
        """User names and generated passwords, readable by the owner only."""
        return self.root / "passwords.json"

    @property
    def secrets(self) -> Path:
        """Keys that Airflow signs and encrypts with, readable by the owner only."""
        return self.root / "secrets.json"

    def create(self) -> None:
        """Makes the folders.

        Raises:
            HeduiError: The folder cannot be written, or the disk has less than 2 GB left.
        """
        try:
            for folder in (self.root, self.airflow, self.task_logs, self.logs, self.lake, self.reports, self.inbox):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.root / ".probe"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise HeduiError(f"{self.root} cannot be written ({error.strerror}); set HEDUI_VAR to a folder of yours.") from None
        statistics = os.statvfs(self.root)
        free = statistics.f_bavail * statistics.f_frsize
        if free < MINIMUM_FREE_BYTES:
            raise HeduiError(
                f"Only {free / 1024**3:.1f} GB are free below {self.root}, the demo needs 2 GB; "
                "free some space or set HEDUI_VAR to a folder on another disk."
            )


def home_from_environment() -> Home:
    """The installation that ``HEDUI_VAR`` names, by default ``var`` in the checkout."""
    return Home(root=Path(os.environ.get("HEDUI_VAR") or ROOT / "var").resolve())


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read; an existing one is replaced in one step."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    temporary.replace(path)
