"""Which failures are tried again, how often, and after which pauses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hedui.errors import SourceError, SourceFormatError
from hedui.sources import retry
from hedui.sources.retry import PAUSES, TransientSourceError, read_again


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retry, "pause", made.append)
    return made


def failing(*errors: SourceError) -> Callable[[], str]:
    left = list(errors)

    def read() -> str:
        if left:
            raise left.pop(0)
        return "rows"

    return read


def lost() -> TransientSourceError:
    return TransientSourceError("the connection is gone.", cause="connection")


def old() -> TransientSourceError:
    return TransientSourceError("the snapshot is too old.", cause="snapshot")


def test_a_source_is_read_again_until_it_succeeds(pauses):
    assert read_again(failing(lost(), lost(), lost()), source="s") == "rows"
    assert pauses == [1, 5, 15]


def test_each_class_has_its_own_tries(pauses):
    assert read_again(failing(lost(), old(), lost(), old()), source="s") == "rows"
    assert pauses == [1, 0, 5, 5]


@pytest.mark.parametrize("cause", PAUSES)
def test_tries_end(pauses, cause):
    errors = [TransientSourceError("gone.", cause=cause) for _ in range(len(PAUSES[cause]) + 1)]

    with pytest.raises(TransientSourceError, match=rf"gone\. It was tried {len(errors)} times\.") as caught:
        read_again(failing(*errors, SourceError("a try too many")), source="s")

    assert caught.value.cause == cause
    assert pauses == list(PAUSES[cause])


@pytest.mark.parametrize("error", [SourceError("wrong password"), SourceFormatError("no such table")], ids=["final", "format"])
def test_what_another_try_cannot_mend_is_raised_at_once(pauses, error):
    with pytest.raises(type(error)) as caught:
        read_again(failing(error), source="s")

    assert caught.value is error
    assert pauses == []
