"""Packets of 灵活就业缴费: what 税务's agencies send on the three dates, what 社保 has recorded, and what must be found about it.

A plan lists every packet with its faults and says which rows count in the end; the truth about rows follows from that by the same
arithmetic as that of the other flows, the truth about batches is written beside each fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import duckdb

from hedui.demo.expected import Pairing, pair
from hedui.demo.planting import DATES, Expectation, Planting
from hedui.demo.systems.linghuo import INSURANCE, TYPE, Row

SOURCE: Final = "linghuo"
COUNTERPART: Final = "shebao_lh"
SCOPE: Final = f"batch:{SOURCE}"
AGENCIES: Final = tuple(f"99010{district}01" for district in range(1, 7))
ROWS: Final = 4
"""Records of an ordinary packet."""

RECORDED: Final = Pairing(
    scope="linghuo_recorded",
    key=("detail_no",),
    amounts={"person": ("person_paid_fen", "person_paid_fen"), "late_fee": ("late_fee_fen", "late_fee_fen")},
    fields={},
    group=("pool_region", "agency_code", "insurance", "payment_flag", "own_date"),
    subject=lambda row: str(row["detail_no"]),
    totals_key=lambda row: f"{row['pool_region']}/{row['agency_code']}/{row['payment_flag']}/{row['own_date'].isoformat()}",
    has_period=False,
)


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A packet as it is sent.

    Attributes:
        day: Index of the date in whose folder it lies.
        agency: The sender's code, in the name.
        sequence: File number of the agency's day.
        number: SJBBH.
        rows: Its records.
        head: Fields of the head that are not as usual; None leaves one out.
        arrives: Seconds after the cut-off at which the file was written.
        damage: ``cut`` (the end is missing), ``bytes`` (no GBK), ``field`` (no record has the detail number); and what only looks
            like damage: ``rare`` (GB18030, as declared, with a character beyond GBK), ``gap`` (one record lacks an optional field).
        type: In the name.
    """

    day: int
    agency: str
    sequence: int
    number: str
    rows: tuple[Row, ...]
    head: dict[str, str | None] = field(default_factory=dict)
    arrives: int = -3600
    damage: Literal["", "cut", "bytes", "field", "rare", "gap"] = ""
    type: str = TYPE

    @property
    def name(self) -> str:
        """The file's name."""
        return f"SBF_{self.type}_{self.agency}{self.number[:6]}{DATES[self.day]:%Y%m%d}{self.sequence:06d}.xml"

    @property
    def fields(self) -> dict[str, str]:
        """The head as sent."""
        usual: dict[str, str | None] = {
            "SJBBH": self.number,
            "SJBLX": TYPE,
            "SFCF": "0",
            "DWDM": f"{self.agency[:6]}00",
            "DWMC": "税务分局",
            "JGBS": self.agency,
            "JLS": str(len(self.rows)),
            "SCRQ": f"{DATES[self.day]:%Y%m%d}180000",
        }
        return {name: value for name, value in (usual | self.head).items() if value is not None}


