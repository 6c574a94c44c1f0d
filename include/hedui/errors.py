"""The exceptions Hedui raises. Each message says what is wrong, the value that was found, and what to do about it.

Messages reach logs and pages, so they never carry a person's name or id number: name the place (file, row, column) instead.
"""

from __future__ import annotations


class HeduiError(Exception):
    """Base of all errors that a user can act on; the command prints its message without a traceback and exits with 2."""


class SiteError(HeduiError):
    """The site's configuration is wrong.

    Attributes:
        problems: One line per mistake: ``file:line: field: what, the value, what is allowed``.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        count = len(problems)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} in the site's configuration:\n" + "\n".join(problems))


class SourceError(HeduiError):
    """A source cannot be read; retrying later may help."""


class SourceMissingError(SourceError):
    """A source has not delivered for the business date: the file is not there, or the table holds no snapshot of that date.

    What needs the source is left out of the run, nothing is compared with another day.
    """


class SourceIncompleteError(SourceMissingError):
    """A source is delivering: files are there but not complete yet. A later run picks them up."""


class SourceFormatError(SourceError):
    """A source delivered something that is not in its declared format; retrying does not help, the sender must resend."""


class ConservationError(HeduiError):
    """Rows or fen went missing between two steps: the run fails rather than report figures that do not foot."""


class LakeError(HeduiError):
    """A partition of the lake is absent or damaged."""


class LedgerError(HeduiError):
    """The ledger refuses: it cannot be reached, its schema is old, or the change is not allowed."""
