"""The data of the linkage benchmark: two sides that share no id number, three fifths of whose persons are the same.

Of each side's persons (500,000 by default) three fifths are on the other side, too, under another number: a digit wrong, two digits
exchanged, or a digit wrong with a check digit to fit it. The others are nobody's. The comparison has run, so that the residuals are there;
what is measured is the linkage.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import persons

from hedui.compare.run import run_comparison
from hedui.context import Context
from hedui.engine import connect
from hedui.lake import Lake, Manifest
from hedui.site import Site

SIDES = ("city", "province")
SHARED = 3 / 5
CHECK = " + ".join(f"CAST(substr(first17, {place}, 1) AS INTEGER) * {weight}" for place, weight in enumerate(persons.WEIGHTS, 1))


def context(root: Path) -> Context:
    """The surroundings of a run over the lake in ``root``, with Hedui's own defaults for memory and threads."""
    plain = persons.site().model_dump(by_alias=True)
    two = next(item for item in plain["comparisons"] if item["id"] == "two_sides")
    site = Site.model_validate(plain | {"comparisons": [two | {"linkage": {}}]})
    return Context(
        site=site, lake=Lake(str(root / "lake")), reports=root / "reports", inbox=str(root), ledger_url="postgresql://unused"
    )


def make(root: Path, *, rows: int) -> None:
    """Fills the lake in ``root`` with ``rows`` persons a side, compares them, and keeps the true pairs in ``pairs.parquet``."""
    here = context(root)
    if here.lake.manifest(here.findings("two_sides", persons.DATE)) is not None:
        return
    root.mkdir(parents=True, exist_ok=True)
    shared = int(rows * SHARED)
    with connect() as connection:
        connection.execute(f"CREATE TABLE everyone AS {persons._persons(2 * rows - shared, 0, persons.STRIDES['city'])}")
        connection.execute("""
CREATE TABLE numbered AS
SELECT * REPLACE (row_number() OVER (ORDER BY person_no) AS source_row) FROM everyone
WHERE person_no NOT LIKE '%D' AND name IS NOT NULL""")
        connection.execute(f"""
CREATE TABLE renumbered AS
WITH wrong AS (
  SELECT source_row, id_number, hash(source_row) % 3 AS how,
         concat(substr(id_number, 1, 14), CAST((CAST(substr(id_number, 15, 1) AS INTEGER) + 1) % 10 AS VARCHAR),
                substr(id_number, 16, 2)) AS first17
  FROM numbered WHERE source_row > {rows - shared} AND source_row <= {rows}
)
SELECT source_row, id_number AS own, CASE
         WHEN how = 0 AND substr(id_number, 13, 1) <> substr(id_number, 14, 1)
           THEN concat(substr(id_number, 1, 12), substr(id_number, 14, 1), substr(id_number, 13, 1), substr(id_number, 15))
         WHEN how = 1 THEN concat(first17, substr('10X98765432', ({CHECK}) % 11 + 1, 1))
         ELSE concat(first17, substr(id_number, 18, 1)) END AS other
FROM wrong""")
        relations = {
            "city": f"SELECT * FROM numbered WHERE source_row <= {rows}",
            "province": f"""
SELECT p.* REPLACE (coalesce(r.other, p.id_number) AS id_number, p.source_row - {rows - shared} AS source_row)
FROM numbered AS p LEFT JOIN renumbered AS r USING (source_row)
WHERE p.source_row > {rows - shared} AND p.source_row <= {2 * rows - shared} ORDER BY p.source_row""",
        }
        for side in SIDES:
            with here.lake.writer(here.canonical("person", side, persons.DATE)) as writer:
                connection.execute(f"COPY ({relations[side]}) TO '{writer.new_file()}' (FORMAT parquet, COMPRESSION zstd)")
                count = (connection.execute(f"SELECT count(*) FROM ({relations[side]})").fetchone() or (0,))[0]
                writer.commit(Manifest(rows=count))
        connection.execute(f"COPY (SELECT own, other FROM renumbered) TO '{root}/pairs.parquet' (FORMAT parquet)")
    run_comparison(here, "two_sides", persons.DATE)


def judged(root: Path) -> dict[str, int]:
    """How many of the true pairs were suggested, and how many others."""
    here = context(root)
    with connect() as connection:
        found = connection.read_parquet(here.lake.files(here.findings("link:two_sides", persons.DATE)))
        true = connection.read_parquet(f"{root}/pairs.parquet").project("concat(own, '/', other) AS subject_key")
        right = found.project("subject_key").join(true, "subject_key").shape[0]
        return {"true pairs": true.shape[0], "suggested of them": right, "suggested beside them": found.shape[0] - right}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    make(place, rows=int(sys.argv[2]))
    print(json.dumps(judged(place) if sys.argv[3:] == ["judge"] else {"made": sys.argv[2]}))
