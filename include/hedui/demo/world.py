"""The base population: persons with their enrolments and units of a fictional city, without any anomaly.

Everything is drawn in whole columns from one seeded generator and becomes two tables of a DuckDB connection:

``base_person``: one row per person, ``i`` from 0; employees (``kind = 'E'``) come first and have a unit.
``base_unit``: one row per unit, ``u`` from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hedui.demo import names
from hedui.demo.numbers import ID_CHECKS, id_numbers, uscc

EMPLOYEE_SHARE: Final = 0.65
MIN_UNITS: Final = 400
DISTRICTS: Final = 6
RESIDENT_BASES: Final = np.array([20000, 50000, 100000, 200000, 300000], dtype=np.int64)
MINIMUM_BASE, MAXIMUM_BASE = 400000, 2200000
"""Bounds of the contribution base in fen, as in the site's limits.csv on the demo's dates."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Sizes of the base population and what flows are made from.

    Attributes:
        persons: Number of persons.
        employees: Of them employees: persons 0 to ``employees`` - 1.
        units: Number of units.
        unit_of: Unit of each employee.
        base_fen: Contribution base of each person in fen.
        active: Whether each person is insured and paying.
    """

    persons: int
    employees: int
    units: int
    unit_of: NDArray[np.int64]
    base_fen: NDArray[np.int64]
    active: NDArray[np.bool_]


def build_world(connection: duckdb.DuckDBPyConnection, *, persons: int, seed: int) -> World:
    """Draws the population and registers ``base_person`` and ``base_unit``."""
    rng = np.random.Generator(np.random.PCG64([seed, persons]))
    employees = int(persons * EMPLOYEE_SHARE)
    units = max(MIN_UNITS, employees // 20)
    unit_of = _assign_units(rng, employees=employees, units=units)
    table, base_fen, active = _persons(rng, persons=persons, employees=employees, unit_of=unit_of)
    connection.register("arrow_person", table)
    connection.execute("CREATE TABLE base_person AS SELECT * FROM arrow_person")
    connection.unregister("arrow_person")
    connection.register("arrow_unit", _units(rng, units=units))
    connection.execute("CREATE TABLE base_unit AS SELECT * FROM arrow_unit")
    connection.unregister("arrow_unit")
    return World(persons=persons, employees=employees, units=units, unit_of=unit_of, base_fen=base_fen, active=active)


def _assign_units(rng: np.random.Generator, *, employees: int, units: int) -> NDArray[np.int64]:
    """Two employees for every unit as far as they go, the others to units of uneven size."""
    result = np.arange(employees, dtype=np.int64) % units
    free = np.arange(employees) >= 2 * units
    weights = 1.0 / (np.arange(units) + units / 25) ** 1.5
    result[free] = rng.choice(units, size=int(free.sum()), p=weights / weights.sum())
    return result


def _dates(days: NDArray[Any]) -> NDArray[Any]:
    return days.astype("datetime64[D]")


def _first_of_month(days: NDArray[Any]) -> NDArray[Any]:
    return days.astype("datetime64[M]").astype("datetime64[D]")


def _persons(
    rng: np.random.Generator, *, persons: int, employees: int, unit_of: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.bool_]]:
    employee = np.arange(persons) < employees
    district = rng.integers(1, DISTRICTS + 1, size=persons)
    district[:employees] = unit_of % DISTRICTS + 1
    low = np.where(employee, np.datetime64("1966-01-01"), np.datetime64("1941-01-01")).astype("datetime64[D]").astype(np.int64)
    high = np.where(employee, np.datetime64("2004-12-31"), np.datetime64("2009-12-31")).astype("datetime64[D]").astype(np.int64)
    birth = _dates(rng.integers(low, high + 1))
    sex = rng.integers(1, 3, size=persons)
    first17, check = id_numbers(district=district, births=birth, serial=_serials(district, birth, sex))
    id_number = pc.binary_join_element_wise(
        pa.array(first17).cast(pa.string()), pc.take(pa.array(list(ID_CHECKS)), pa.array(check)), ""
    )
    name, ethnicity = _names(rng, persons)
    # 0 paying, 1 paused, 2 ended, 3 receiving benefits (residents of 60 and more)
    draw = rng.random(persons)
    old = birth < np.datetime64("1966-06-01")
    status = np.select([draw < 0.02, draw < 0.05, ~employee & old], [2, 1, 3], default=0)
    first_work = np.minimum(
        birth + rng.integers(18 * 366, 24 * 366, size=persons).astype("timedelta64[D]"), np.datetime64("2024-12-02")
    )
    start = np.where(
        employee,
        np.maximum(_first_of_month(first_work + np.timedelta64(31, "D")), np.datetime64("1996-01-01")),
        np.maximum(  # nobody is insured as a resident before the age of sixteen
            _first_of_month(np.datetime64("2026-01-01") - rng.integers(60, 4000, size=persons).astype("timedelta64[D]")),
            _first_of_month(birth + np.timedelta64(16 * 366 + 31, "D")),
        ),
    ).astype("datetime64[D]")
    elapsed = (np.datetime64("2026-06") - start.astype("datetime64[M]")).astype(np.int64)
    months = np.maximum(1, (elapsed * (0.6 + 0.4 * rng.random(persons))).astype(np.int64))
    end = _first_of_month(np.datetime64("2026-05-01") - rng.integers(0, 700, size=persons).astype("timedelta64[D]"))
    end = np.maximum(end, start)
    dead = (status == 2) & (rng.random(persons) < 0.25)
    wage = np.clip(rng.lognormal(mean=8.85, sigma=0.45, size=persons), 4000, 22000).astype(np.int64) * 100
    base = np.where(employee, wage, RESIDENT_BASES[rng.integers(0, len(RESIDENT_BASES), size=persons)])
    ended = status == 2
    table = pa.table(
        {
            "i": pa.array(np.arange(persons, dtype=np.int64)),
            "kind": pc.take(pa.array(["R", "E"]), pa.array(employee.astype(np.int64))),
            "id_number": id_number,
            "name": name,
            "sex": pa.array(sex).cast(pa.string()),
            "ethnicity": ethnicity,
            "birth_date": pa.array(birth),
            "first_work_date": pa.array(first_work, mask=~employee),
            "death_date": pa.array(end + np.timedelta64(11, "D"), mask=~dead),
            "u": pa.array(np.concatenate([unit_of, np.zeros(persons - employees, dtype=np.int64)]), mask=~employee),
            "district": pa.array(district),
            "phone": pa.array(rng.integers(0, 10**8, size=persons) + 10000000000).cast(pa.string()),
            "enrol_state": pc.take(pa.array(["1", "2", "4", "1"]), pa.array(status)),
            "pay_state": pc.take(pa.array(["1", "2", "3", "3"]), pa.array(status)),
            "start_date": pa.array(start),
            "end_date": pa.array(end, mask=~ended),
            "base_fen": pa.array(base, mask=status != 0),
            "months_paid": pa.array(months),
        }
    )
    return table, base.astype(np.int64), status == 0


def _serials(district: NDArray[np.int64], birth: NDArray[Any], sex: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sequence numbers that make every citizen number unique: counted per district, birth date and sex, odd for men."""
    group = (district * 100000 + birth.astype(np.int64) + 50000) * 2 + sex % 2
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    rank = np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    result = np.empty(len(group), dtype=np.int64)
    result[order] = rank
    return np.where(sex == 1, 2 * result + 1, 2 * result + 2)


