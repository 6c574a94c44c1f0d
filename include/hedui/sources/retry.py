"""Reading a source again, where what went wrong says that another try can succeed.

A carrier raises :class:`TransientSourceError` with the class of what went wrong. The whole source is then opened and read again from
the beginning, in a new snapshot: nothing of the earlier try is in the lake, because nothing is committed before all datasets have been
read, so that no row is doubled and no two states of a database are mixed. Each class has its own bounded number of tries.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal, TypeVar

from hedui.errors import HeduiError, SourceError

Cause = Literal["connection", "timeout", "transaction", "snapshot"]
"""What went wrong: the connection, a call's time limit, this transaction against others, or a snapshot that is no longer kept."""

PAUSES: dict[Cause, tuple[float, ...]] = {
    "connection": (1, 5, 15, 30),
    "timeout": (5,),
    "transaction": (1, 5, 15, 30),
    "snapshot": (0, 5),
}
"""Seconds before each further try; as many tries as there are pauses."""

Result = TypeVar("Result")
log = logging.getLogger(__name__)
pause = time.sleep


class TransientError(HeduiError):
    """Something failed that a new try in a moment may mend.

    Attributes:
        cause: The class of what went wrong; see :data:`Cause`.
    """

    def __init__(self, message: str, *, cause: Cause) -> None:
        super().__init__(message)
        self.cause = cause


class TransientSourceError(SourceError, TransientError):
    """A source cannot be read now, and a new try in a moment may succeed."""


def read_again(read: Callable[[], Result], *, source: str) -> Result:
    """Calls ``read`` until it succeeds or its tries are used up.

    Args:
        read: Opens the source, reads all of it, and leaves nothing behind where it fails.
        source: Source id, for the log.

    Raises:
        SourceError: Whatever ``read`` raised that another try cannot mend, or raised once more than its class has pauses.
    """
    return try_again(read, label=f"{source}: reading it again from the beginning")


def try_again(call: Callable[[], Result], *, label: str) -> Result:
    """Calls ``call``, which leaves nothing behind where it fails, until it succeeds or its tries are used up.

    Args:
        call: What is tried.
        label: For the log: what of, and what is done again.

    Raises:
        TransientError: Raised once more than its class has pauses; every other error at once.
    """
    failed: Counter[Cause] = Counter()
    while True:
        try:
            return call()
        except TransientError as error:
            cause = error.cause
            pauses = PAUSES[cause]
            if failed[cause] == len(pauses):
                tries = sum(failed.values()) + 1
                raise type(error)(f"{error} It was tried {tries} times.", cause=cause) from None
            log.warning("%s in %s s after: %s. %s", label, pauses[failed[cause]], cause, error)
            pause(pauses[failed[cause]])
            failed[cause] += 1
