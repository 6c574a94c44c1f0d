"""The process behind ``make up``: holds the embedded services until it gets SIGTERM."""

from __future__ import annotations

import sys
import time

from rich.console import Console

from hedui.errors import HeduiError
from hedui.local.home import home_from_environment
from hedui.local.run import DEMO_SITE, ended_by_signals, start_world, wanted_port
from hedui.local.stack import running_stack


def main() -> int:
    """Serves until told to stop; a service that dies is started again."""
    console = Console(force_terminal=False)
    try:
        with ended_by_signals(), running_stack(home=home_from_environment(), site=DEMO_SITE, port=wanted_port()) as stack:
            start_world(stack, console)
            while True:
                stack.heal()
                time.sleep(2.0)
    except KeyboardInterrupt:
        return 0
    except HeduiError as error:
        console.print(f"✗ {error}", markup=False, highlight=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
