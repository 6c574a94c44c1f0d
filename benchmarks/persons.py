"""The benchmarks' data: persons of three tiers in a lake, made by DuckDB, the same on every machine.

Ids begin with 99, a prefix that is never issued, and have a valid check digit. Each tier holds the same persons in an order of its own;
in 5 of 1,000 rows of the second and third tier one field differs, each tier lacks 1 of 1,000 persons, and holds 1 of 20,000 twice.
Some values break the expectations that the benchmarks run.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import duckdb

from hedui.canonical.schemas import dataset
from hedui.context import Context
from hedui.lake import Lake, Manifest, Partition
from hedui.site import Site

DATE = dt.date(2026, 6, 3)
TIERS = ("city", "province", "nation")
FIELDS = ("name", "sex", "ethnicity", "birth_date", "first_work_date", "retirement_date", "death_date", "unit_no", "phone")
"""The nine compared fields."""

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文斌辉鹏飞宇浩然子轩梓涵欣怡雨桐嘉诚志远思琪佳慧晓东海燕春生永福庆祥"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
STRIDES = {"city": 2_147_483_647, "province": 6_700_417, "nation": 179_424_673}
"""Row k of a tier is person k × stride modulo the number of persons: large primes, so that every person appears, in no order."""


def site() -> Site:
    """A site of three tiers that deliver persons, compared two by two and all three at once."""
    columns = {name: {"from": raw} for name, raw in raw_names().items()}
    common = {
        "type": "snapshot",
        "key": ["id_number"],
        "fields": {name: {"rule": "T03"} for name in FIELDS},
        "presence": [{"rule": "T02"}],
    }
    sides = [{"source": tier, "dataset": "person"} for tier in TIERS]
    return Site.model_validate(
        {
            "id": "bench",
            "name": "bench",
            "region": "990100",
            "agencies": [{"id": tier, "name": tier, "tier": "local"} for tier in TIERS],
            "sources": [
                {
                    "id": tier,
                    "name": tier,
                    "agency": tier,
                    "reader": {"type": "sql", "connection": tier},
                    "datasets": {"person": {"table": "ac01", "columns": columns}},
                }
                for tier in TIERS
            ],
            "comparisons": [
                common | {"id": "two_sides", "name": "two_sides", "sides": sides[:2]},
                common | {"id": "three_tiers", "name": "three_tiers", "sides": sides},
            ],
            "authority": [{"field": "phone", "source": "province"}, {"source": "city"}],
        }
    )


def raw_names() -> dict[str, str]:
    """The raw column of each canonical field."""
    return {name: field.identifier.lower() for name, field in dataset("person").fields.items()}


def context(root: Path) -> Context:
    """The surroundings of a run over the lake in ``root``, with Hedui's own defaults for memory and threads."""
    return Context(
        site=site(), lake=Lake(str(root / "lake")), reports=root / "reports", inbox=str(root), ledger_url="postgresql://unused"
    )


def canonical_file(root: Path, tier: str) -> str:
    """The Parquet file of a tier's persons."""
    here = context(root)
    return here.lake.files(here.canonical("person", tier, DATE))[0]


def make(root: Path, *, rows: int, tiers: int) -> None:
    """Fills the lake in ``root`` with ``rows`` persons in each of the first ``tiers`` tiers, raw and canonical.

    Tiers that are there already are left alone.
    """
    here = context(root)
    for number, tier in enumerate(TIERS[:tiers]):
        canonical = here.canonical("person", tier, DATE)
        raw = Partition(layer="raw", parts=(tier, "person"), date=DATE)
        if here.lake.manifest(raw) is not None:
            continue
        with here.lake.writer(canonical) as writer:
            count = _copy(_persons(rows, number, STRIDES[tier]), writer.new_file())
            writer.commit(Manifest(rows=count, meta={"raw_columns": raw_names(), "source_rows": count}))
        with here.lake.writer(raw) as writer:
            columns = ", ".join(f"CAST({name} AS VARCHAR) AS {column}" for name, column in raw_names().items())
            _copy(f"SELECT {columns}, source_row FROM read_parquet('{here.lake.files(canonical)[0]}')", writer.new_file())
            writer.commit(Manifest(rows=count))


def _copy(query: str, path: str) -> int:
    with duckdb.connect(config={"memory_limit": "4GB", "threads": 2, "temp_directory": f"{path}.spill"}) as connection:
        connection.execute("SET enable_progress_bar = false")
        copied = connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
    return int(copied[0]) if copied else 0


