"""Where files are: a local folder, an SFTP server, an S3-compatible store, or anything else that fsspec reads.

User, password, keys and options come from the connection's URL (``HEDUI_CONN_<NAME>`` or an Airflow connection) or from the environment
(``AWS_…``), never from a site's files or ``HEDUI_INBOX``: those name the connection. An SFTP server must prove its host key: ``host_key=``
or ``known_hosts=`` in the URL's query, else the user's ``~/.ssh/known_hosts``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import fsspec
from fsspec.core import url_to_fs

from hedui.context import Context
from hedui.errors import HeduiError, SourceError
from hedui.security.urls import is_plain
from hedui.site.models import Source
from hedui.sources.base import BATCH_BYTES

CONNECT_SECONDS = 30
SILENT_SECONDS = 60  # a server that says nothing for so long is gone


@dataclass(kw_only=True)
class Place:
    """A folder that is open for reading and writing.

    Attributes:
        fs: Its file system.
        base: The folder's path in it.
        errors: What its driver raises when reading fails.
        local: Whether files can be read at any position at no cost, and reading does not break off.
        connect: Makes the connection anew, for a place that has one.
    """

    fs: fsspec.AbstractFileSystem
    base: str
    errors: tuple[type[Exception], ...] = (OSError,)
    local: bool = False
    connect: Callable[[], fsspec.AbstractFileSystem] | None = None

    def reconnect(self) -> None:
        """Replaces a connection that may be lost."""
        if self.connect is not None:
            self.close()
            self.fs = self.connect()

    def close(self) -> None:
        """Ends the connection, where there is one."""
        if self.connect is not None:
            self.fs.loop.call_soon_threadsafe(self.fs.client.close)


@contextmanager
def open_place(context: Context, source: str, inbox: str | None, *, below: str = "") -> Iterator[Place]:
    """The inbox of a source, or a folder below it.

    Args:
        context: The step's surroundings.
        source: The source's id, for messages.
        inbox: A connection's id, a folder or a URL; None: the site's inbox.
        below: A path below it.

    Raises:
        SourceError: It cannot be reached, or its URL is wrong.
    """
    url = _url(context, source, context.inbox if inbox is None else inbox)
    try:
        parts = urlsplit(url) if "://" in url else SplitResult("file", "", url, "", "")
        _ = parts.port  # a sign in the password that is not encoded shows here, and would be quoted
    except ValueError:
        raise _wrong(source) from None
    options = dict(parse_qsl(parts.query))
    if parts.scheme in ("sftp", "ssh"):
        with _sftp(source, parts, options) as place:
            yield _moved(place, below)
    elif parts.scheme in ("s3", "s3a", "aws"):
        yield _moved(_s3(parts, options), below)
    else:
        try:
            fs, base = url_to_fs(url)
        except (ValueError, ImportError):
            raise _wrong(source) from None
        protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
        yield _moved(Place(fs=fs, base=base.rstrip("/"), local="file" in protocols), below)


@contextmanager
def open_beside(context: Context, source: Source, path: str) -> Iterator[Place]:
    """A path beside a source's deliveries, such as its receipts: a URL, or below the source's own inbox where it has one.

    Raises:
        SourceError: It cannot be reached, read or written.
    """
    inbox = getattr(source.reader, "inbox", None)
    place_of, below = (path, "") if "://" in path else (inbox, path)
    with open_place(context, source.id, place_of, below=below) as place:
        try:
            yield place
        except place.errors as error:
            raise SourceError(
                f"Source {source.id}: {path} cannot be read or written ({said(error)}); check the rights there. The next run tries again."
            ) from error


def _url(context: Context, source: str, inbox: str) -> str:
    """The URL of an inbox; a name without a slash is a connection's."""
    if "/" not in inbox:
        try:
            return context.connection(inbox)
        except HeduiError as error:
            raise SourceError(f"Source {source}: {error} A folder is written with a slash, such as ./inbox.") from None
    if not is_plain(inbox):
        raise SourceError(
            f"Source {source}: the URL of its inbox holds a user, a password or options; make a connection and write its name instead."
        )
    return inbox


def _moved(place: Place, below: str) -> Place:
    place.base = f"{place.base}/{below.strip('/')}" if below.strip("/") else place.base
    return place


def _wrong(source: str) -> SourceError:
    return SourceError(
        f"Source {source}: the URL of its inbox cannot be understood, or its driver is not installed; "
        "write signs such as # / @ in user and password as %23 %2F %40."
    )


@contextmanager
def _sftp(source: str, parts: SplitResult, options: dict[str, str]) -> Iterator[Place]:
    # imported when needed: a site without SFTP does not pay for it
    import asyncssh
    from sshfs import SSHFileSystem

    errors = (OSError, asyncssh.Error)
    arguments: dict[str, Any] = {
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "client_keys": [options["private_key"]] if options.get("private_key") else None,
        "known_hosts": options.get("known_hosts") or (),
        "port": parts.port,
        "login_timeout": CONNECT_SECONDS,
        "connect_timeout": CONNECT_SECONDS,
        "keepalive_interval": SILENT_SECONDS // 3,
    }
    if options.get("host_key"):
        arguments["known_hosts"] = asyncssh.import_known_hosts(f"* {options['host_key']}")
    given = {name: value for name, value in arguments.items() if value is not None}

    def connect() -> fsspec.AbstractFileSystem:
        # an instance of our own: a cached one would keep a connection that has been lost
        fs = SSHFileSystem(parts.hostname or "", skip_instance_cache=True, **given)
        fs.loop.call_soon_threadsafe(fs.loop.set_exception_handler, quiet)
        return fs

    def quiet(loop: asyncio.AbstractEventLoop, situation: dict[str, Any]) -> None:
        # of the requests under way when a connection breaks, the driver awaits only the first
        if not isinstance(situation.get("exception"), asyncssh.Error):
            loop.default_exception_handler(situation)

    try:
        place = Place(fs=connect(), base=unquote(parts.path).rstrip("/"), errors=errors, connect=connect)
    except errors as error:
        raise SourceError(
            f"Source {source}: the SFTP server {parts.hostname} cannot be reached ({said(error)}); check the connection, "
            "its user and the server's host key."
        ) from error
    try:
        yield place
    finally:
        place.close()


def _s3(parts: SplitResult, options: dict[str, str]) -> Place:
    from botocore.exceptions import BotoCoreError, ClientError
    from s3fs.core import S3_RETRYABLE_ERRORS, S3FileSystem

    config: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "read_timeout": SILENT_SECONDS}
    if options.get("endpoint_url") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        config["s3"] = {"addressing_style": "path"}
    fs = S3FileSystem(
        key=unquote(parts.username) if parts.username else None,
        secret=unquote(parts.password) if parts.password else None,
        endpoint_url=options.get("endpoint_url"),
        client_kwargs={"region_name": options["region_name"]} if options.get("region_name") else {},
        config_kwargs=config,
        default_block_size=BATCH_BYTES,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    base = f"{parts.hostname}/{unquote(parts.path).strip('/')}".rstrip("/")
    return Place(fs=fs, base=base, errors=(OSError, ClientError, BotoCoreError, *S3_RETRYABLE_ERRORS))


def said(error: Exception) -> str:
    """What a driver says, without the password that it may repeat from a URL."""
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
