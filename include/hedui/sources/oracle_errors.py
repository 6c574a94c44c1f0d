"""What Oracle's errors mean for a reader: wait and read again, change the site or the grants, or give up. No error's own text is shown.

The lists follow the driver's own (``isrecoverable``, ``is_session_dead``), which do not know the errors of a transaction.
"""

from __future__ import annotations

import re

import oracledb

from hedui.errors import SourceError, SourceFormatError
from hedui.sources.retry import Cause, TransientSourceError

NAMES = {903, 904, 942, 980, 1031, 4043, 4063, 12899}
"""About tables, columns, views and privileges: no try mends them."""

LOGIN = {1005, 1017, 1045, 28000, 28001, 28007, 28009}
"""About the user: further tries would lock the account."""

TRANSACTION = {54, 60, 4020, 4021, 4068, 8177, 25408, 30006}
"""This transaction against others; the driver does not call them recoverable, but a new transaction is another matter."""

SNAPSHOT = {1466, 1555, 8176, 8180, 8181, 22924, 30052}
"""The state that was read is not kept any more, or the table has been defined anew since."""

CONNECTION = {18, 20, 257, 1033, 1034, 1089, 1090, 3136, 12170, 12541, 12543, 12545, 25401, 25402, 25403, 25405, 25407, 25409}
"""The server or the listener cannot be talked to now; with all of the listener's 125xx that the driver wraps in DPY-6005."""

DRIVER_CONNECTION = {"DPY-1001", "DPY-4011", "DPY-6000", "DPY-6001", "DPY-6003", "DPY-6005", "DPI-1010", "DPI-1080"}
DRIVER_TIMEOUT = {"DPY-4024", "DPI-1067"}
CURES = {
    "DPY-3010": "the database is older than 12.1: set thick_mode=true and thick_mode_lib_dir to an Instant Client 19",
    "DPY-3001": "the database demands native network encryption: set thick_mode=true and thick_mode_lib_dir to an Instant Client",
    "DPY-3015": "the user has only a 10g password verifier: set the password anew, or set thick_mode=true",
    "DPI-1047": "there is no Oracle Client library where thick_mode_lib_dir says: install an Instant Client 19 or newer there",
    "DPY-2017": "this process has loaded another Oracle Client already: give all Oracle connections the same thick_mode_lib_dir",
    "DPY-2019": "this process reads Oracle in thin mode already, and the mode holds for the process: give thick_mode=true to all "
    "Oracle connections of the site",
    "DPY-4027": "a TNS alias needs thick_mode_config_dir or config_dir, the folder of tnsnames.ora",
    "DPY-4000": "the TNS alias is not in tnsnames.ora",
    "DPY-4001": "the connection has no user or password",
}
_CODE = re.compile(r"\b(?:ORA|DPY|DPI|TNS)-\d{4,5}\b")


def codes(error: oracledb.Error) -> list[str]:
    """All codes that the driver names, the outermost first; the rest of the text may quote data and is dropped."""
    detail = error.args[0] if error.args else None
    number = getattr(detail, "code", 0)
    own = [f"ORA-{number:05d}"] if isinstance(number, int) and number else []
    return list(dict.fromkeys([*_CODE.findall(str(error)), *own])) or [type(error).__name__]


def cause(error: oracledb.Error) -> Cause | None:
    """The class of an error that another try can mend; None for all others."""
    named = codes(error)
    numbers = {int(code[4:]) for code in named if code.startswith(("ORA-", "TNS-"))}
    detail = error.args[0] if error.args else None
    if numbers & (NAMES | LOGIN) or CURES.keys() & set(named):
        return None
    if numbers & SNAPSHOT:
        return "snapshot"
    if numbers & TRANSACTION:
        return "transaction"
    if DRIVER_TIMEOUT & set(named):
        return "timeout"
    lost = getattr(detail, "isrecoverable", False) or getattr(detail, "is_session_dead", False)
    return "connection" if lost or numbers & CONNECTION or DRIVER_CONNECTION & set(named) else None


def translated(error: oracledb.Error, source: str) -> SourceError:
    """The error as users see it: the source, Oracle's codes, what to do, and no data."""
    named = codes(error)
    text = ", ".join(named)
    numbers = {int(code[4:]) for code in named if code.startswith(("ORA-", "TNS-"))}
    if numbers & LOGIN:
        return SourceError(f"Source {source}: Oracle refuses the user ({text}); correct the connection's user and password.")
    for code in named:
        if code in CURES:
            return SourceError(f"Source {source}: Oracle cannot be read ({text}): {CURES[code]}.")
    if numbers & NAMES:
        return SourceFormatError(
            f"Source {source}: {text}: a table or column does not exist or may not be read; adapt the source's YAML or its grants."
        )
    kind = cause(error)
    message = f"Source {source}: Oracle cannot be read: {text}."
    return SourceError(message) if kind is None else TransientSourceError(message, cause=kind)
