"""The demo world below ``var``: built once per size, seed and code, with an empty lake and ledger to go with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hedui.errors import HeduiError
from hedui.local.environment import CONNECTIONS, LEDGER_CONNECTION
from hedui.local.home import Home
from hedui.local.postgres import Postgres

DEFAULT_PERSONS = 20_000
DEFAULT_SEED = 1


@dataclass(frozen=True, kw_only=True)
class World:
    """Which demo world is wanted."""

    persons: int = DEFAULT_PERSONS
    seed: int = DEFAULT_SEED


def world_from_environment() -> World:
    """The world that ``HEDUI_DEMO_PERSONS`` and ``HEDUI_DEMO_SEED`` describe.

    Raises:
        HeduiError: One of them is not a number.
    """
    values = {}
    for variable, default in (("HEDUI_DEMO_PERSONS", DEFAULT_PERSONS), ("HEDUI_DEMO_SEED", DEFAULT_SEED)):
        text = os.environ.get(variable) or str(default)
        if not text.isdecimal():
            raise HeduiError(f"{variable} is {text!r}; set it to a whole number, for example {default}.")
        values[variable] = int(text)
    return World(persons=values["HEDUI_DEMO_PERSONS"], seed=values["HEDUI_DEMO_SEED"])


def prepare_world(home: Home, postgres: Postgres, world: World, *, site: Path) -> bool:
    """Builds the demo world unless the wanted one stands, brings the ledger's schema up to date, and says whether it built.

    A new world begins with an empty lake, no reports and an empty ledger: findings of other people would only confuse.
    """
    from hedui.ledger.schema import upgrade

    ledger = postgres.url(CONNECTIONS[LEDGER_CONNECTION])
    wanted = _description(world, site)
    stands = home.world.exists() and json.loads(home.world.read_text(encoding="utf-8")) == wanted
    if not stands:
        from hedui.demo.build import build_demo

        home.world.unlink(missing_ok=True)
        for folder in (home.lake, home.reports, home.inbox):
            shutil.rmtree(folder)
            folder.mkdir()
        postgres.query(CONNECTIONS[LEDGER_CONNECTION], "SET client_min_messages = error; DROP SCHEMA IF EXISTS hedui CASCADE")
        urls = {name: postgres.url(database) for name, database in CONNECTIONS.items() if name != LEDGER_CONNECTION}
        build_demo(persons=world.persons, seed=world.seed, out=home.inbox, urls=urls)
    upgrade(ledger)
    if not stands:
        home.world.write_text(json.dumps(wanted), encoding="utf-8")
    return not stands


def _description(world: World, site: Path) -> dict[str, int | str]:
    from hedui import demo

    digest = hashlib.sha256()
    for folder in (Path(demo.__file__).parent, site):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".yaml", ".csv"):
                digest.update(file.name.encode() + file.read_bytes())
    return {"persons": world.persons, "seed": world.seed, "code": digest.hexdigest()}
