"""What commands print on: as wide as the terminal; into a pipe or a file, wide enough that no name is cut off."""

from __future__ import annotations

import os
import sys

from rich.console import Console

PIPE_WIDTH = 200


def console(*, stderr: bool = False) -> Console:
    """The console for a command's output, or with ``stderr`` for its progress and errors.

    Rich takes a pipe for 80 columns and shortens what does not fit; who writes a list into a file wants the whole
    names. ``COLUMNS`` still decides where it is set.
    """
    stream = sys.stderr if stderr else sys.stdout
    wide = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, width=PIPE_WIDTH if wide else None)
