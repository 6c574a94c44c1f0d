"""Judges a rehearsal by the night's own rules: the rows as the copy now holds them are put back into the night they came from, by the
source's mapping, and every comparison and check that reads them, and no other, runs again on the whole night.

The cases' differences must be gone, and no other finding may have appeared.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hedui import engine
from hedui.checks.cross import cross_rules, run_rule, sources_of
from hedui.checks.run import run_source_checks, scope_of
from hedui.compare.plan import inputs, sides_of
from hedui.compare.run import run_comparison
from hedui.context import Context, no_progress
from hedui.corrections.model import BundlePlan, Change, Decision, Operation, Value
from hedui.corrections.run.ground import Ground
from hedui.corrections.run.night import Key, NightTable, night_tables
from hedui.corrections.run.overlay import OverlayLake
from hedui.corrections.run.session import plain
from hedui.corrections.sides import Sides
from hedui.corrections.sql.dialects import speech
from hedui.lake import Lake
from hedui.rules import rule

SHOWN: Final = 20
"""Lines of the bundle that a reason names."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rules say of a change.

    Attributes:
        reasons: Why it cannot be proposed, in Chinese, without personal data.
        lines: Figures by label.
        cases: Fingerprints of the cases in the way: not gone, or of a row on which something new appeared.
    """

    reasons: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """A finding, as far as it matters here.

    Attributes:
        rule: Its rule.
        sides: What its sides hold, as the target sees them.
        row: Dataset and number of the target's row that it is about; None where it is about no one row of the target.
    """

    rule: str
    sides: Sides
    row: tuple[str, int] | None


def judge(context: Context, plan: BundlePlan, place: Ground) -> Verdict:
    """Compares the night as it was with the night as it would be.

    Raises:
        RunError: The night has not read what the bundle changes.
    """
    with tempfile.TemporaryDirectory(prefix="hedui-judge-") as folder:
        lake = OverlayLake(Path(folder), context.lake)
        corrected = replace(context, lake=lake, progress=no_progress, reports=Path(folder) / "reports")
        tables = night_tables(context, plan)
        touched: dict[tuple[str, int], tuple[str, Key]] = {}
        for table in tables:
            rows = table.correct(lake, dict(_rows_now(plan, table, place)))
            touched |= {(table.reverse.table.dataset, number): (table.table.name, key) for number, key in rows.items()}
        date = plan.business_date
        scopes = [scope for scope in _run_again(corrected, plan, tables) if context.lake.manifest(context.findings(scope, date))]
        before, after = _found(context, context.lake, plan, scopes), _found(context, lake, plan, scopes)
    left = [case for case in plan.cases if case in after and not _settled(plan.decision, before.get(case), after[case])]
    new = [found for fingerprint, found in after.items() if fingerprint not in before]
    lines = [
        ("复比范围", f"{len(scopes):,} 项比对与检查"),
        ("差异已消除", f"{len(plan.cases) - len(left):,} / {len(plan.cases):,}"),
        ("新出现的差异", f"{len(new):,}"),
    ]
    if unknown := sum(1 for case in plan.cases if case not in before):
        lines.append(("当晚未再发现的差异", f"{unknown:,}"))
    unsolved = [change for change in plan.changes if set(left) & set(change.cases)]
    reasons = [f"修改后仍有差异未消除：{_numbers(unsolved)}"] if left else []
    in_the_way = list(unsolved)
    for name in sorted({found.rule for found in new}):
        same = [found for found in new if found.rule == name]
        about = {touched[found.row] for found in same if found.row in touched}
        causing = [change for change in plan.changes if (change.table, change.key) in about]
        in_the_way += causing
        reasons.append(f"修改后新出现 {len(same):,} 项“{name} {rule(name).name}”：{_numbers(causing)}")
    cases = sorted({case for change in in_the_way for case in change.cases})
    return Verdict(reasons=tuple(reasons), lines=tuple(lines), cases=tuple(cases))


def _numbers(changes: Sequence[Change]) -> str:
    """Lines of the bundle, as people name them."""
    if not changes:
        return "不在本方案的行上"
    named = "、".join(str(change.number) for change in changes[:SHOWN])
    return f"方案第 {named} 行{f'等 {len(changes):,} 行' if len(changes) > SHOWN else ''}"


def _rows_now(plan: BundlePlan, table: NightTable, place: Ground) -> Iterator[tuple[Key, dict[str, Value] | None]]:
    """Of every changed row the columns that the bundle knows, as the copy holds them; None where it is gone."""
    changed = {tuple(map(plain, change.key)): change.key for change in plan.changes if change.table == table.table.name}
    names = [column.name for column in table.table.columns]
    words = speech(place.dialect)
    live = [
        f"{words.name(name)} IS NULL" if value is None else f"{words.name(name)} = {words.literal(value)}"
        for name, value in table.table.live
    ]
    where = f" WHERE {' AND '.join(live)}" if live else ""
    places = [names.index(name) for name in table.table.key]
    seen = set()
    items = ", ".join(words.name(name) for name in names)
    for row in place.session.stream(f"SELECT {items} FROM {place.names[table.table.name]}{where}"):
        key = tuple(plain(row[number]) for number in places)
        if key in changed:
            seen.add(key)
            written = _written(plan, table.table.name)
            yield changed[key], {name: value for name, value in zip(names, row, strict=True) if name in written}
    for key, original in changed.items():
        if key not in seen:
            yield original, None


def _written(plan: BundlePlan, table: str) -> set[str]:
    """Columns that the bundle writes; of inserted rows the key too."""
    inserts = any(change.operation is Operation.INSERT and change.table == table for change in plan.changes)
    cells = {cell.column for change in plan.changes if change.table == table for cell in change.cells}
    return cells | set(plan.table(table).key if inserts else ())


def _run_again(context: Context, plan: BundlePlan, tables: list[NightTable]) -> Iterator[str]:
    """Runs every comparison and check that reads a corrected partition, and nothing else; gives their scopes."""
    date, own = plan.business_date, plan.target.source
    changed, datasets = {table.canonical for table in tables}, {table.reverse.table.dataset for table in tables}
    for comparison in context.site.comparisons:
        if changed & inputs(context, comparison, date).keys():
            run_comparison(context, comparison.id, date)
            yield comparison.id
    run_source_checks(context, own, date, only=datasets)
    yield from (scope_of(dataset, own) for dataset in sorted(datasets))
    for spec in cross_rules():
        for source in sources_of(context.site, spec):
            reads = {*spec.elsewhere, *(spec.datasets if source == own else ())}
            if reads & datasets:
                run_rule(context, spec, source, date)
                yield spec.scope(source)


def _found(context: Context, lake: Lake, plan: BundlePlan, scopes: list[str]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    source = plan.target.source
    own = {each.id: side.dataset for each in context.site.comparisons for side in sides_of(each) if side.source == source}
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        for scope in scopes:
            partition = context.findings(scope, plan.business_date)
            if lake.manifest(partition) is None:
                continue
            columns = "fingerprint, rule, side_values, right_source, field, dataset, evidence"
            query = f"SELECT {columns} FROM {engine.parquet(lake.files(partition))}"
            for fingerprint, name, values, right, field, dataset, evidence in duck.execute(query).fetchall():
                number = (json.loads(evidence or "{}").get("source_row") or {}).get(source)
                row = None if number is None else (own.get(scope, dataset), int(number))
                found[fingerprint] = Found(
                    rule=name,
                    sides=Sides.of(source=source, side_values=values, right_source=right, field=field),
                    row=row,
                )
    return found


def _settled(decision: Decision, before: Found | None, after: Found) -> bool:
    """Whether a finding that stands still is no more about the target; where both were wrong, it must hold another value than before."""
    if decision is Decision.BOTH_WRONG:
        return after.sides.own is not None and before is not None and before.sides.own != after.sides.own
    return after.sides.settled()