class Feed:
    """Makes packets out of fresh persons and collects the truth."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, planting: Planting) -> None:
        touched = ", ".join(str(subject.number) for subject in planting.subjects["person"]) or "-1"
        persons = connection.sql(
            f"""
            SELECT i, id_number, base_fen, district FROM base_person
            WHERE kind = 'E' AND enrol_state = '1' AND pay_state = '1' AND i NOT IN ({touched}) ORDER BY i DESC LIMIT 600"""
        )
        self._persons = iter(persons.fetchall())
        self.packs: list[Pack] = []
        self.taxes: list[Row] = []
        self.recs: list[Row] = []
        self.idle: list[Row] = []
        self.decisions: list[tuple[int, str, str, str]] = []
        self.sent: list[tuple[int, str]] = []
        self.replies: list[tuple[int, str, str]] = []
        self.truth: list[Expectation] = []
        self._sequences: dict[tuple[int, str], int] = {}

    def rows(self, day: int, agency: str, count: int = ROWS, **values: Any) -> tuple[Row, ...]:
        """Fresh payments."""
        return tuple(self._row(day, agency, values) for _ in range(count))

    def _row(self, day: int, agency: str, values: dict[str, Any]) -> Row:
        i, id_number, base, _ = next(self._persons)
        stamp, paid = f"{DATES[day]:%Y%m%d}", base * 20 // 100
        return {
            "detail_no": f"LH{stamp}{i:09d}", "levy_no": f"LZ{stamp}{i:09d}", "voucher_no": f"LP{stamp}{i:09d}",
            "pool_region": agency[:6], "agency_code": agency, "insurance": INSURANCE, "person_no": str(1000000000 + i),
            "id_number": id_number, "period": "202605", "payment_flag": "pay", "pay_base_fen": base, "person_due_fen": paid,
            "person_paid_fen": paid, "late_fee_fen": 0, "own_date": DATES[day], "delivered": DATES[day], "bad": None,
        } | values  # fmt: skip

    def send(
        self, day: int, agency: str, rows: Sequence[Row] | None = None, *, number: str | None = None, skip: int = 0, **more: Any
    ) -> Pack:
        """Sends a packet in the agency's next place of the day; ``skip`` leaves file numbers out."""
        sequence = self._sequences.get((day, agency), 0) + 1 + skip
        self._sequences[day, agency] = sequence
        number = number or f"{agency[:6]}{DATES[day]:%Y%m%d}{sequence:04d}"
        records = tuple(self.rows(day, agency) if rows is None else rows)
        pack = Pack(day=day, agency=agency, sequence=sequence, number=number, rows=records, **more)
        self.packs.append(pack)
        return pack

    def again(self, pack: Pack, day: int, rows: Sequence[Row] | None = None, **head: str | None) -> Pack:
        """Sends a packet's number again; marked as a resend unless the head says otherwise."""
        fresh = {"SFCF": "1", **head}
        return self.send(day, pack.agency, pack.rows if rows is None else rows, number=pack.number, head=fresh)

    def count(self, rows: Sequence[Row], *, recorded: bool = True) -> None:
        """Rows that count in the end, and that 社保 has recorded."""
        self.taxes += rows
        if recorded:
            self.recs += rows

    def expect(
        self, rule: str, key: str, days: Sequence[int], *, near: bool = False, kind: str = "RULE", source: str = SOURCE
    ) -> None:
        """Truth about a batch on some dates."""
        self.truth += [
            Expectation(
                business_date=DATES[day], scope=f"batch:{source}", rule=rule, kind=kind, source=source, subject_key=key,
                insurance=None, period=None, field=None, expect="near" if near else "hit", note="",
            )
            for day in days
        ]  # fmt: skip

    def decide(self, day: int, key: str, what: str, reason: str) -> None:
        """A line in the list of decisions of a day."""
        self.decisions.append((day, key, what, reason))


def plan_packets(connection: duckdb.DuckDBPyConnection, planting: Planting) -> Feed:
    """Everything that is sent and recorded, with the truth about it."""
    from hedui.demo.plants import packets as plants

    feed = Feed(connection, planting)
    for day in range(3):
        for agency in AGENCIES:
            if (day, agency) in plants.SILENT:
                continue
            feed.count(feed.send(day, agency).rows)
    for plant in plants.PLANTS:
        plant(feed)
    planting.truth += feed.truth + pair(RECORDED, [row for row in feed.taxes if not row["bad"]], feed.recs)
    planting.rejects += [(row["delivered"], SOURCE, "payment") for row in feed.taxes if row["bad"]]
    return feed


def changed(rows: Sequence[Row], **values: Any) -> tuple[Row, ...]:
    """Rows whose first has other values."""
    return ({**rows[0], **values}, *rows[1:])


def cut_off(day: int) -> dt.datetime:
    """By when the packets of a date have to be there: 02:00 in Shanghai on the next day."""
    next_day = DATES[day] + dt.timedelta(days=1)
    return dt.datetime(next_day.year, next_day.month, next_day.day, 2, tzinfo=dt.timezone(dt.timedelta(hours=8)))
