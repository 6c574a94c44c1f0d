"""Names in a list are whole in a pipe, and ``COLUMNS`` is obeyed."""

from __future__ import annotations

import sys
from io import StringIO

import pytest
from rich.table import Table

from hedui.terminal import console

NAME = "bao/20260603/" + "P_99010101_" * 8 + "0002.xml"


def printed(monkeypatch: pytest.MonkeyPatch) -> str:
    pipe = StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    table = Table("批次", "文件", box=None)
    table.add_row("990101A1", NAME)
    console().print(table)
    return pipe.getvalue()


def test_a_pipe_is_given_whole_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert NAME in printed(monkeypatch)


def test_the_width_that_is_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = printed(monkeypatch).splitlines()
    assert NAME not in lines
    assert max(map(len, lines)) <= 60
