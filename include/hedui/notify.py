"""Tells people what came of a run: e-mail, 钉钉 and 企业微信 messages in Chinese, headline figures only, no personal data."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import logging
import mimetypes
import smtplib
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit, urlunsplit

import httpx
import tenacity

from hedui.errors import HeduiError
from hedui.site import Site
from hedui.site.models import Notify

SMTP_CONNECTION = "hedui_smtp"
"""Name of the connection that mail goes through: ``smtp://user:password@host:25/?from=…&starttls=1`` or ``smtps://…``."""

_TIMEOUT = 20.0
log = logging.getLogger(__name__)


class NotifyError(HeduiError):
    """A message could not be delivered; the night's results are in place all the same."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message: title and lines, plain text that is also good Markdown."""

    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as the body of a mail."""
        return "\n".join(self.lines) + "\n"


def night_notice(
    site: Site,
    date: dt.date,
    *,
    extracted: Collection[str],
    compared: Collection[str],
    record: Mapping[str, int] | None,
    report: Mapping[str, str] | None,
    failed: Sequence[str] = (),
) -> Notice:
    """The message about one night.

    Args:
        site: The site.
        date: Business date.
        extracted: Ids of the sources that were read.
        compared: Ids of the comparisons that ran.
        record: Figures of the step ``record`` by name; None where it did not finish.
        report: Files of the step ``report`` by name; None where it did not finish.
        failed: Names of failed tasks.
    """
    missing = [source.name for source in site.sources if source.id not in extracted]
    left_out = [comparison.name for comparison in site.comparisons if comparison.id not in compared]
    outcome = "未完成" if failed or record is None or report is None else "完成"
    lines = [f"业务日期：{date:%Y-%m-%d}", f"来源：应到 {len(site.sources)} 个，已读 {len(site.sources) - len(missing)} 个"]
    if missing:
        lines.append(f"未到或未能读取：{'、'.join(missing)}")
    lines.append(f"比对：应做 {len(site.comparisons)} 项，已做 {len(site.comparisons) - len(left_out)} 项")
    if left_out:
        lines.append(f"未比对：{'、'.join(left_out)}")
    if record is not None:
        figures = [f"{label} {record[name]:,}" for name, label in RECORD_LABELS.items() if name in record]
        lines.append(f"台账：{'，'.join(figures) or '无变化'}")
    if report is not None:
        lines.extend(f"报表：{path}" for path in report.values() if path.endswith(".xlsx"))
    if failed:
        lines.append(f"失败的任务：{'、'.join(failed)}；请在 Airflow 中查看日志")
    return Notice(title=f"【{site.title}】{date:%Y-%m-%d} 夜间对账{outcome}", lines=tuple(lines))


RECORD_LABELS = {
    "new": "新增",
    "still": "持续",
    "reopened": "复现",
    "cleared": "消除",
    "open_total": "未结",
    "exempt": "其中豁免",
}
"""Figures of the step ``record`` that a message shows, with their Chinese names, in order."""


PAUSE: float = 5
"""Seconds before a channel is tried a second time; each further try waits twice as long."""


def send_notice(notice: Notice, *, settings: Notify, connection: Callable[[str], str], tries: int = 1) -> int:
    """Sends a message to all the site's recipients and returns over how many channels it went; without recipients it is only logged.

    Args:
        notice: The message.
        settings: The site's recipients.
        connection: Gives the URL of a named connection.
        tries: How often each channel is tried; one that took the message is not asked again.

    Raises:
        NotifyError: A channel failed; the others have been tried all the same.
    """
    channels: list[tuple[str, Callable[[], None]]] = []
    if settings.webhook_connection:
        name = settings.webhook_connection
        channels.append(("webhook", lambda: send_dingtalk(notice, url=connection(name))))
    if settings.email_to:
        channels.append(("e-mail", lambda: send_email(notice, url=connection(SMTP_CONNECTION), recipients=settings.email_to)))
    if not channels:
        log.info("No recipients are configured under notify in site.yaml; the message stays in this log.")
    problems = []
    again = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(tries), wait=tenacity.wait_exponential(multiplier=PAUSE, max=60), reraise=True,
        retry=tenacity.retry_if_exception_type(NotifyError),
    )  # fmt: skip
    for channel, send in channels:
        try:
            again(send)
        except HeduiError as error:
            problems.append(f"{channel}: {error}")
    if problems:
        raise NotifyError("The message about the night did not go out everywhere. " + " ".join(problems))
    return len(channels)


def send_email(notice: Notice, *, url: str, recipients: Sequence[str], attachments: Sequence[Path] = ()) -> None:
    """Sends a message as plain-text mail.

    Args:
        notice: The message.
        url: ``smtp://`` (with ``starttls=1`` for STARTTLS) or ``smtps://``; ``from`` names the sender.
        recipients: Addresses.
        attachments: Files that go with it, under their own names.

    Raises:
        NotifyError: The server cannot be reached or refuses.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = parts.hostname or "localhost"
    sender = query.get("from") or unquote(parts.username or "") or f"hedui@{host}"
    mail = EmailMessage()
    mail["Subject"] = notice.title
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain="hedui.invalid")
    mail.set_content(notice.text)
    for path in attachments:
        kind, _ = mimetypes.guess_type(path.name)
        main, _, sub = (kind or "application/octet-stream").partition("/")
        mail.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
    try:
        with _smtp(parts.scheme, host, parts.port) as server:
            if query.get("starttls") == "1":
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        raise NotifyError(f"The mail server {host} did not take the message ({type(error).__name__}).") from None