def _persons(rows: int, tier: int, stride: int) -> str:
    """The query of one tier's rows. ``i`` is the person, the same in all tiers; draws are independent of each other."""

    def draw(salt: int, of: int) -> str:
        return f"CAST(hash(i * 64 + {salt}) % {of} AS INTEGER)"

    def own(salt: int, of: int) -> str:
        return f"CAST(hash((i * 64 + {salt}) * 4 + {tier}) % {of} AS INTEGER)"

    def changed(field: str, value: str, other: str) -> str:
        return f"CASE WHEN changed = {FIELDS.index(field)} THEN {other} ELSE {value} END AS {field}"

    def letter(text: str, salt: int) -> str:
        return f"substr('{text}', {draw(salt, len(text))} + 1, 1)"

    checksum = " + ".join(f"CAST(substr(digits, {place}, 1) AS INTEGER) * {weight}" for place, weight in enumerate(WEIGHTS, 1))
    changes = f"CASE WHEN {own(1, 1000)} < 5 THEN {own(2, len(FIELDS))} END" if tier else "NULL"
    name = f"{letter(SURNAMES, 7)} || {letter(GIVEN, 8)} || CASE WHEN {draw(9, 3)} > 0 THEN {letter(GIVEN, 10)} ELSE '' END"
    ethnicity = f"lpad(CAST(CASE WHEN {draw(12, 10)} > 0 THEN 1 ELSE {draw(13, 58)} + 1 END AS VARCHAR), 2, '0')"
    retirement = f"born + 21900 - CASE WHEN {draw(15, 2000)} = 0 THEN 20000 ELSE 0 END"
    unit = f"CASE WHEN {draw(17, 1000)} > 0 THEN concat('U', lpad(CAST({draw(18, 200000)} AS VARCHAR), 7, '0')) END"
    phone = f"concat('199', lpad(CAST({draw(21, 100000000)} AS VARCHAR), 8, '0'))"
    return f"""
WITH numbered AS (
  SELECT (k * {stride}) % {rows} AS i, k, 0 AS copy FROM range({rows}) AS r(k)
  UNION ALL
  SELECT (k * {stride}) % {rows}, k, 1 FROM range({rows}) AS r(k) WHERE hash(((k * {stride}) % {rows}) * 8 + {tier}) % 20000 = 0
), kept AS (
  SELECT i, k, copy, {changes} AS changed, DATE '1940-01-01' + CAST(i % 22000 AS INTEGER) AS born, {draw(3, 2)} AS female
  FROM numbered WHERE {own(4, 1000)} <> 0
), digited AS (
  SELECT *, concat('99', lpad(CAST((i // 22000) % 60 + 101 AS VARCHAR), 4, '0'), strftime(born, '%Y%m%d'),
                   lpad(CAST(i // 1320000 AS VARCHAR), 2, '0'), CASE WHEN female = 1 THEN '2' ELSE '1' END) AS digits
  FROM kept
), identified AS (
  SELECT *, digits || substr('10X98765432', ({checksum}) % 11 + 1, 1) AS id FROM digited
)
SELECT concat('{"PQR"[tier]}', lpad(CAST(i AS VARCHAR), 9, '0'), CASE WHEN copy = 1 THEN 'D' ELSE '' END) AS person_no,
       CASE WHEN {draw(5, 2000)} = 0 THEN '99' ELSE '01' END AS id_type,
       id AS id_number,
       id AS social_security_no,
       {changed("name", f"CASE WHEN {draw(6, 5000)} > 0 THEN {name} END", "'更名'")},
       {changed("sex", f"CASE WHEN {draw(11, 3000)} = 0 THEN '9' WHEN female = 1 THEN '2' ELSE '1' END", "'0'")},
       {changed("ethnicity", ethnicity, "'99'")},
       {changed("birth_date", "born", "born + 1")},
       {changed("first_work_date", f"born + 6570 + {draw(14, 3000)}", "born + 6000")},
       {changed("retirement_date", f"CASE WHEN i % 22000 < 9000 THEN {retirement} END", "DATE '2026-01-01'")},
       {changed("death_date", f"CASE WHEN {draw(16, 40)} = 0 AND i % 22000 < 9000 THEN born + 25000 END", "DATE '2026-05-31'")},
       {changed("unit_no", unit, "'U9999999'")},
       concat('9901', lpad(CAST(i % 6 + 1 AS VARCHAR), 2, '0')) AS region,
       {changed("phone", f"CASE WHEN {draw(19, 3000)} = 0 THEN '无' WHEN {draw(20, 20)} > 0 THEN {phone} END", "NULL")},
       row_number() OVER (ORDER BY k, copy) AS source_row
FROM identified
ORDER BY k, copy
"""


if __name__ == "__main__":
    place = Path(sys.argv[1])
    make(place, rows=int(sys.argv[2]), tiers=int(sys.argv[3]))
    print(json.dumps({tier: canonical_file(place, tier) for tier in TIERS[: int(sys.argv[3])]}))
