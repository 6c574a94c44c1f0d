"""Rows and records of a night, as drafting corrections asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from hedui import engine
from hedui.context import Context
from hedui.corrections.decide import Judgement
from hedui.corrections.model import Column, Value
from hedui.corrections.reading import comparable, raw_text
from hedui.corrections.reverse import Reverse
from hedui.corrections.select import dataset_at
from hedui.lake import Partition
from hedui.site.models import SnapshotComparison

RawRow = dict[str, str | None]
"""A row as received, by column."""
Record = dict[str, str | None]
"""A canonical record, by field, as text."""


def raw_rows(context: Context, reverse: Reverse, numbers: Sequence[int]) -> tuple[dict[int, RawRow], set[int]]:
    """Raw rows of the night by their number, and which of them share their key with another row."""
    partition = Partition(layer="raw", parts=(reverse.target.source, reverse.table.dataset), date=reverse.date)
    columns = list(
        dict.fromkeys([*reverse.table.key, *(m.column for m in reverse.mapped.columns.values() if m.column is not None)])
    )
    keys = ", ".join(engine.ident(name) for name in reverse.table.key)
    same = " AND ".join(f"r.{engine.ident(name)} IS NOT DISTINCT FROM t.{engine.ident(name)}" for name in reverse.table.key)
    listed = ", ".join(f"r.{engine.ident(name)}" for name in columns)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        duck.register("wanted", pa.table({"source_row": pa.array(numbers, pa.int64())}))
        duck.execute(f"CREATE TEMP VIEW raw AS SELECT * FROM {engine.parquet(context.lake.files(partition))}")
        duck.execute(f"CREATE TEMP TABLE touched AS SELECT source_row, {listed} FROM raw AS r SEMI JOIN wanted USING (source_row)")
        found = duck.execute(f"SELECT source_row, {listed} FROM touched AS r ORDER BY source_row").fetchall()
        shared = duck.execute(
            f"""
            SELECT t.source_row FROM touched AS t
            JOIN (SELECT {keys}, count(*) AS n FROM raw GROUP BY {keys} HAVING count(*) > 1) AS r ON {same}
            """
        ).fetchall()
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in found}, {number for (number,) in shared}


@dataclass(frozen=True, kw_only=True)
class NightRecords:
    """The night's canonical data about one table of a target."""

    context: Context
    reverse: Reverse

    def _files(self, dataset: str, source: str) -> str | None:
        """The relation of a canonical partition; None where the night has none."""
        partition = self.context.canonical(dataset, source, self.reverse.date)
        return engine.parquet(self.context.lake.files(partition)) if self.context.lake.manifest(partition) is not None else None

    def records(self, judgements: Iterable[Judgement]) -> dict[str, dict[str, Record]]:
        """By case, the canonical record of each side that has it, values as text."""
        wanted: dict[tuple[str, str], dict[int, list[str]]] = {}
        found: dict[str, dict[str, Record]] = {}
        for judgement in judgements:
            case = judgement.case
            found[case.fingerprint] = {}
            for source, number in case.rows.items():
                dataset = dataset_at(self.context.site, source, case.scope, case.dataset)
                if source != self.reverse.target.source and dataset is not None:
                    wanted.setdefault((dataset, source), {}).setdefault(number, []).append(case.fingerprint)
        for (dataset, source), numbers in wanted.items():
            for number, record in self._texts(dataset, source, sorted(numbers)).items():
                for case_name in numbers[number]:
                    found[case_name][source] = record
        return found

    def _texts(self, dataset: str, source: str, numbers: list[int]) -> dict[int, Record]:
        files = self._files(dataset, source)
        if files is None:
            return {}
        with engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as duck:
            duck.register("wanted", pa.table({"source_row": pa.array(numbers, pa.int64())}))
            names = [row[0] for row in duck.execute(f"DESCRIBE SELECT * FROM {files}").fetchall() if row[0] != "source_row"]
            listed = ", ".join(f"CAST({engine.ident(name)} AS VARCHAR)" for name in names)
            rows = duck.execute(f"SELECT source_row, {listed} FROM {files} SEMI JOIN wanted USING (source_row)").fetchall()
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    def own_numbers(self, identities: Iterable[str | None]) -> dict[str, str]:
        """The target's own number of people by their id number, where it has exactly one."""
        files = self._files("person", self.reverse.target.source)
        wanted = sorted({identity for identity in identities if identity})
        if files is None or not wanted:
            return {}
        with engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as duck:
            duck.register("wanted", pa.table({"id_number": pa.array(wanted, pa.string())}))
            rows = duck.execute(
                f"SELECT id_number, min(person_no) FROM {files} SEMI JOIN wanted USING (id_number) "
                "GROUP BY id_number HAVING count(DISTINCT person_no) = 1"
            ).fetchall()
        return dict(rows)

    def people(self, twins: dict[str, list[int]]) -> set[str]:
        """Id numbers of the rows of a target's own table."""
        files = self._files(self.reverse.table.dataset, self.reverse.target.source)
        if files is None or "id_number" not in self.reverse.mapped.columns:
            return set()
        numbers = sorted({number for group in twins.values() for number in group})
        with engine.connect(threads=1) as duck:
            duck.register("wanted", pa.table({"source_row": pa.array(numbers, pa.int64())}))
            return {
                name for (name,) in duck.execute(f"SELECT id_number FROM {files} SEMI JOIN wanted USING (source_row)").fetchall()
            }

    def twins(self, judgements: Iterable[Judgement]) -> dict[str, list[int]]:
        """By case, the numbers of the target's rows that share the comparison's key, in their order."""
        found: dict[str, list[int]] = {}
        source, dataset = self.reverse.target.source, self.reverse.table.dataset
        files = self._files(dataset, source)
        by_scope: dict[str, dict[int, str]] = {}
        for judgement in judgements:
            if source in judgement.case.rows:
                by_scope.setdefault(judgement.case.scope, {})[judgement.case.rows[source]] = judgement.case.fingerprint
        for scope, firsts in by_scope.items():
            comparison = self.context.site.comparison(scope)
            assert isinstance(comparison, SnapshotComparison)
            side = next(side for side in comparison.sides if (side.source, side.dataset) == (source, dataset))
            same = " AND ".join(f"d.{engine.ident(name)} = f.{engine.ident(name)}" for name in comparison.key)
            where = "".join(
                f" AND d.{engine.ident(name)} IN ({', '.join(engine.literal(value) for value in values)})"
                for name, values in side.where.items()
            )
            if files is None or any(key.side == source for key in comparison.key_maps):
                continue
            with engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as duck:
                duck.register("firsts", pa.table({"source_row": pa.array(sorted(firsts), pa.int64())}))
                rows = duck.execute(
                    f"SELECT f.source_row, d.source_row FROM {files} AS f SEMI JOIN firsts ON firsts.source_row = f.source_row "
                    f"JOIN {files} AS d ON {same}{where} ORDER BY f.source_row, d.source_row"
                ).fetchall()
            for first, number in rows:
                found.setdefault(firsts[first], []).append(number)
        return found

    def there(self, keys: set[tuple[Value, ...]]) -> set[tuple[Value, ...]]:
        """The keys among some that the target's batch has, also in rows that could not be converted."""
        wanted, reverse = sorted(keys, key=str), self.reverse
        if not wanted:
            return set()
        specs: list[Column] = [reverse.column(name) for name in reverse.table.key]
        texts = {f"k{place}": [raw_text(reverse, spec, key[place]) for key in wanted] for place, spec in enumerate(specs)}
        same = " AND ".join(
            f"{comparable(spec.kind, f'r.{engine.ident(spec.name)}')} = {comparable(spec.kind, f'w.k{place}')}"
            for place, spec in enumerate(specs)
        )
        partition = Partition(layer="raw", parts=(reverse.target.source, reverse.table.dataset), date=reverse.date)
        with engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as duck:
            duck.register("wanted", pa.table({"number": list(range(len(wanted))), **texts}))
            query = f"SELECT DISTINCT w.number FROM {engine.parquet(self.context.lake.files(partition))} AS r JOIN wanted AS w ON {same}"
            return {wanted[number] for (number,) in duck.execute(query).fetchall()}
