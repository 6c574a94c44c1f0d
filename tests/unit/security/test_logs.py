from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.security.logs import MaskingFilter, install_log_filter, mask_event, scrub

ID_NUMBERS = st.from_regex(r"99[0-9]{15}[0-9Xx]|99[0-9]{13}", fullmatch=True)
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
CONTEXTS = st.text(alphabet="abX: ,'\"{}[]%证件号码_-\n", max_size=8)


@pytest.fixture
def restored_logging() -> Iterator[logging.Logger]:
    root, factory, hook = logging.getLogger(), logging.getLogRecordFactory(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    sys.excepthook = hook


def logger_to(stream: io.StringIO) -> logging.Logger:
    logger = logging.Logger("probe")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(extra)s", defaults={"extra": ""}))
    handler.addFilter(MaskingFilter())
    logger.addHandler(handler)
    return logger


@settings(max_examples=100, deadline=None)
@given(before=CONTEXTS, secret=ID_NUMBERS | MOBILES, after=CONTEXTS)
def test_scrub_leaves_at_most_seven_digits_of_a_number(before, secret, after) -> None:
    shown = scrub(before + secret + after)
    assert secret not in shown
    assert sum(character.isdigit() for character in shown) <= 7
    assert shown.startswith(before)
    assert shown.endswith(after)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("id 990101199001011234.", "id 990***********1234.", id="18-digits"),
        pytest.param("id 99010119900101123X", "id 990***********123X", id="check-x"),
        pytest.param("id 990101900101123", "id 990***********1123", id="15-digits"),
        pytest.param("id ９９０１０１１９９００１０１１２３４", "id ９９０***********１２３４", id="full-width"),
        pytest.param("990101199001011234001", "990***********4001", id="with-a-suffix"),
        pytest.param("tel 13812340000,13912340000", "tel 138****0000,139****0000", id="mobiles"),
        pytest.param("tel 8613812340000", "tel 86138****0000", id="country-code"),
        pytest.param("2026-06-03 rows 123456 fen 9876543210", "2026-06-03 rows 123456 fen 9876543210", id="figures-stay"),
    ],
)
def test_scrub(text, expected) -> None:
    assert scrub(text) == expected


@settings(max_examples=50, deadline=None)
@given(secret=ID_NUMBERS | MOBILES, middle=st.integers(min_value=1, max_value=10))
def test_records_are_masked_in_message_arguments_traceback_and_extras(secret, middle) -> None:
    stream = io.StringIO()
    logger = logger_to(stream)
    logger.warning("row %s", secret, extra={"extra": secret})
    logger.warning("%s%s", secret[:middle], secret[middle:])
    logger.warning("values %(id)s", {"id": secret})
    try:
        raise ValueError(secret) from KeyError(secret)
    except ValueError:
        logger.exception("failed for %r", secret)
    written = stream.getvalue()
    assert secret not in written
    assert written.count("\n") > 6
    assert "ValueError" in written


def test_a_harmless_record_keeps_its_arguments() -> None:
    record = logging.makeLogRecord({"msg": "%s rows", "args": (5,)})
    MaskingFilter().filter(record)
    assert (record.msg, record.args) == ("%s rows", (5,))


def test_a_record_that_does_not_render_shows_nothing_of_its_arguments() -> None:
    stream = io.StringIO()
    logger_to(stream).warning("%d rows", "990101199001011234")
    assert "990101199001011234" not in stream.getvalue()
    assert "could not be rendered" in stream.getvalue()


def test_installed_filter_covers_present_and_later_handlers(restored_logging) -> None:
    before, later = io.StringIO(), io.StringIO()
    restored_logging.addHandler(logging.StreamHandler(before))
    install_log_filter()
    install_log_filter()
    restored_logging.addHandler(logging.StreamHandler(later))
    logging.getLogger("hedui.probe").error("id %s", "990101199001011234")
    assert before.getvalue() == later.getvalue() == "id 990***********1234\n"


def test_uncaught_exceptions_are_masked(restored_logging, capsys) -> None:
    install_log_filter()
    try:
        raise ValueError("990101199001011234")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert "ValueError: 990***********1234" in capsys.readouterr().err


def test_structlog_processor_masks_texts_only() -> None:
    assert mask_event(None, "info", {"event": "id 990101199001011234", "rows": 5}) == {"event": "id 990***********1234", "rows": 5}
