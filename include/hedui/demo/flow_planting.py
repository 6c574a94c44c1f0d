"""What plants over flows work on: blocks of levy, tax and recorded rows of one unit and insurance, taken out of the ordinary flows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import duckdb

from hedui.demo.flows import AMOUNTS, workday
from hedui.demo.planting import DATES, Expectation, Planting, Subject
from hedui.errors import HeduiError

FlowRow = dict[str, Any]
Zone = Literal["rough", "calm"]
Leg = Literal["levy", "tax", "rec"]
LEGS: Final[dict[Leg, tuple[str, str]]] = {"levy": ("levy", "shebao"), "tax": ("payment", "shuiwu"), "rec": ("payment", "shebao")}
"""Dataset and source of the three legs of a payment."""

GROUP: Final = ("pool_region", "agency_code", "insurance", "payment_flag", "own_date")
BLOCKS_PER_GROUP: Final = 18
"""How many of the smallest blocks of each pool region, insurance and date plants may take."""


@dataclass(eq=False)
class Block:
    """The rows of one unit and insurance on one levy date.

    Attributes:
        date: Date of the levies.
        levies: Rows of ac43.
        taxes: Rows of jfxx102.
        recs: Rows of ac44.
        announced: The tax rows that the bureau's own unit and daily totals are made from.
        head_count_error: Persons that the unit rows count too many.
        unit_errors: Fen by amount that the unit rows have too much.
    """

    date: dt.date
    levies: list[FlowRow]
    taxes: list[FlowRow]
    recs: list[FlowRow]
    announced: list[FlowRow] = field(default_factory=list)
    head_count_error: int = 0
    unit_errors: dict[str, int] = field(default_factory=dict)

    def announce(self) -> None:
        """Makes the bureau's own totals follow the tax rows as they are now."""
        self.announced = [dict(row) for row in self.taxes]

    def unit_rows(self) -> list[FlowRow]:
        """The rows of jfxx101: what the bureau announces per levy notice, insurance, period, flag and batch."""
        groups: dict[tuple[Any, ...], list[FlowRow]] = defaultdict(list)
        for row in self.announced:
            key = (row["delivered"], row["levy_no"], row["insurance"], row["period"], row["payment_flag"])
            groups[key].append(row)
        rows = []
        for members in groups.values():
            first = members[0]
            amounts = {name: sum(row[name] for row in members) + self.unit_errors.get(name, 0) for name in AMOUNTS}
            heads = len({row["person_no"] for row in members}) + self.head_count_error
            rows.append(first | amounts | {"detail_no": unit_detail_no(first), "head_count": heads})
        return rows

    def move_taxes(self, days: int) -> None:
        """Lets the tax rows be paid and delivered some working days later, or drops what comes after the demo's end."""
        self.taxes = list(_moved(self.taxes, days, paid=True))
        self.recs = list(_moved(self.recs, days, paid=True))
        self.announce()

    def move_recs(self, days: int) -> None:
        """Lets 社保 record the payments some working days later than they were paid."""
        self.recs = list(_moved(self.recs, days, paid=False))


def unit_detail_no(row: FlowRow) -> str:
    """Number of the unit detail that a person's payment belongs to."""
    return f"DW{row['levy_no']}{row['insurance'].lstrip('?')}{row['period']}"


def _moved(rows: list[FlowRow], days: int, *, paid: bool) -> Iterator[FlowRow]:
    for row in rows:
        day = workday(row["delivered"], days)
        if day:
            yield row | {"delivered": day} | ({"own_date": day} if paid else {})


