"""The example site's source from Oracle gives the rows that its other carriers give."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import oracledb

from hedui.demo.carriers import Person, oracle_statements, people
from integration.sources.conftest import World

SITE = Path(__file__).parents[3] / "include" / "sites" / "carriers"


def test_the_carrier_oracle(tmp_path, oracle_url, run_sql):
    persons = people(persons=40, seed=5)
    with suppress(oracledb.DatabaseError):  # there was none
        run_sql("DROP TABLE ry_ac01")
    run_sql(*oracle_statements(persons))
    world = World(folder=tmp_path, connections={"carriers_oracle": oracle_url}, site_folder=SITE)

    summary = world.extract("oracle")

    assert (summary.state, summary.counts["rows"], summary.counts["rejected"]) == ("done", len(persons), 0)
    found = [{name: row[name] for name in Person.__dataclass_fields__} for row in world.rows("person", "oracle")]
    assert sorted(found, key=lambda row: row["person_no"]) == [asdict(person) for person in persons]