def _smtp(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 25, timeout=_TIMEOUT)


def signature(secret: str, timestamp: int) -> str:
    """钉钉's signature of a message: base64 of HMAC-SHA256 over timestamp, line feed and secret; the timestamp is in milliseconds."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def send_dingtalk(notice: Notice, *, url: str) -> None:
    """Sends a message to a 钉钉 group robot.

    Args:
        notice: The message.
        url: The robot's address with its ``access_token``; the signing secret, where the robot has one, as the fragment.

    Raises:
        NotifyError: The robot cannot be reached or refuses.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.fragment:
        now = int(time.time() * 1000)
        query |= {"timestamp": str(now), "sign": signature(unquote(parts.fragment), now)}
    address = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    body = "\n".join([f"#### {notice.title}", "", *(f"- {line}" for line in notice.lines)])
    _post(address, {"msgtype": "markdown", "markdown": {"title": notice.title, "text": body}})


WECOM_BYTES = 4096
"""What a 企业微信 group robot takes at most as Markdown, in UTF-8."""


def send_wecom(notice: Notice, *, url: str) -> None:
    """Sends a message to a 企业微信 group robot; what is longer than it takes is cut at a line, and says so.

    Args:
        notice: The message.
        url: The robot's address with its ``key``.

    Raises:
        NotifyError: The robot cannot be reached or refuses.
    """
    lines, more = [f"#### {notice.title}", *(f"> {line}" for line in notice.lines)], "> ……（其余见报表）"
    while len("\n".join([*lines, more]).encode()) > WECOM_BYTES and len(lines) > 1:
        lines.pop()
    cut = [] if len(lines) == len(notice.lines) + 1 else [more]
    _post(url, {"msgtype": "markdown", "markdown": {"content": "\n".join([*lines, *cut])}})


def _post(address: str, message: Mapping[str, object]) -> None:
    host = urlsplit(address).hostname
    try:
        answer = httpx.post(address, json=message, timeout=_TIMEOUT)
        answer.raise_for_status()
        result = answer.json()
    except (httpx.HTTPError, ValueError) as error:  # the address carries the token: it must not be in the message
        raise NotifyError(f"The robot at {host} did not take the message ({type(error).__name__}).") from None
    if not isinstance(result, dict) or result.get("errcode") != 0:
        code = result.get("errcode") if isinstance(result, dict) else "no object"
        raise NotifyError(f"The robot at {host} refuses the message (errcode {code}); check token, secret and keywords.")
