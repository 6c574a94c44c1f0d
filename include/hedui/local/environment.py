"""The environment variables that make Airflow and Hedui run on the embedded services."""

from __future__ import annotations

import base64
import json
import os
import secrets
import string
import sys
from dataclasses import dataclass
from pathlib import Path

from hedui.local.home import ROOT, Home, write_private
from hedui.local.postgres import Postgres
from hedui.site import Site

LEDGER_CONNECTION = "hedui_ledger"
CONNECTIONS = {LEDGER_CONNECTION: "hedui", "shebao_db": "shebao", "shuiwu_db": "shuiwu"}
"""Connections that the demo uses, with the embedded database of each."""

PADIS_CONNECTION = "padis"
PADIS_URL = "http://127.0.0.1:8650"
"""Where `hedui padis mock` listens, which the demo reports births to; ``HEDUI_PADIS_URL`` names another place."""

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What Airflow signs and encrypts with, Hedui's key for pseudonyms, and those that bundles and verification reports are signed with."""

    jwt: str
    fernet: str
    session: str
    mask: str
    dispatch: str
    report: str


def keys(home: Home) -> Keys:
    """The installation's keys, made at the first call."""
    known: dict[str, str] = json.loads(home.secrets.read_text(encoding="utf-8")) if home.secrets.exists() else {}
    made = {
        "jwt": secrets.token_urlsafe(48),
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "session": secrets.token_urlsafe(32),
        "mask": secrets.token_hex(32),
        "dispatch": secrets.token_hex(32),
        "report": secrets.token_hex(32),
    } | known
    if made != known:
        write_private(home.secrets, json.dumps(made))
    return Keys(**made)


def passwords(home: Home, site: Site) -> dict[str, str]:
    """Password per role of the site, made at the first call; the user is named like the role."""
    known: dict[str, str] = json.loads(home.passwords.read_text(encoding="utf-8")) if home.passwords.exists() else {}
    users: dict[str, str] = {
        role.id: known.get(role.id) or "".join(secrets.choice(_LETTERS) for _ in range(14)) for role in site.roles
    }
    if users != known:
        write_private(home.passwords, json.dumps(users))
    return users


def hedui_environment(home: Home, postgres: Postgres, *, site: Path) -> dict[str, str]:
    """Variables of :func:`hedui.context.context_from_environment`."""
    return {
        "HEDUI_SITE": str(site),
        "HEDUI_LAKE": str(home.lake),
        "HEDUI_REPORTS": str(home.reports),
        "HEDUI_INBOX": str(home.inbox),
        "HEDUI_MEMORY_LIMIT": os.environ.get("HEDUI_MEMORY_LIMIT", "1GB"),
        "HEDUI_THREADS": os.environ.get("HEDUI_THREADS", "2"),
        "HEDUI_MASK_KEY": os.environ.get("HEDUI_MASK_KEY") or keys(home).mask,
        "HEDUI_DISPATCH_KEY": os.environ.get("HEDUI_DISPATCH_KEY") or keys(home).dispatch,
        "HEDUI_REPORT_KEY": os.environ.get("HEDUI_REPORT_KEY") or keys(home).report,
        "HEDUI_REHEARSAL_URL": postgres.url("postgres"),
        **{f"HEDUI_CONN_{name.upper()}": postgres.url(database) for name, database in CONNECTIONS.items()},
        f"HEDUI_CONN_{PADIS_CONNECTION.upper()}": padis_url(),
    }


def padis_url() -> str:
    """Address of the reference PADIS server that the demo reports to."""
    return os.environ.get("HEDUI_PADIS_URL") or PADIS_URL


def airflow_environment(home: Home, postgres: Postgres, *, site: Site, folder: Path, port: int) -> dict[str, str]:
    """The whole environment of an Airflow component: ours, Airflow's settings and connections, a home that can be written.

    Args:
        home: The installation.
        postgres: Its server.
        site: The validated site; its roles become users.
        folder: The site's folder.
        port: The API server's port.
    """
    key = keys(home)
    url = f"http://127.0.0.1:{port}"
    roles = ",".join(f"{role.id}:{role.airflow_role.lower()}" for role in site.roles)
    metadata = postgres.url("airflow", driver="psycopg2")
    settings = {
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "4",
        "CORE__DEFAULT_TIMEZONE": site.timezone,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": roles,
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home.passwords),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__FERNET_KEY": key.fernet,
        "DATABASE__SQL_ALCHEMY_CONN": metadata,
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": url,
        "API__SECRET_KEY": key.session,
        "API__INSTANCE_NAME": f"和对 Hedui · {site.name}",
        "API_AUTH__JWT_SECRET": key.jwt,
        "LOGGING__BASE_LOG_FOLDER": str(home.task_logs),
        # The demo's data ends in June 2026: nothing is due tonight, runs come from backfills and from the trigger button.
        "SCHEDULER__USE_JOB_SCHEDULE": "False",
        # A killed scheduler or task is noticed within seconds rather than minutes.
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
    }
    return {
        **_inherited(home),
        **hedui_environment(home, postgres, site=folder),
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        **{f"AIRFLOW_CONN_{name.upper()}": _connection(postgres, database) for name, database in CONNECTIONS.items()},
        f"AIRFLOW_CONN_{PADIS_CONNECTION.upper()}": padis_url(),
        "AIRFLOW_HOME": str(home.airflow),
        "HEDUI_RETRY_SECONDS": os.environ.get("HEDUI_RETRY_SECONDS", "5"),
        "HEDUI_RECEIPT_SECONDS": os.environ.get("HEDUI_RECEIPT_SECONDS", "10"),
    }


def _connection(postgres: Postgres, database: str) -> str:
    return json.dumps({"conn_type": "postgres", "host": str(postgres.socket_folder), "login": "postgres", "schema": database})


def _inherited(home: Home) -> dict[str, str]:
    """Our own environment without Airflow's and Hedui's settings, with a home that can be written and no proxy to ourselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "HEDUI_CONN_", "_AIRFLOW"))}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, [kept.get(name), "127.0.0.1", "localhost"]))
    user_home = kept.get("HOME")
    if not user_home or not os.access(user_home, os.W_OK):
        own = home.root / "home"
        own.mkdir(exist_ok=True)
        kept["HOME"] = str(own)
    return kept