class FlowPlanting:
    """Hands out blocks and collects truth about single rows; the comparisons' truth follows from all rows (``expected``)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, planting: Planting) -> None:
        self._planting = planting
        self.blocks: list[Block] = []
        self.total_errors: list[tuple[FlowRow, str, int]] = []
        self.serial = 0
        self.used: set[int] = set()
        candidates = connection.sql(
            f"""
            SELECT * FROM base_flow WHERE block IN (
                SELECT block FROM base_flow GROUP BY block
                QUALIFY row_number() OVER (PARTITION BY any_value(insurance), any_value(delivered), any_value(pool_region)
                    ORDER BY count(*), block) <= {BLOCKS_PER_GROUP})
            ORDER BY block, person_no"""
        )
        rows: dict[int, list[FlowRow]] = defaultdict(list)
        for row in candidates.to_arrow_table().to_pylist():
            rows[row["block"]].append(row)
        self._free: dict[tuple[Zone, dt.date, str], list[list[FlowRow]]] = defaultdict(list)
        for block in sorted(rows.values(), key=len):
            zone: Zone = "rough" if block[0]["pool_region"] <= "990103" else "calm"
            self._free[zone, block[0]["delivered"], block[0]["insurance"]].append(block)

    def take(self, day: int, *, zone: Zone = "rough", insurance: str = "", fits: Callable[[FlowRow], bool] | None = None) -> Block:
        """An untouched block levied on the demo's ``day``-th date (from 0), optionally one whose first row fits."""
        names = [insurance] if insurance else ["110", "210", "410"]
        pools = sorted((self._free[zone, DATES[day], name] for name in names), key=len, reverse=True)
        for pool in pools:
            for index, rows in enumerate(pool):
                if fits is None or fits(rows[0]):
                    del pool[index]
                    self.used.add(rows[0]["block"])
                    block = Block(
                        date=DATES[day],
                        levies=[dict(row) for row in rows],
                        taxes=[dict(row) for row in rows],
                        recs=[dict(row) for row in rows],
                    )
                    block.announce()
                    self.blocks.append(block)
                    return block
        raise HeduiError(
            f"The demo world is too small for its plants: no free {zone} flow block on day {day}. Build it with more persons."
        )

    def hits(self, *, zone: Zone = "rough", insurance: str = "") -> Iterator[tuple[int, Block]]:
        """The blocks of a plant's four hits, spread over the dates."""
        for number, day in enumerate((0, 1, 2, 0)):
            yield number, self.take(day, zone=zone, insurance=insurance)

    def nears(self, *, zone: Zone = "calm", insurance: str = "") -> Iterator[tuple[int, Block]]:
        """The blocks of a plant's near misses, one per date."""
        for day in range(3):
            yield day, self.take(day, zone=zone, insurance=insurance)

    def marked(self, rule: str) -> list[Subject]:
        """The persons that a plant over master data has set aside for a rule on their payments."""
        return self._planting.marked.get(rule, [])

    def new_number(self) -> int:
        """A number for rows that plants add."""
        self.serial += 1
        return self.serial

    def check(
        self, rule: str, leg: Leg, row: FlowRow, *, key: str | None = None, kind: str = "RULE", expect: str = "hit", note: str = ""
    ) -> None:
        """Truth of a row rule on a row of one of the legs."""
        dataset, source = LEGS[leg]
        own = f"{row['levy_no']}/{row['person_no']}" if leg == "levy" else row["detail_no"]
        self._planting.truth.append(
            Expectation(
                business_date=row["delivered"], scope=f"check:{dataset}:{source}", rule=rule, kind=kind, source=source,
                subject_key=key or own, insurance=row["insurance"], period=row["period"], field=None, expect=expect, note=note,
            )
        )  # fmt: skip

    def check_both(self, rule: str, block: Block, number: int = 0, *, kind: str = "RULE", expect: str = "hit") -> None:
        """:meth:`check` on a payment as the tax bureau and as 社保 have it."""
        self.check(rule, "tax", block.taxes[number], kind=kind, expect=expect)
        self.check(rule, "rec", block.recs[number], kind=kind, expect=expect)

    def rejected(self, leg: Leg, row: FlowRow) -> None:
        """Notes that a row cannot be converted."""
        dataset, source = LEGS[leg]
        self._planting.rejects.append((row["delivered"], source, dataset))

    def near(self, scope: str, rule: str, kind: str, row: FlowRow, *, field: str | None = None) -> None:
        """A near miss of a flow comparison on a row."""
        key = row["detail_no"] if scope == "tax_recorded" else f"{row['levy_no']}/{row['person_no']}"
        for date in DATES[DATES.index(row["delivered"]) :]:
            self._planting.truth.append(
                Expectation(
                    business_date=date, scope=scope, rule=rule, kind=kind, source=None, subject_key=key,
                    insurance=row["insurance"], period=row["period"], field=field, expect="near", note="",
                )
            )  # fmt: skip

    def judge(self, rule: str, row: FlowRow, *, expect: str = "hit") -> None:
        """Truth of a rule across datasets on a payment as 社保 recorded it."""
        self.near_total(f"rule:{rule}:shebao", rule, "RULE", row, key=row["detail_no"], period=True, source="shebao", expect=expect)

    def near_total(
        self,
        scope: str,
        rule: str,
        kind: str,
        row: FlowRow,
        *,
        key: str,
        period: bool,
        source: str | None = None,
        expect: str = "near",
    ) -> None:
        """A near miss (or hit) of a total on the date of a row."""
        self._planting.truth.append(
            Expectation(
                business_date=row["delivered"], scope=scope, rule=rule, kind=kind, source=source, subject_key=key,
                insurance=row["insurance"], period=row["period"] if period else None, field=None, expect=expect, note="",
            )
        )  # fmt: skip
