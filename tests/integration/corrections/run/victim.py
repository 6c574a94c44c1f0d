"""Executes a bundle or rolls it back, and kills itself, as ``kill -9`` would, at a chosen moment of its talk with the target."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from hedui.context import Context
from hedui.corrections.run import execute, rollback
from hedui.corrections.run.oracle import OracleSession
from hedui.corrections.run.postgres import PostgresSession
from hedui.lake import Lake

DEEDS = ("define", "add", "query", "lock", "lock_all", "change", "insert", "commit", "rollback")


def run(bundle_file: str, url: str, deed: str, moment: int) -> int:
    """Runs a deed and dies at a moment (2n: before call n, 2n + 1: after it); where it lives on, gives the number of moments."""
    moments = count()

    def pass_moment() -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(self: Any, *arguments: Any, **named: Any) -> Any:
            pass_moment()
            result = call(self, *arguments, **named)
            pass_moment()
            return result

        return wrapper

    for session in (PostgresSession, OracleSession):
        for name in DEEDS:
            setattr(session, name, watched(getattr(session, name)))
    bundle = pickle.loads(Path(bundle_file).read_bytes())
    context = Context.__new__(Context)  # only these are asked for
    fields = {"connection": {"db": url}.__getitem__, "progress": lambda *news: None, "lake": Lake("/nowhere")}
    for name, value in fields.items():
        object.__setattr__(context, name, value)
    {"execute": execute, "rollback": rollback}[deed](context, bundle, executor="engineer")
    return next(moments)


def main() -> None:
    """Reads orders, one JSON list a line (bundle's file, URL, deed, moment), and runs each in a process of its own.

    Answers with the signal that ended it, or with the number of moments.
    """
    for line in sys.stdin:
        order = json.loads(line)
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write_end, str(run(*order)).encode())
            os._exit(0)
        os.close(write_end)
        _, status = os.waitpid(child, 0)
        told = os.read(read_end, 100).decode()
        os.close(read_end)
        print(json.dumps({"signal": os.WTERMSIG(status), "moments": int(told or 0), "code": os.WEXITSTATUS(status)}), flush=True)


if __name__ == "__main__":
    main()
