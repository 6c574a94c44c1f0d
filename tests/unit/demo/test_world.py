from __future__ import annotations

import duckdb
import pytest

from hedui.demo.build import build_demo
from hedui.demo.numbers import id_check, uscc_check
from hedui.demo.world import build_world
from hedui.errors import HeduiError
from tests.unit.demo.conftest import Small


def test_every_id_number_is_fictional_unique_and_valid(small: Small) -> None:
    rows = small.connection.sql("SELECT id_number, birth_date, sex FROM base_person").fetchall()
    assert len({number for number, _, _ in rows}) == len(rows) == 2000
    for number, birth, sex in rows:
        assert number[:6] in {f"99010{district}" for district in range(1, 7)}
        assert number[6:14] == f"{birth:%Y%m%d}"
        assert int(number[16]) % 2 == int(sex) % 2
        assert number[17] == id_check(number[:17])


def test_every_unit_code_is_unique_and_valid(small: Small) -> None:
    codes = [code for (code,) in small.connection.sql("SELECT uscc FROM base_unit").fetchall()]
    assert len(set(codes)) == len(codes) == small.world.units
    assert all(code[:6] == "919901" and code[17] == uscc_check(code[:17]) for code in codes)


def test_dates_of_a_life_follow_each_other(small: Small) -> None:
    bad = """
        SELECT count(*) FROM base_person WHERE first_work_date >= start_date OR birth_date >= coalesce(first_work_date, start_date)
            OR end_date < start_date OR death_date < end_date OR death_date >= DATE '2026-06-03' OR start_date > DATE '2026-05-31'"""
    assert small.connection.sql(bad).fetchall() == [(0,)]


def test_bases_of_employees_keep_the_limits(small: Small) -> None:
    low, high = small.connection.sql("SELECT min(base_fen), max(base_fen) FROM base_person WHERE kind = 'E'").fetchall()[0]
    assert (low, high) == (400000, 2200000)


def test_every_unit_has_an_employee_and_their_district(small: Small) -> None:
    units, districts = small.connection.sql(
        "SELECT count(DISTINCT u), count(*) FILTER (WHERE p.district <> b.district) FROM base_person p JOIN base_unit b USING (u)"
    ).fetchall()[0]
    assert (units, districts) == (small.world.units, 0)


@pytest.mark.parametrize(("seed", "same"), [pytest.param(1, True, id="same seed"), pytest.param(2, False, id="another seed")])
def test_the_seed_decides_the_population(small: Small, *, seed: int, same: bool) -> None:
    with duckdb.connect() as connection:
        build_world(connection, persons=2000, seed=seed)
        other = connection.sql("SELECT * FROM base_person ORDER BY i").fetchall()
    assert (other == small.connection.sql("SELECT * FROM base_person ORDER BY i").fetchall()) is same


def test_too_few_persons_are_refused(tmp_path: object) -> None:
    with pytest.raises(HeduiError, match="at least 2000 persons"):
        build_demo(persons=1999, seed=1, out=tmp_path, urls={})  # type: ignore[arg-type]
