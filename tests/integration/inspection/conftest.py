"""Systems to inspect: a database of the test's own, a web server with a certificate, a folder of logs; no demo world is needed."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy.engine import make_url

from hedui.context import Context
from hedui.lake import Lake
from hedui.ledger.schema import upgrade
from hedui.site import load_site
from hedui.sources import postgres_connect

SMALL_SITE = Path(__file__).resolve().parents[2] / "sites" / "small"
WED, THU, FRI = (dt.datetime(2026, 6, day, 0, 15, tzinfo=dt.UTC) for day in (3, 4, 5))
"""08:15 in Shanghai; Friday is the last working day of its week."""
CERTIFICATE_ENDS = dt.datetime(2026, 6, 20, tzinfo=dt.UTC)


@dataclass
class World:
    context: Context
    folder: Path
    urls: dict[str, str]

    def system(self, **parts: object) -> None:
        """Writes inspection.yaml with one system."""
        system = {"id": "core", "name": "核心系统", "agency": self.context.site.agencies[0].id, **parts}
        text = yaml.safe_dump({"systems": [system]}, allow_unicode=True)
        (self.folder / "site" / "inspection.yaml").write_text(text, "utf-8")

    def connect(self) -> psycopg.Connection:
        return postgres_connect.connect(self.urls["core_db"], autocommit=True)


@pytest.fixture(scope="session")
def ledger_and_core(new_database: Callable[[], str]) -> tuple[str, str]:
    ledger = new_database()
    upgrade(ledger)
    return ledger, new_database()


@pytest.fixture
def world(tmp_path: Path, ledger_and_core: tuple[str, str]) -> World:
    shutil.copytree(SMALL_SITE, tmp_path / "site")
    urls = {"hedui_ledger": ledger_and_core[0], "core_db": ledger_and_core[1]}
    context = Context(
        site=load_site(tmp_path / "site"),
        lake=Lake(str(tmp_path / "lake")),
        reports=tmp_path / "reports",
        inbox=str(tmp_path),
        ledger_url=urls["hedui_ledger"],
        connection=urls.__getitem__,
        memory_limit="256MB",
        threads=1,
    )
    return World(context=context, folder=tmp_path, urls=urls)


class _Answer(BaseHTTPRequestHandler):
    PAGES = {  # noqa: RUF012
        "/health": (200, "状态 UP"),
        "/broken": (503, "DOWN"),
        "/api/v2/monitor/health": (
            200,
            json.dumps(
                {
                    "metadatabase": {"status": "healthy"},
                    "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2026-06-03T00:14:50+00:00"},
                    "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
                    "dag_processor": {"status": "unhealthy", "latest_dag_processor_heartbeat": "2026-06-02T23:00:00+00:00"},
                }
            ),
        ),
    }

    def do_GET(self) -> None:
        status, text = self.PAGES[self.path]
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _served(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def web_port() -> Iterator[int]:
    yield from _served(ThreadingHTTPServer(("127.0.0.1", 0), _Answer))


@pytest.fixture(scope="session")
def tls_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The same server behind a certificate that signs itself and ends on a known day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2025, 6, 20, tzinfo=dt.UTC))
        .not_valid_after(CERTIFICATE_ENDS)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    pem = folder / "both.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from _served(server)


def schema_of(url: str) -> str:
    return str(make_url(url).database)
