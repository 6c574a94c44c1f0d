"""Masks what looks like an id or a mobile number in log records and exception texts.

Names cannot be recognised in free text: code must not log them in the first place.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final

from hedui.security.patterns import LONG_NUMBER, MOBILE, STARS

_LONG = re.compile(LONG_NUMBER)
_MOBILE = re.compile(MOBILE)
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_FORMATTER: Final = logging.Formatter()


def scrub(text: str) -> str:
    """``text`` with every run of 15 or more digits and every 11-digit mobile number masked (3 … 4 are kept)."""
    return _MOBILE.sub(r"\1****\2", _LONG.sub(rf"\1{STARS}\2", text))


class MaskingFilter(logging.Filter):
    """Masks a record's message, traceback and extra texts; lets every record pass and leaves alone what needs no mask.

    A message that needs one is rendered here, a traceback that needs one becomes text.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Masks ``record`` in place."""
        _mask_message(record)
        if record.exc_info:
            trace = record.exc_text or _FORMATTER.formatException(record.exc_info)
            if scrub(trace) != trace:
                record.exc_text, record.exc_info = trace, None
        if record.exc_text:
            record.exc_text = scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        for name, value in record.__dict__.items():
            if name not in _STANDARD and isinstance(value, str):
                setattr(record, name, scrub(value))
        return True


def _mask_message(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        record.msg, record.args = "A log message could not be rendered: its arguments do not fit its format.", None
        return
    masked = scrub(message)
    if masked != message:
        record.msg, record.args = masked, None


def install_log_filter(*, excepthook: bool = True) -> None:
    """Masks everything that the root logger's handlers write, now and by handlers added later, and uncaught exceptions' texts.

    May be called again at any time.
    """
    root = logging.getLogger()
    for handler in root.handlers:
        if not any(isinstance(present, MaskingFilter) for present in handler.filters):
            handler.addFilter(MaskingFilter())
    # Handlers that others add later see only records of this factory.
    factory = logging.getLogRecordFactory()
    if not getattr(factory, "masks", False):
        logging.setLogRecordFactory(_MaskingFactory(factory))
    if excepthook and sys.excepthook is not _masking_excepthook:
        sys.excepthook = _masking_excepthook


class _MaskingFactory:
    """Makes records as ``inner`` does and masks their texts."""

    masks = True

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._filter = MaskingFilter()

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._inner(*args, **kwargs)
        self._filter.filter(record)
        return record


def _masking_excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(scrub(_FORMATTER.formatException((kind, error, trace))) + "\n")


def mask_event(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that masks the texts of an event; put it after those that render exceptions."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = scrub(value)
    return event
