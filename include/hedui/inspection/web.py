"""What is asked over the network: health pages, certificates, Airflow's own health."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from hedui.inspection.checks import CHECKS
from hedui.inspection.model import Item
from hedui.inspection.settings import Certificate, Page, Standards, System

TIMEOUT: Final = 10.0
AIRFLOW_PARTS: Final = ("metadatabase", "scheduler", "triggerer", "dag_processor")
AIRFLOW_NAMES: Final = {"metadatabase": "元数据库", "scheduler": "调度器", "triggerer": "触发器", "dag_processor": "流程解析器"}


def page_items(page: Page, standards: Standards) -> Iterator[Item]:
    """A health page: it answers in time, with the right state and text."""
    check, limit = CHECKS["page"], standards.url_ms
    if limit is None:
        return
    try:
        # A certificate that does not convince is the certificate's own item; here the question is whether the service lives.
        answer = httpx.get(page.url, timeout=TIMEOUT, verify=False, trust_env=False)  # noqa: S501
    except httpx.HTTPError as error:
        yield check.item(part=page.name, target="", value=None, limit=limit, note=f"，无应答（{type(error).__name__}）")
        return
    if answer.status_code != page.status:
        yield check.item(
            part=page.name, target="", value=None, limit=limit, note=f"，状态码 {answer.status_code}，应为 {page.status}"
        )
    elif page.contains not in answer.text:
        yield check.item(part=page.name, target="", value=None, limit=limit, note="，应答中没有规定的文字")
    else:
        yield check.item(part=page.name, target="", value=round(answer.elapsed.total_seconds() * 1000), limit=limit)


def certificates_of(system: System) -> list[Certificate]:
    """The certificates of a system: those named, and those of its https pages."""
    named = list(system.certificates)
    for page in system.pages:
        parts = urlsplit(page.url)
        place = (parts.hostname or "", parts.port or 443)
        if parts.scheme == "https" and place not in {(item.host, item.port) for item in named}:
            named.append(Certificate(name=page.name, host=place[0], port=place[1]))
    return named


def certificate_items(certificate: Certificate, standards: Standards, now: dt.datetime) -> Iterator[Item]:
    """A server's certificate: for how many days it still holds."""
    check, limit = CHECKS["certificate"], standards.certificate_days
    if limit is None:
        return
    try:
        ends = expiry(certificate.host, certificate.port)
    except (OSError, ValueError) as error:
        yield check.unmeasured(part=certificate.name, limit=limit, why=f"无法取得证书（{type(error).__name__}）")
        return
    yield check.item(
        part=certificate.name, target="", value=(ends - now) // dt.timedelta(days=1), limit=limit, note=f"（{ends:%Y-%m-%d} 到期）"
    )


def expiry(host: str, port: int) -> dt.datetime:
    """Until when a server's certificate holds, whoever has signed it.

    Raises:
        OSError: The server does not answer, or speaks no TLS. ValueError: It shows no certificate.
    """
    relaxed = ssl.create_default_context()
    relaxed.check_hostname, relaxed.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=TIMEOUT) as plain,
        relaxed.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if not shown:
        raise ValueError("no certificate")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc


def airflow_items(address: str, standards: Standards, now: dt.datetime) -> Iterator[Item]:
    """Airflow's parts, by the page on which it tells its own health."""
    check, limit = CHECKS["airflow"], standards.heartbeat_seconds
    if limit is None:
        return
    try:
        answer = httpx.get(f"{address.rstrip('/')}/api/v2/monitor/health", timeout=TIMEOUT, trust_env=False)
        answer.raise_for_status()
        parts: dict[str, dict[str, Any]] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        yield check.item(part="airflow", target="", value=None, limit=limit, note=f"，无应答（{type(error).__name__}）")
        return
    for name in AIRFLOW_PARTS:
        part = parts.get(name) or {}
        if part.get("status") is None:
            continue  # this part is not deployed here
        beat = part.get(f"latest_{name}_heartbeat")
        if part["status"] != "healthy":
            value, note = None, f"，{part['status']}"
        elif beat is None:
            value, note = 0.0, "（不报心跳，状态健康）"
        else:
            value, note = max(0.0, (now - dt.datetime.fromisoformat(beat)).total_seconds()), ""
        yield check.item(part="airflow", target=AIRFLOW_NAMES[name], value=value, limit=limit, note=note)