def _names(rng: np.random.Generator, count: int) -> tuple[pa.Array, pa.Array]:
    """Names and the ethnicity codes that go with them."""

    def pick(values: tuple[str, ...], *, skew: float = 1.0) -> pa.Array:
        index = (rng.random(count) ** skew * len(values)).astype(np.int64)
        return pc.take(pa.array(values), pa.array(index))

    surname = pc.if_else(pa.array(rng.random(count) < 0.004), pick(names.DOUBLE_SURNAMES), pick(names.SURNAMES, skew=1.7))
    second = pc.if_else(pa.array(rng.random(count) < 0.18), pa.scalar(""), pick(names.GIVEN))
    han = pc.binary_join_element_wise(surname, second, pick(names.GIVEN), "")
    dotted = pc.binary_join_element_wise(pick(names.MINORITY_FIRST), pick(names.MINORITY_LAST), "·")
    minority = pa.array(rng.random(count) < 0.02)
    other = pc.if_else(pa.array(rng.random(count) < 0.03), pick(("03", "11")), pa.scalar("01"))
    return pc.if_else(minority, dotted, han), pc.if_else(minority, pa.scalar("02"), other)


def _units(rng: np.random.Generator, *, units: int) -> pa.Table:
    serial = np.arange(units)
    district = serial % DISTRICTS + 1

    def pick(values: tuple[str, ...]) -> NDArray[Any]:
        return np.array(values, dtype=object)[rng.integers(0, len(values), size=units)]

    place, one, two, trade, form = (
        pick(values) for values in (names.UNIT_PLACE, names.UNIT_WORD, names.UNIT_WORD, names.UNIT_TRADE, names.UNIT_FORM)
    )
    return pa.table(
        {
            "u": pa.array(serial),
            "district": pa.array(district),
            "name": pa.array([f"{a}{b}{c}{d}{e}" for a, b, c, d, e in zip(place, one, two, trade, form, strict=True)]),
            "uscc": pa.array(
                [uscc(region=str(990100 + int(d)), serial=31000000 + int(u)) for u, d in zip(serial, district, strict=True)]
            ),
            "unit_type": pa.array(pick(("10", "10", "10", "10", "20", "30", "90")).tolist()),
        }
    )
