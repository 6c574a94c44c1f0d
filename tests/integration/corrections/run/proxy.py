"""A proxy in front of a PostgreSQL socket that loses the connection at the COMMIT: before the server hears of it, or after."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal

NAME = ".s.PGSQL.5432"
Moment = Literal["before", "after"]


class Proxy:
    """Passes on what client and server say.

    Args:
        folder: Where its socket goes.
        server: Folder of the server's socket.
        lose: Which COMMIT is lost, counted from 0, and when; each connection after it lives.
    """

    def __init__(self, folder: Path, server: Path, *, lose: tuple[int, Moment]) -> None:
        self._target = str(server / NAME)
        self._lose = lose
        self.commits = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / NAME))
        self._listener.listen()
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            cut = threading.Event()
            threading.Thread(target=self._upwards, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=self._downwards, args=(client, server, cut), daemon=True).start()

    def _upwards(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        while data := _receive(client):
            if b"COMMIT\x00" in data and b"ON COMMIT" not in data:
                number, self.commits = self.commits, self.commits + 1
                if number == self._lose[0]:
                    self.lost += 1
                    cut.set()
                    if self._lose[1] == "before":
                        _end(client, server)
                        return
            server.sendall(data)
        _end(server)

    def _downwards(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        while data := _receive(server):
            if cut.is_set():  # the server's answer to the COMMIT
                _end(client, server)
                return
            client.sendall(data)
        _end(client)

    def close(self) -> None:
        self._listener.close()


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 16)
    except OSError:
        return b""


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
