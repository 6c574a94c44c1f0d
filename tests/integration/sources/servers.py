"""Servers for tests: SFTP that breaks off where it is told, and an object store that is busy as often as it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import asyncssh

PASSWORD = "only a test: p@ss/word"


@dataclass
class SftpServer:
    """An SFTP server on this machine.

    Attributes:
        root: The folder that it shows.
        breaks: How often it still drops the connection when a file is read past ``after`` bytes.
        after: See there.
        drops: How often it has dropped one.
    """

    root: Path
    after: int = 100_000
    breaks: int = 0
    drops: int = 0
    port: int = 0
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))

    def url(self, *, password: str = PASSWORD, host_key: str | None = None) -> str:
        """The URL of a connection to it."""
        key = host_key if host_key is not None else self.host_key.export_public_key().decode().strip()
        return f"sftp://sender:{quote(password, safe='')}@127.0.0.1:{self.port}/inbox?host_key={quote(key, safe='')}"


class _Login(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("sender", PASSWORD)


def _handler(server: SftpServer) -> type[asyncssh.SFTPServer]:
    class Handler(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(channel, chroot=str(server.root).encode())
            self._connection = channel.get_connection()

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            if server.breaks and offset + size > server.after:
                server.breaks -= 1
                server.drops += 1
                self._connection.abort()
                raise asyncssh.SFTPConnectionLost("gone")
            result: bytes = super().read(file_obj, offset, size)  # type: ignore[assignment]
            return result

    return Handler


@contextmanager
def sftp_server(root: Path) -> Iterator[SftpServer]:
    """A running server."""
    server = SftpServer(root=root)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Login, server_host_keys=[server.host_key], sftp_factory=_handler(server)
        )

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    server.port = acceptor.get_port()

    async def stop() -> None:
        acceptor.close()
        await acceptor.wait_closed()

    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@dataclass
class ObjectStore:
    """An S3-compatible store on this machine, with the bucket ``exchange``.

    Attributes:
        busy: How many of the next requests for an object's content it answers with 503 SlowDown.
        short: How many of the next answers with an object's content break off in the middle.
        refused: How many it has answered so.
    """

    port: int = 0
    busy: int = 0
    short: int = 0
    refused: int = 0
    _client: Any = None

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The URL of a connection to it."""
        endpoint = quote(self.endpoint, safe="")
        return f"s3://key:{quote('se/cret', safe='')}@exchange/inbox?endpoint_url={endpoint}&region_name=us-east-1"

    def seen(self) -> dict[str, bytes]:
        """The objects in the inbox, by name."""
        found = self._client.list_objects_v2(Bucket="exchange", Prefix="inbox/").get("Contents", [])
        return {
            item["Key"].removeprefix("inbox/"): self._client.get_object(Bucket="exchange", Key=item["Key"])["Body"].read()
            for item in found
        }

    def put(self, name: str, content: bytes) -> None:
        """Puts an object into the inbox."""
        self._client.put_object(Bucket="exchange", Key=f"inbox/{name}", Body=content)

    def answer(self, application: Any, environ: dict[str, Any], start_response: Any) -> Any:
        """Answers a request, or does not."""
        content = environ["REQUEST_METHOD"] == "GET" and "/inbox/" in environ["PATH_INFO"]
        if content and self.busy:
            self.busy -= 1
            self.refused += 1
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"]
        if content and self.short:
            self.short -= 1
            self.refused += 1
            body = b"".join(application(environ, start_response))
            return [body[: len(body) // 2]]
        return application(environ, start_response)


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """A running store."""
    import boto3
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    store = ObjectStore()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1",
        0,
        lambda environ, start_response: store.answer(application, environ, start_response),
        threaded=True,
        request_handler=Quiet,
    )
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    store._client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{store.port}",
        aws_access_key_id="key",
        aws_secret_access_key="se/cret",
        region_name="us-east-1",
    )
    urlopen(Request(f"http://127.0.0.1:{store.port}/moto-api/reset", method="POST"), timeout=30).close()  # one store per process
    store._client.create_bucket(Bucket="exchange")
    try:
        yield store
    finally:
        store._client.close()
        server.shutdown()
        thread.join(30)
        server.server_close()
