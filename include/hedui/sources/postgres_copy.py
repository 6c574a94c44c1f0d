"""COPY … TO STDOUT in chunks of whole rows, one chunk read ahead while the caller works on the one before.

libpq hands rows out one by one. psycopg's own ``Copy`` runs some Python for each of them, which on wide tables costs as much as all else
that an extraction does; the loop here asks libpq itself and leaves the waiting and the errors as psycopg has them.
"""

from __future__ import annotations

import selectors
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

CHUNK_BYTES = 1 << 20
"""A chunk ends with the row that reaches this size; two of them are held at a time."""

CANCEL_SECONDS = 5


def copied(connection: psycopg.Connection[Any], statement: bytes) -> Generator[bytearray, None, None]:
    """Runs a COPY to the client.

    Closing the iterator half way cancels the statement and waits until the server has ended it.

    Args:
        connection: The connection; nothing else may use it meanwhile.
        statement: ``COPY … TO STDOUT``, as text or CSV.

    Yields:
        Some whole rows; never nothing.

    Raises:
        psycopg.Error: The server refuses, or is gone.
    """
    reading = _Copy(connection)
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as ahead:
        coming = ahead.submit(reading.start, statement)
        try:
            while chunk := coming.result():
                coming = ahead.submit(reading.next)
                yield chunk
        finally:
            if not reading.ended:
                with suppress(psycopg.Error):
                    connection.cancel_safe(timeout=CANCEL_SECONDS)


class _Copy:
    """One statement on its way.

    Attributes:
        ended: Nothing comes any more: all has been read, or an error came instead.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self.ended = False

    def start(self, statement: bytes) -> bytearray:
        """Sends the statement and reads the first chunk."""
        try:
            self._check(self._libpq.exec_(statement), ExecStatus.COPY_OUT)
        except BaseException:
            self.ended = True
            raise
        return self.next()

    def next(self) -> bytearray:
        """The next chunk; nothing at the end."""
        if self.ended:
            return bytearray()
        try:
            return self._read()
        except BaseException:
            self.ended = True
            raise

    def _read(self) -> bytearray:
        # kept as they come: rows that libpq has allocated one by one cost more to hold than to copy
        rows = bytearray()
        get = self._libpq.get_copy_data
        with selectors.DefaultSelector() as socket:
            socket.register(self._libpq.socket, selectors.EVENT_READ)
            while len(rows) < CHUNK_BYTES:
                count, row = get(1)
                if count > 0:
                    rows += row
                elif count == 0:
                    socket.select()
                    self._libpq.consume_input()
                else:
                    self._finish()
                    break
        return rows

    def _finish(self) -> None:
        """How the statement has ended; the rows of one that failed are no rows."""
        self.ended = True
        results = list(iter(self._libpq.get_result, None))
        self._check(results[0], ExecStatus.COMMAND_OK)

    def _check(self, result: PGresult, status: ExecStatus) -> None:
        if result.status != status:
            raise error_from_result(result, encoding=self._connection.info.encoding)
