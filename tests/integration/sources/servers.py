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
