"""Reads a distant file to its end although the connection breaks: it is made anew, and reading goes on where it stopped."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hedui.sources.inbox import Place

AGAIN = 3  # times in a row without a byte in between
FIRST_PAUSE = 1.0  # seconds; doubled each time
FINAL = (FileNotFoundError, PermissionError, IsADirectoryError)


class SteadyFile(io.RawIOBase):
    """A distant file that is open for reading.

    Args:
        place: Where it is.
        path: Its full path there.
        unchanged: Called before reading goes on; raises where the file is another one by now.
    """

    def __init__(self, *, place: Place, path: str, unchanged: Callable[[], None]) -> None:
        self._place = place
        self._path = path
        self._unchanged = unchanged
        self._position = 0
        self._handle: Any = place.fs.open(path, "rb")

    def readable(self) -> bool:  # noqa: D102
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            Exception: One of the place's errors, after trying again; whatever ``unchanged`` raises.
        """
        failed = 0
        while True:
            try:
                if failed:
                    self._open_again()
                chunk: bytes = self._handle.read(size)
            except FINAL:
                raise
            except self._place.errors:
                failed += 1
                if failed > AGAIN:
                    raise
                time.sleep(FIRST_PAUSE * 2 ** (failed - 1))
            else:
                self._position += len(chunk)
                return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Goes to a position counted from the beginning."""
        if whence != 0:
            raise io.UnsupportedOperation("a distant file is read from its beginning")
        if offset != self._position:
            self._handle.seek(offset)
            self._position = offset
        return offset

    def tell(self) -> int:  # noqa: D102
        return self._position

    def close(self) -> None:
        """Closes the file; a lost connection has closed it already."""
        if not self.closed:
            with suppress(*self._place.errors):
                self._handle.close()
        super().close()

    def _open_again(self) -> None:
        self._place.reconnect()
        self._unchanged()
        self._handle = self._place.fs.open(self._path, "rb")
        self._handle.seek(self._position)
