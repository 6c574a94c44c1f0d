"""What the flow comparisons and the total rules must report, worked out from the touched rows in plain Python.

Untouched rows are matched on their own date and add the same to both sides of every total, so the touched rows decide alone. This is
the demo's own arithmetic: nothing of :mod:`hedui.compare` or :mod:`hedui.checks` is used here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hedui.demo.flow_planting import GROUP, Block, FlowPlanting, FlowRow
from hedui.demo.flows import AMOUNTS
from hedui.demo.planting import DATES, Expectation

Key = tuple[Any, ...]
WINDOW: Final = 1
"""Working days within which a missing counterpart is in transit, as in the site's comparisons.yaml."""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """One flow comparison as the demo understands it.

    Attributes:
        scope: Comparison id.
        key: Fields that identify a row on both sides.
        amounts: Component name with its field on the left and on the right.
        fields: Other compared fields with rule and kind.
        group: Fields of the totals.
        subject: Subject key of a row.
        totals_key: Subject key of a group.
        has_period: Whether totals are per period.
    """

    scope: str
    key: tuple[str, ...]
    amounts: dict[str, tuple[str, str]]
    fields: dict[str, tuple[str, str]]
    group: tuple[str, ...]
    subject: Callable[[FlowRow], str]
    totals_key: Callable[[FlowRow], str]
    has_period: bool


LEVY_PAYMENT: Final = Pairing(
    scope="levy_payment",
    key=("levy_no", "person_no", "insurance", "period"),
    amounts={"unit": ("unit_due_fen", "unit_paid_fen"), "person": ("person_due_fen", "person_paid_fen")},
    fields={},
    group=("pool_region", "agency_code", "insurance", "period"),
    subject=lambda row: f"{row['levy_no']}/{row['person_no']}",
    totals_key=lambda row: f"{row['pool_region']}/{row['agency_code']}",
    has_period=True,
)
TAX_RECORDED: Final = Pairing(
    scope="tax_recorded",
    key=("detail_no",),
    amounts={name.removesuffix("_fen").removesuffix("_paid"): (name, name) for name in AMOUNTS},
    fields={"period": ("R08", "PERIOD"), "paid_status": ("R06", "STATUS"), "person_no": ("R24", "ATTR")},
    group=GROUP,
    subject=lambda row: str(row["detail_no"]),
    totals_key=lambda row: f"{row['pool_region']}/{row['agency_code']}/{row['payment_flag']}/{row['own_date'].isoformat()}",
    has_period=False,
)


def flow_truth(planting: FlowPlanting) -> list[Expectation]:
    """All findings of the two flow comparisons and of U09, C09 and B05."""
    levies = _readable(row for block in planting.blocks for row in block.levies)
    taxes = _readable(row for block in planting.blocks for row in block.taxes)
    recs = _readable(row for block in planting.blocks for row in block.recs)
    payments = [row for row in taxes if row["payment_flag"] == "pay"]
    truth = pair(LEVY_PAYMENT, levies, payments) + pair(TAX_RECORDED, taxes, recs)
    for block in planting.blocks:
        truth += unit_truth(block)
    return truth + daily_total_truth(planting, taxes)


def _readable(rows: Iterable[FlowRow]) -> list[FlowRow]:
    return [row for row in rows if not row["bad"]]


def _truth(
    date: dt.date, scope: str, rule: str, kind: str, key: str, row: FlowRow, *, period: bool = True, **more: Any
) -> Expectation:
    return Expectation(
        business_date=date, scope=scope, rule=rule, kind=kind, source=more.get("source"), subject_key=key,
        insurance=row["insurance"], period=row["period"] if period else None, field=more.get("field"), expect="hit", note="",
    )  # fmt: skip


def pair(spec: Pairing, left: Sequence[FlowRow], right: Sequence[FlowRow]) -> list[Expectation]:
    """Truth of one flow comparison over all dates."""
    truth: list[Expectation] = []
    waiting: tuple[list[FlowRow], list[FlowRow]] = ([], [])
    for date in DATES:
        sides = tuple([row for row in rows if row["delivered"] == date] for rows in (left, right))
        single, settled = _single_rows(spec, date, sides, truth)
        for key in single[0].keys() & single[1].keys():
            one, other = single[0][key], single[1][key]
            truth += _differences(spec, date, one, other)
            settled[0].append(one)
            settled[1].append(other)
        for number in (0, 1):
            open_rows = [row for key, row in single[number].items() if key not in single[1 - number]]
            waiting[number].extend(open_rows)
        truth += _totals(spec, date, settled)
    return truth + _across_dates(spec, waiting)


def _single_rows(
    spec: Pairing, date: dt.date, sides: Sequence[Sequence[FlowRow]], truth: list[Expectation]
) -> tuple[tuple[dict[Key, FlowRow], dict[Key, FlowRow]], tuple[list[FlowRow], list[FlowRow]]]:
    """Per side the rows that can be matched; unusable and duplicate ones become truth and count in the totals only."""
    single: tuple[dict[Key, FlowRow], dict[Key, FlowRow]] = ({}, {})
    settled: tuple[list[FlowRow], list[FlowRow]] = ([], [])
    for number, rows in enumerate(sides):
        keys: dict[Key, list[FlowRow]] = defaultdict(list)
        for row in rows:
            keys[tuple(row[name] for name in spec.key)].append(row)
        for key, members in keys.items():
            if None in key:
                truth += [_truth(date, spec.scope, "K01", "KEY", f"no:{row['detail_no']}", row) for row in members]
                settled[number].extend(members)
            elif len(members) > 1:
                truth.append(_truth(date, spec.scope, "K02", "DUP", spec.subject(members[0]), members[0]))
                settled[number].extend(members)
            else:
                single[number][key] = members[0]
    return single, settled


def _differences(spec: Pairing, date: dt.date, one: FlowRow, other: FlowRow) -> list[Expectation]:
    key = spec.subject(one)
    truth = [
        _truth(date, spec.scope, "R05", "AMT", key, one, field=name)
        for name, (left, right) in spec.amounts.items()
        if one[left] != other[right]
    ]
    return truth + [
        _truth(date, spec.scope, rule, kind, key, one, field=name)
        for name, (rule, kind) in spec.fields.items()
        if one[name] != other[name]
    ]


def _totals(spec: Pairing, date: dt.date, settled: tuple[list[FlowRow], list[FlowRow]]) -> list[Expectation]:
    """R01 and R02 of the groups whose settled rows (matched, duplicate, unusable) do not agree."""
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    example: dict[Key, FlowRow] = {}
    for number, sign in ((0, 1), (1, -1)):
        for row in settled[number]:
            key = tuple(row[name] for name in spec.group)
            example.setdefault(key, row)
            sums[key]["count"] += sign
            for name, fields in spec.amounts.items():
                sums[key][name] += sign * row[fields[number]]
    truth = []
    for key, difference in sums.items():
        row = example[key]
        if any(difference[name] for name in spec.amounts):
            truth.append(_truth(date, spec.scope, "R01", "TOTAL", spec.totals_key(row), row, period=spec.has_period))
        if difference["count"]:
            truth.append(_truth(date, spec.scope, "R02", "COUNT", spec.totals_key(row), row, period=spec.has_period))
    return truth


def _across_dates(spec: Pairing, waiting: tuple[list[FlowRow], list[FlowRow]]) -> list[Expectation]:
    """Rows unmatched on their own date: in transit, cut off when the counterpart comes, late or one-sided when it does not."""
    truth: list[Expectation] = []
    keyed = tuple({tuple(row[name] for name in spec.key): row for row in rows} for rows in waiting)
    for number in (0, 1):
        for key, row in keyed[number].items():
            other = keyed[1 - number].get(key)
            opened = DATES.index(row["delivered"])
            arrives = DATES.index(other["delivered"]) if other else len(DATES)
            for day in range(opened, max(opened, arrives)):
                if day - opened <= WINDOW:
                    truth.append(_truth(DATES[day], spec.scope, "R09", "IN_TRANSIT", spec.subject(row), row))
                else:
                    rule, kind = (("R10", "LATE"), ("R04", "ONLY_RIGHT"))[number]
                    truth.append(_truth(DATES[day], spec.scope, rule, kind, spec.subject(row), row))
            if other and arrives > opened:
                truth.append(_truth(DATES[arrives], spec.scope, "R07", "CUTOFF", spec.subject(row), row))
    return truth


def unit_truth(block: Block) -> list[Expectation]:
    """U09 and C09 of a block's unit rows against the tax rows that arrive with them."""
    truth = []
    for unit in block.unit_rows():
        members = [
            row
            for row in block.taxes
            if not row["bad"]
            and all(row[name] == unit[name] for name in ("delivered", "levy_no", "insurance", "period", "unit_no"))
        ]
        date, key = unit["delivered"], unit["detail_no"]
        if unit["head_count"] != len({row["person_no"] for row in members}):
            truth.append(_truth(date, "rule:U09:shuiwu", "U09", "RULE", key, unit, source="shuiwu"))
        if any(unit[name] != sum(row[name] for row in members) for name in AMOUNTS):
            truth.append(_truth(date, "rule:C09:shuiwu", "C09", "RULE", key, unit, source="shuiwu"))
    return truth


def daily_total_truth(planting: FlowPlanting, taxes: Sequence[FlowRow]) -> list[Expectation]:
    """B05 of the groups whose announced totals are not those of the readable rows."""
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    example: dict[Key, FlowRow] = {}

    def add(row: FlowRow, sign: int) -> None:
        key = tuple(row[name] for name in GROUP)
        example.setdefault(key, row)
        sums[key]["row_count"] += sign
        for name in AMOUNTS:
            sums[key][name] += sign * row[name]

    for row in taxes:
        add(row, 1)
    for block in planting.blocks:
        for row in block.announced:
            add(row, -1)
    for row, name, amount in planting.total_errors:
        sums[tuple(row[column] for column in GROUP)][name] -= amount
    return [
        _truth(
            row["own_date"], "rule:B05:shuiwu", "B05", "RULE", TAX_RECORDED.totals_key(row), row, period=False, source="shuiwu"
        )
        for key, row in example.items()
        if any(sums[key].values())
    ]  # fmt: skip
